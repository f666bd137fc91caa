//! Server files, and every server started once.

use crate::config::Settings;
use crate::config::servers::{Entry, Secrets, Source, Standing};
use crate::direct::{self, Muster};
use crate::failure::Exit;
use crate::launch;
use crate::mcp::{Reach, ServerSpec};
use crate::wording::count;

use super::Finding;

pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    let sources = match launch::sources(settings) {
        Ok(sources) => sources,
        Err(failure) => {
            let advice = "correct it; until then no server starts";
            return vec![Finding::fail("files", "servers", failure.message, advice, Exit::Failed)];
        }
    };
    let mut found: Vec<Finding> = sources.files.iter().map(file).collect();
    let odd = |warning: &String| Finding::warn("files", "servers", warning.as_str(), "correct it, or leave it");
    found.extend(sources.warnings.iter().map(odd));
    // With records in memory instead the servers can be looked at all the same.
    let mut in_memory = settings.clone();
    if let Some(file) = &settings.db {
        found.push(match launch::database(settings) {
            Ok(()) if file.exists() => Finding::ok("folders", "database", file.display().to_string()),
            Ok(()) => {
                Finding::ok("folders", "database", format!("{} will be made with the first call", file.display()))
            }
            Err(failure) => {
                in_memory.db = None;
                let advice = "correct it; until then no session starts";
                Finding::fail("folders", "database", failure.message, advice, Exit::Failed)
            }
        });
    }
    let fleet = match launch::fleet(&in_memory) {
        Ok(fleet) => fleet,
        Err(failure) => {
            found.push(Finding::fail("server", "all", failure.message, "correct it", Exit::Failed));
            return found;
        }
    };
    let specs = &fleet.specs;
    let (servers, muster) = direct::muster_aloud(specs, &fleet.secrets).await;
    drop(servers.stop().await);
    found.extend(specs.iter().filter_map(|spec| server(spec, &muster, &fleet.secrets)));
    found.extend(specs.iter().filter_map(|spec| masked(spec, &fleet.secrets)));
    found.extend(fleet.secrets.ordinary().map(|name| {
        let says = "its value is an ordinary word, and as a secret it is masked wherever that word stands";
        Finding::warn(
            "secrets",
            name,
            says,
            "give it a value that is no word, or a name that does not say it is secret",
        )
    }));
    found
}

/// Which of the values that a server is given are kept out of recordings, by name, and where its command or address has some.
fn masked(spec: &ServerSpec, secrets: &Secrets) -> Option<Finding> {
    let hides = |value: &str| secrets.hide(value) != value;
    let (values, place) = match &spec.reach {
        Reach::Program(program) => (&program.env, program.args.iter().any(|arg| hides(arg)).then_some("arguments")),
        Reach::Remote(remote) => (&remote.headers, hides(&remote.url).then_some("parts of the address")),
        Reach::Nowhere(_) | Reach::Withheld(_) | Reach::SwitchedOff(_) => return None,
    };
    let of = |is_masked: bool| {
        let of = values.iter().filter(|(_, value)| hides(value) == is_masked);
        of.map(|(name, _)| name.as_str()).chain(place.filter(|_| is_masked)).collect::<Vec<_>>().join(", ")
    };
    let (hidden, shown) = (of(true), of(false));
    let parts = [("masked", &hidden), ("shown", &shown)].into_iter().filter(|(_, names)| !names.is_empty());
    let says = parts.map(|(word, names)| format!("{word}: {names}")).collect::<Vec<_>>().join("; ");
    let finding = Finding::ok("secrets", spec.name.as_str(), says);
    let how = "what is shown stands in recordings; it is masked under a name such as X_TOKEN, or as ${X} from the environment";
    let advice = (!shown.is_empty()).then(|| how.to_owned());
    (!values.is_empty() || place.is_some()).then_some(Finding { advice, ..finding })
}

fn file(source: &Source) -> Finding {
    let (shown, origin) = (source.file.path.display(), source.file.origin.as_str());
    let is_off = |entry: &Result<Entry, String>| entry.as_ref().is_ok_and(|entry| entry.disabled);
    let off = source.file.entries.iter().filter(|(_, entry)| is_off(entry));
    let off = off.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let off = if off.is_empty() { off } else { format!("; switched off: {off}") };
    let servers = format!("{}{off}", count(source.file.entries.len(), "server"));
    match source.standing {
        Standing::Approved => Finding::ok("files", origin, format!("{shown}: {servers}")),
        Standing::Withheld(why) => {
            let advice = format!("callboard mcp trust {shown}");
            Finding::warn(
                "files",
                origin,
                format!("{shown}: {servers}, not started, because it is a file that {}", why.words()),
                advice,
            )
        }
    }
}

fn server(spec: &ServerSpec, muster: &Muster, secrets: &Secrets) -> Option<Finding> {
    let name = spec.name.as_str();
    let advice = match &spec.reach {
        Reach::Program(program) => format!("try it by hand: {}", secrets.hide(&program.command_line())),
        Reach::Remote(_) => "check the address and what it wants of you (headers, network)".to_owned(),
        Reach::Nowhere(_) => "correct the file; `callboard mcp list` shows all of them".to_owned(),
        // What waits for a yes, or is switched off, has been told with its file.
        Reach::Withheld(_) | Reach::SwitchedOff(_) => return None,
    };
    let (ready, listed) = (muster.ready.get(&spec.name), muster.listed.get(&spec.name));
    if let Some(lost) = muster.lost.get(&spec.name) {
        return Some(Finding::fail("server", name, lost.reason.as_str(), advice, direct::exit_of(lost)));
    }
    let (Some(ready), Some(listed)) = (ready, listed) else {
        let says = "it said nothing of its tools";
        return Some(Finding::fail("server", name, says, "try it again", Exit::Unreachable));
    };
    let says = format!(
        "MCP {}, {} {}, {}, ready in {} ms",
        ready.protocol,
        ready.name,
        ready.version,
        count(listed.tools.len(), "tool"),
        ready.startup_ms
    );
    if listed.rejected.is_empty() {
        return Some(Finding::ok("server", name, says));
    }
    let says = format!("{says}; {}", direct::rejected(&listed.rejected));
    Some(match listed.rejected.iter().any(|rejected| rejected.kind.is_fault()) {
        true => Finding::warn("server", name, says, "tell its maker; its other tools work"),
        false => Finding::ok("server", name, says),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::{Era, Limits, Naming, Trust};
    use crate::protocol::{Unapproved, Withheld};

    #[test]
    fn a_server_that_waits_for_a_yes_is_told_with_its_file_only() {
        let by = Withheld { file: "/p/.mcp.json".into(), why: Unapproved::New };
        let spec = ServerSpec {
            name: "theirs".into(),
            reach: Reach::Withheld(by),
            era: Era::Auto,
            naming: Naming::Prefixed,
            limits: Limits::default(),
            restarts: 0,
            trust: Trust::Untrusted,
        };
        let muster = Muster::default();
        assert!(server(&spec, &muster, &Secrets::default()).is_none());
        assert!(masked(&spec, &Secrets::default()).is_none());
    }
}
