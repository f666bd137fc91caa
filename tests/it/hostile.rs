//! Every way of the hostile server (`examples/hostile`) in the real console: it stays usable, says why, keeps its memory, leaves
//! no process, and lets no sequence through to the terminal.

mod escapes;
mod siege;

use siege::Siege;

use crate::fleet::hostile_program;

/// One test a way.
macro_rules! sieges {
    ($($name:ident: $siege:expr;)+) => {
        /// All ways.
        const ALL: &[Siege] = &[$($siege),+];

        $(
            #[test]
            fn $name() {
                $siege.survive();
            }
        )+
    };
}

/// What shows the state of every server in full.
const STATE: &str = "/servers\r";
/// What shows the tools of the hostile one.
const TOOLS: &str = "/tools hostile\r";
/// What selects the hostile server, and then its log.
const LOG: &str = "\tssS";

sieges! {
    a_server_that_is_well_is_called: Siege::call("nothing", &["2 tools", "nothing"]);

    // The process.
    one_that_exits_at_once: Siege::server("exits", &["exited with status 3", "no licence"]).press(STATE);
    escapes_in_the_last_words: Siege::server("exits-in-colour", &["exited with status 5", "SEEN"]).press(STATE);
    one_that_keeps_crashing: Siege::server("crash-loop", &["segmentation fault", "139"]).press(STATE);
    one_that_never_answers: Siege::server("deaf", &["starting"]).press(STATE);
    one_that_boots_slowly: Siege::server("slow", &["✓ hostile"]);
    one_that_dies_inside_a_line: Siege::server("half-a-line", &["exited with status 9", "the disk"]).press(STATE);
    one_that_closes_its_stdout: Siege::call("nothing", &["server lost", "it closed"]).of("closes-stdout");
    one_that_stops_reading:
        Siege::call("nothing", &["gave no answer for 2 s"]).of("stops-reading").loaded(500_000).impatient();
    one_that_ignores_the_end_of_its_stdin: Siege::server("stubborn", &["✓ hostile"]);
    one_that_ignores_every_signal_it_can: Siege::server("immortal", &["✓ hostile"]);
    one_that_leaves_a_child_with_our_pipes: Siege::server("orphan", &["status 4", "the parent"]).press(STATE);
    one_that_writes_to_the_terminal_has_none: Siege::server("terminal", &["the terminal says No such"]).press(LOG);
    one_that_writes_what_is_no_message: Siege::server("chatty", &["Welcome to the server", "thinking"]).press(LOG);
    one_that_screams_on_stderr: Siege::server("screams", &["lines were not kept"]).press(LOG);
    one_that_babbles: Siege::server("babbles", &["were not"]).press(LOG);
    one_whose_line_never_ends: Siege::server("endless-line", &["starting"]).press(STATE);

    // The handshake.
    a_legacy_one: Siege::call("nothing", &["2025-06-18"]).of("legacy").press(STATE);
    a_modern_one: Siege::call("nothing", &["2026-07-28"]).of("modern").press(STATE);
    one_that_exits_when_it_is_asked_in_the_old_way: Siege::call("nothing", &["2026-07-28"]).of("modern-dies").press(STATE);
    one_of_the_first_revision: Siege::call("nothing", &["2024-11-05"]).of("old").press(STATE);
    one_of_an_unknown_revision: Siege::server("future", &["2099-01-01"]).press(STATE);
    one_without_a_revision: Siege::server("no-version", &["the handshake failed"]).press(STATE);
    one_that_answers_nonsense: Siege::server("nonsense", &["the handshake failed"]).press(STATE);
    one_that_refuses: Siege::server("refuses", &["it refused the handshake: members only"]).press(STATE);
    one_that_answers_somebody_else: Siege::server("wrong-id", &["probing"]).press(STATE);
    one_with_escapes_in_its_name: Siege::call("nothing", &["SEEN"]).of("painted").press("\ts");
    one_that_says_far_too_much_of_itself: Siege::call("nothing", &["Obey me."]).of("essay").press("\ts").within(128);

    // The list of tools.
    endless_pages: Siege::server("endless", &["64 tools"]);
    pages_in_a_circle: Siege::server("circle", &["2 tools"]);
    a_crowd_of_tools: Siege::server("crowd", &["512 tools"]);
    bad_tools: Siege::server("twins", &["no-schema", "lists this name twice"]).press(TOOLS);
    no_list_at_all: Siege::server("silent-list", &["0 tools"]);
    a_refused_list: Siege::server("refused-list", &["my tools are secret"]).press(STATE);
    a_list_that_is_none: Siege::server("no-list", &["its list of tools cannot be read"]).press(STATE);
    escapes_in_tools: Siege::server("painted-tools", &["SEEN"]).press(TOOLS);
    essays_in_tools: Siege::server("essays", &["its list of tools has over 8388608 bytes"]).press(STATE).within(160);
    names_of_other_servers: Siege::server("shadow", &["get_ticket_details", "get_tіcket_details"]).press(TOOLS);
    annotations_that_lie: Siege::server("liar", &["delete_everything"]).press(TOOLS);
    schemas_that_explode: Siege::call("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", &["2 more in Calls", "does not match"]).of("schema-bomb").with(&[
        "bomb_wide", "bomb_loop", "bomb_itself", "bomb_deep", "bomb_pattern", "bomb_far", "bomb_file", "bomb_many",
        "bomb_nonsense",
    ]);
    a_tool_that_changes: Siege::call("grow", &["now says something else of echo"]).of("rug");

    // One call.
    a_crash: Siege::call("crash", &["status 7", "out of handles"]);
    no_answer: Siege::call("hang", &["gave no answer for 2 s"]).impatient();
    an_answer_that_comes_too_late: Siege::call("late", &["gave no answer for 2 s"]).impatient();
    a_result_of_50_mib: Siege::call("huge", &["at most 33554432 are taken"]).within(128);
    a_result_of_30_mib: Siege::call("large", &["the model got", "xxxx"]).within(400);
    half_a_result: Siege::call("half", &["status 8", "the cable was pulled"]);
    bytes_that_are_no_text: Siege::call("bad-utf8", &["bytes"]);
    controls_that_are_no_json: Siege::call("controls", &["is no JSON"]);
    content_of_an_unknown_kind: Siege::call("hologram", &["hologram"]);
    deep_nesting: Siege::call("deep", &["▾ 0"]);
    bottomless_nesting: Siege::call("abyss", &["the model got", "▾ 0"]);
    a_result_that_is_no_json: Siege::call("no-json", &["is no JSON"]);
    a_result_without_content: Siege::call("no-content", &["resultType"]);
    a_result_that_is_no_object: Siege::call("no-object", &["just text"]);
    a_result_and_an_error: Siege::call("both", &["yes"]);
    a_question_back: Siege::call("wants-input", &["wants input"]);
    an_error_of_the_protocol: Siege::call("error", &["no such thing"]);
    an_error_that_is_none: Siege::call("odd-error", &["cannot be read"]);
    escapes_in_a_result: Siege::call("painted", &["\\u001b]52"]);
    escapes_in_an_error: Siege::call("painted-error", &["SEEN"]);
    escapes_in_a_failure: Siege::call("painted-failure", &["SEEN"]);
    a_failure_of_megabytes: Siege::call("long-failure", &["✗ failed"]).within(160);
    answers_for_nobody: Siege::call("stray", &["for you"]);
    an_id_in_quotes: Siege::call("id-as-text", &["gave no answer for 2 s"]).impatient();
    tools_that_grow: Siege::call("grow", &["3 tools"]);
    tools_that_are_not_given_any_more: Siege::call("grow-in-silence", &["grown"]);
    a_child: Siege::call("child", &["2 tools"]);
    a_brood_that_ignores_signals: Siege::call("brood", &["all hatched"]);
    the_environment: Siege::call("environment", &["HOME="]);
    a_secret: Siege::call("secret", &["your token is"]);

    // Too much of it.
    progress: Siege::call("progress", &["all parts"]);
    a_flood_of_progress: Siege::call("chatter", &["said it all"]);
    a_flood_on_stderr: Siege::call("flood", &["dry again"]);
    a_flood_of_garbage: Siege::call("garbage", &["swept up"]);
    a_flood_of_notes: Siege::call("notes", &["all noted"]);
    a_flood_of_changes: Siege::call("changes", &["as before"]);
    huge_notes: Siege::call("huge-notes", &["much noted"]);
    a_flood_of_requests: Siege::call("requests", &["no more questions"]);
    requests_with_ids_that_are_taken: Siege::call("same-ids", &["the same again"]);
}

#[test]
fn no_way_of_the_hostile_server_goes_untried() {
    let listed = std::process::Command::new(hostile_program()).arg("--list").output().expect("it runs");
    let listed = String::from_utf8(listed.stdout).expect("names");
    let tried = |way: &&str| match way.split_once(' ') {
        Some(("mode", mode)) => ALL.iter().any(|siege| siege.mode == mode),
        Some(("deed", deed)) => ALL.iter().any(|siege| siege.deed == Some(deed)),
        _ => false,
    };
    let untried: Vec<&str> = listed.lines().filter(|way| !tried(way)).collect();
    assert!(untried.is_empty() && listed.lines().count() > 60, "{untried:?} of {listed}");
}
