//! Settings that cannot be used: told before anything starts, with the place where they stand.

use std::fs;

use crate::processes::{Home, Ran};

fn refused(ran: &Ran, words: &[&str]) {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    for words in words {
        assert!(ran.stderr.contains(words), "no {words:?} in {}", ran.stderr);
    }
}

/// A home with this settings file.
fn with_settings(text: &str) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.path().join("config/callboard")).unwrap();
    home.file("config/callboard/config.toml", text);
    home
}

#[test]
fn a_database_that_cannot_be_used_is_told_at_the_start() {
    let home = Home::new();
    let text = home.file("notes.txt", "This is no database, and longer than sixteen bytes.").display().to_string();
    let folder = home.path().display().to_string();
    let lost = home.path().join("gone/records.db").display().to_string();
    let pipe = home.path().join("pipe.db").display().to_string();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (file, words) in [
        (&text, "is no SQLite database; name another file"),
        (&folder, "is a folder; name a file in it"),
        (&pipe, "is no SQLite database; name another file"),
        (&lost, "gone; make it, or name another file"),
    ] {
        for args in [&["check", "--db", file][..], &["ask", "--db", file, "Why?"], &["tools", "--db", file]] {
            refused(&home.run(args), &["callboard: --db: ", file, words]);
        }
        let ran = home.run(&["doctor", "--json", "--db", file]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let checks = ran.json()["checks"].clone();
        let of = |what: &str| checks.as_array().unwrap().iter().find(|row| row["what"] == what).unwrap().clone();
        let found = of("database");
        assert_eq!((found["area"].as_str(), found["mark"].as_str()), (Some("folders"), Some("fail")));
        assert!(found["says"].as_str().unwrap().contains(words), "{found}");
        assert_eq!(of("ticket")["mark"], "ok", "the servers are looked at without it");
    }
    assert_eq!(fs::read_to_string(&text).unwrap().len(), 51, "nothing is written over");
    let home = with_settings("model = 'built-in'\ndb = '/no/such/folder/x.db'\n");
    refused(&home.run(&["check"]), &["config.toml, line 2, field \"db\": /no/such/folder/x.db"]);
}

#[test]
fn a_database_of_another_data_set_is_told_at_the_start_and_its_own_is_taken() {
    let home = Home::new();
    let (file, data) = (home.path().join("records.db"), home.path().join("mine"));
    let (file, data) = (file.display().to_string(), data.display().to_string());
    assert_eq!(home.run(&["data", "export", &data]).code, Some(0));
    let about = fs::read_to_string(home.path().join("mine/dataset.toml")).unwrap();
    let named = about.lines().map(|line| if line.starts_with("name") { "name = \"Mine\"" } else { line });
    fs::write(home.path().join("mine/dataset.toml"), named.collect::<Vec<_>>().join("\n")).unwrap();
    assert_eq!(home.run(&["check", "--db", &file]).code, Some(0));
    assert!(!home.path().join("records.db").exists(), "to look makes no file");
    let call = ["call", "ticket", "get_ticket_details", r#"{"ticket_id":"TKT-1001"}"#, "--db", &file];
    for _ in 0..2 {
        assert_eq!(home.run(&call).code, Some(0));
    }
    refused(&home.run(&["check", "--db", &file, "--data", &data]), &["--db: ", &file, "not \"Mine\"; remove the file"]);
    let beside = || fs::read_dir(home.path()).unwrap().flatten().map(|entry| entry.file_name());
    let kept: Vec<_> = beside().filter(|name| name.to_string_lossy().starts_with("records.db")).collect();
    assert_eq!(kept, ["records.db"], "a look leaves nothing behind");
    let ran = home.run(&["doctor", "--db", &file]);
    assert!(ran.stdout.contains(&format!("ok    folders   database     {file}")), "{}", ran.stdout);
}

#[test]
fn a_wrong_setting_is_told_with_the_place_where_it_stands() {
    for (text, words) in [
        ("theme = 'dark'\npolicy = 'never'", "config.toml, line 2, field \"policy\": \"never\" is no approval mode"),
        ("\n\ndata = '/no/such/data'", "config.toml, line 3, field \"data\": there is no folder /no/such/data"),
        ("as_of = 'wat'", "config.toml, line 1, field \"as_of\": \"wat\" is not a day"),
        ("model = 'gpt-9'", "config.toml, line 1, field \"model\": the model \"gpt-9\" needs an endpoint"),
        ("model = 'm'\nbase_url = 'x'", "config.toml, line 2, field \"base_url\": the base URL \"x\" must start"),
        (
            "\n[rules]\nask = [\n  'tool:x',\n  'dur>',\n]",
            "config.toml, line 5, field \"rules.ask.1\": \"dur>\" is no usable",
        ),
        ("assistant = '/no/such/assistant'", "config.toml, line 1, field \"assistant\": "),
    ] {
        refused(&with_settings(text).run(&["ask", "Why?"]), &[words]);
    }
    let home = with_settings("policy = 'auto'\ndata = '/no/such/data'\n\ncolour = 1");
    refused(&home.run(&["check", "--policy", "never"]), &["callboard: --policy: \"never\" is no approval mode"]);
    refused(&home.run(&["check", "--data", "/no/such"]), &["callboard: --data: there is no folder /no/such;"]);
    let ran = Home::new().run(&["check", "--servers", "/no/such/file"]);
    refused(&ran, &["callboard: --servers: the server file /no/such/file cannot be read"]);
    let ran = Ran::of(home.command(&["check"]).env("CALLBOARD_DATA", "/nowhere").output().unwrap());
    refused(&ran, &["callboard: CALLBOARD_DATA: there is no folder /nowhere;"]);
    let ran = Ran::of(Home::new().command(&["ask", "Why?"]).env("OPENAI_MODEL", "gpt-9").output().unwrap());
    refused(&ran, &["callboard: OPENAI_MODEL: the model \"gpt-9\" needs an endpoint"]);
    let ran = home.run(&["check", "--data", &home.path().display().to_string()]);
    assert!(ran.stderr.contains("config.toml, line 4, field \"colour\": an unknown key"), "{}", ran.stderr);
}
