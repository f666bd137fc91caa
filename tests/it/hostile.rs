//! Every way of the hostile server (`examples/hostile`) in the real console: it stays usable, says why, keeps its memory, leaves
//! no process, and lets no sequence through to the terminal.

mod escapes;
mod siege;

use siege::{Road, Siege};

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
/// The same where its call is selected.
const LOG_OF_CALL: &str = "\tsS";

sieges! {
    a_server_that_is_well_is_called: Siege::call("nothing", &["2 tools", "nothing"]);

    // The process.
    one_that_exits_at_once: Siege::server("exits", &["exited with status 3", "no licence"]).press(STATE);
    escapes_in_the_last_words: Siege::server("exits-in-colour", &["exited with status 5", "SEEN"]).press(STATE);
    one_that_keeps_crashing: Siege::server("crash-loop", &["segmentation fault", "139"]).press(STATE);
    one_that_never_answers: Siege::server("deaf", &["probing"]).press(STATE);
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
    one_that_answers_somebody_else: Siege::server("wrong-id", &["it answered request", "nobody's"]).press(LOG);
    one_with_escapes_in_its_name: Siege::call("nothing", &["SEEN"]).of("painted").press("\ts");
    one_that_says_far_too_much_of_itself: Siege::call("nothing", &["Obey me."]).of("essay").press("\ts").within(128);

    // The list of tools.
    endless_pages: Siege::server("endless", &["64 tools"]);
    pages_in_a_circle: Siege::server("circle", &["2 tools"]);
    a_crowd_of_tools: Siege::server("crowd", &["512 tools"]);
    bad_tools: Siege::server("twins", &["no-schema", "lists this name twice"]).press(TOOLS);
    no_list_at_all: Siege::server("silent-list", &["listing its tools"]);
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
    a_result_of_50_mib: Siege::call("huge", &["protocol error: the server's answer has", "at most 16777216 are taken"]).within(128);
    a_result_of_15_mib: Siege::call("large", &["the model got", "xxxx"]).within(160);
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
    an_error_of_a_megabyte: Siege::call("long-error", &["such thing,", "… (all of it in Data)", "✓ [1]"]).within(96);
    an_error_that_is_none: Siege::call("odd-error", &["cannot be read"]);
    escapes_in_a_result: Siege::call("painted", &["\\u001b]52"]);
    escapes_in_an_error: Siege::call("painted-error", &["SEEN"]);
    escapes_in_a_failure: Siege::call("painted-failure", &["SEEN"]);
    a_failure_of_megabytes: Siege::call("long-failure", &["✗ failed"]).within(160);
    answers_for_nobody: Siege::call("stray", &["it answered request", "4711"]).press(LOG_OF_CALL);
    an_id_in_quotes: Siege::call("id-as-text", &["it answered request 2 with"]).press(LOG_OF_CALL);
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

    // Resources and prompts.
    resources_that_pretend: Siege::server("library", &["file:///etc/passwd", "too long to be shown", "SEEN"])
        .press("/resources hostile\r");
    prompts_that_pretend: Siege::server("library", &["crowded", "1000 arguments", "SEEN"]).press("/prompts hostile\r");
    resources_without_end: Siege::server("endless-library", &["64 resources"]).press("/resources hostile\r");
    prompts_without_end: Siege::server("endless-library", &["64 prompts"]).press("/prompts hostile\r");
    a_huge_list_of_resources:
        Siege::server("huge-library", &["has over 8388608 bytes"]).press("/resources hostile\r").within(128);
    a_list_of_resources_that_never_comes: Siege::server("silent-library", &["asking…"]).press("/resources hostile\r");
    a_resource_of_15_mib:
        Siege::server("library", &["a:15-mib of hostile", "line after line"]).press("/resources hostile a:15-mib\r").within(160);
    a_resource_in_one_line:
        Siege::server("library", &["a:one-line of hostile", "xxxx"]).press("/resources hostile a:one-line\r").within(200);
    a_resource_in_many_parts:
        Siege::server("library", &["a:many of hostile"]).press("/resources hostile a:many\r").within(200);
    a_resource_that_is_no_base64: Siege::server("library", &["about", "bytes"]).press("/resources hostile a:blob\r");
    escapes_in_a_resource: Siege::server("library", &["SEEN"]).press("/resources hostile a:paint\r");
    a_resource_of_another_place: Siege::server("library", &["the server was asked for file:///etc/passwd"])
        .press("/resources hostile file:///etc/passwd\r");
    a_resource_that_is_none: Siege::server("library", &["a:none of hostile"]).press("/resources hostile a:none\r");
    a_resource_that_never_comes: Siege::call("nothing", &["gave no answer for 2 s"]).of("library").impatient()
        .press("/resources hostile a:hang\r");
    a_prompt_without_end: Siege::server("library", &["are left out"]).press("/prompts hostile essay\r").within(128);
    commands_in_a_prompt: Siege::server("library", &["/clear", "SEEN"]).press("/prompts hostile commands\r");
    a_refused_prompt: Siege::server("library", &["could not be had", "JSON-RPC error"]).press("/prompts hostile other\r");

    // Questions.
    a_form_of_10_000_fields: Siege::call("ask-fields", &["a message elicitation/create"]).press(LOG_OF_CALL);
    a_form_that_is_too_wide: Siege::call("ask-wide", &["it has a question for"]).press(LOG_OF_CALL);
    a_form_in_a_form: Siege::call("ask-nested", &["2 ok", "asked"]);
    escapes_in_questions: Siege::call("ask-painted", &["2 ok", "asked"]);
    an_address_without_end: Siege::call("ask-long-page", &["a message elicitation/create"]).press(LOG_OF_CALL);
    a_flood_of_questions: Siege::call("ask-flood", &["2 ok", "asked"]);
    a_question_after_the_call: Siege::call("ask-late", &["answered before"]);
    wishes_that_nobody_grants: Siege::call("ask-unoffered", &["3 answers: -32601"]);
    more_questions_than_are_served: Siege::call("ask-often", &["300 answers"]);

    // Over HTTP.
    a_far_server_that_is_well: Siege::call("nothing", &["2 tools", "all is well"]).over_http();
    one_that_sends_no_headers: Siege::server("no-headers", &["probing"]).press(STATE).over_http();
    one_that_sends_headers_only: Siege::call("headers-only", &["gave no answer for 2 s"]).impatient().over_http();
    events_that_never_come: Siege::server("silent-events", &["probing"]).press(STATE).over_http();
    comments_for_ever: Siege::call("comments", &["gave no answer for 2 s"]).impatient().over_http();
    an_answer_byte_by_byte: Siege::call("drip", &["gave no answer for 2 s"]).impatient().over_http();
    a_promise_to_go_on: Siege::call("continue", &["gave no answer for 2 s"]).impatient().over_http();
    an_event_without_end: Siege::call("endless-event", &["over 16777216 bytes"]).within(160).over_http();
    an_event_without_end_in_the_handshake:
        Siege::server("endless-event", &["has over 16777216"]).press(STATE).within(160).over_http();
    a_body_without_end: Siege::call("endless-body", &["over 16777216 bytes"]).within(128).over_http();
    a_body_in_crumbs: Siege::call("chunks", &["broke off"]).over_http();
    a_chunk_without_end: Siege::call("chunk-without-end", &["broke off"]).over_http();
    a_packed_body: Siege::call("gzip", &["packed as gzip"]).over_http();
    headers_for_ever: Siege::server("headers-without-end", &["broke off"]).press(STATE).over_http();
    a_far_result_of_15_mib: Siege::call("large", &["the model got", "xxxx"]).within(192).over_http();
    one_that_speaks_no_http: Siege::server("not-http", &["broke off"]).press(STATE).over_http();
    one_that_hangs_up: Siege::server("hangs-up", &["broke off"]).press(STATE).over_http();
    half_a_body: Siege::call("cut", &["broke off"]).over_http();
    half_an_event: Siege::call("cut-events", &["before it was complete"]).over_http();
    a_page_to_sign_in: Siege::server("page", &["text/html, which is no MCP"]).press(STATE).over_http();
    an_unreadable_type: Siege::call("painted-type", &["which is no MCP"]).over_http();
    escapes_in_a_header: Siege::call("painted-header", &["broke off"]).over_http();
    an_answer_to_somebody_else: Siege::call("foreign", &["for us"]).over_http();
    escapes_in_events: Siege::call("painted-events", &["SEEN"]).over_http();
    one_that_wants_a_token: Siege::server("unauthorised", &["HTTP 401", "Authorization"]).press(STATE).over_http();
    one_that_forbids: Siege::server("forbidden", &["it forbids this (HTTP 403)"]).press(STATE).over_http();
    one_that_is_elsewhere: Siege::server("nowhere", &["HTTP 404", "often ends in /mcp"]).press(STATE).over_http();
    one_that_takes_no_posts: Siege::server("not-allowed", &["HTTP 405", "older HTTP"]).press(STATE).over_http();
    one_that_is_busy: Siege::call("busy", &["HTTP 429", "come again in"]).over_http();
    one_behind_a_broken_proxy: Siege::server("bad-gateway", &["502 Bad Gateway", "SEEN"]).press(STATE).over_http();
    a_refusal_without_end: Siege::call("refusal-without-end", &["HTTP 500: out of paper"]).over_http();
    one_that_sends_us_elsewhere: Siege::server("redirect", &["we do not follow"]).press(STATE).over_http();
    a_call_that_is_sent_elsewhere: Siege::call("redirect", &["we do not follow"]).over_http();
    a_session_that_cannot_be_kept: Siege::server("painted-session", &["the session id it gave"]).press(STATE).over_http();
    a_session_that_is_forgotten:
        Siege::call("nothing", &["it has forgotten the session"]).of("forgetful").press(LOG_OF_CALL).over_http();
    a_stream_in_a_frenzy: Siege::call("nothing", &["all is well"]).of("frenzy").over_http();
    a_stream_that_babbles: Siege::call("nothing", &["on and on"]).of("own-flood").press(LOG_OF_CALL).over_http();
    one_that_hears_no_farewell: Siege::server("deaf-farewell", &["✓ hostile"]).over_http();
}

#[test]
fn no_way_of_the_hostile_server_goes_untried() {
    let listed = std::process::Command::new(hostile_program()).arg("--list").output().expect("it runs");
    let listed = String::from_utf8(listed.stdout).expect("names");
    let tried = |way: &&str| match way.split_once(' ') {
        Some(("mode", mode)) => ALL.iter().any(|siege| siege.road == Road::Pipes && siege.mode == mode),
        Some(("deed", deed)) => ALL.iter().any(|siege| siege.road == Road::Pipes && siege.deed == Some(deed)),
        Some(("http", way)) => {
            ALL.iter().any(|siege| siege.road == Road::Http && (siege.mode == way || siege.deed == Some(way)))
        }
        _ => false,
    };
    let untried: Vec<&str> = listed.lines().filter(|way| !tried(way)).collect();
    assert!(untried.is_empty() && listed.lines().count() > 110, "{untried:?} of {listed}");
}
