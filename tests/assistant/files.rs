//! The assistant's files: they can be extended and replaced, and a mistake is named with file, line and field.

use std::fs;
use std::sync::Arc;

use callboard::model::builtin::BuiltIn;
use callboard::model::{Message, Request};
use callboard::protocol::{Annotations, Json, ToolDefinition};

fn load(name: &str, text: &str) -> Result<BuiltIn, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    BuiltIn::load(Some(folder.path())).map_err(|error| error.to_string())
}

#[test]
fn a_mistake_is_named_with_file_line_and_field() {
    for (text, expected) in [
        ("[words]\nignore = \"the\"\n", "own.toml:2: words.ignore: invalid type"),
        ("[words]\nshout = [\"hey\"]\n", "own.toml:2: words.shout: unknown variant"),
        (
            "\n[[kind]]\nname = \"x\"\none = \"x\"\nmany = \"xs\"\nrefs = { a = \"nobody\" }\n",
            "own.toml:6: kind.refs: there is no kind \"nobody\"",
        ),
        (
            "[[kind]]\nname = \"ticket\"\none = \"x\"\nmany = \"xs\"\n",
            "own.toml:2: kind.name: the kind \"ticket\" stands twice",
        ),
        ("[forms]\n\nlist = \"{{ n\"\n", "own.toml:3: forms.list: the form \"list\" is no template"),
        (
            "[[runbook]]\nname = \"a\"\nsummary = \"b\"\nsteps = [{ title = \"t\", ask = \"tickets of {who}\" }]\n",
            "own.toml:4: runbook.steps: the runbook \"a\" has no parameter \"who\"",
        ),
        ("[[source]\n", "own.toml:1: "),
    ] {
        let error = load("own.toml", text).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_missing_folder_is_named() {
    let error = BuiltIn::load(Some(std::path::Path::new("no/such/folder"))).unwrap_err().to_string();
    assert!(error.starts_with("no/such/folder: cannot be read"), "{error}");
}

#[test]
fn a_file_of_the_same_name_replaces_the_built_in_one() {
    let own =
        "[[runbook]]\nname = \"mine\"\nsummary = \"Mine\"\nsteps = [{ title = \"Open\", ask = \"open tickets\" }]\n";
    let assistant = load("runbooks.toml", own).unwrap();
    assert_eq!(assistant.runbooks().iter().map(|book| book.name.as_str()).collect::<Vec<_>>(), ["mine"]);
    let more = load("more.toml", own).unwrap();
    assert_eq!(more.runbooks().len(), 6);
}

#[test]
fn a_new_kind_with_its_server_needs_no_code() {
    let own = r#"
        [[kind]]
        name = "vehicle"
        one = "vehicle"
        many = "vehicles"
        words = ["vehicle", "van", "truck"]
        key = "vehicle_id"
        label = "plate"
        columns = ["vehicle_id", "plate", "state"]

        [[kind.id]]
        form = "VAN-##"
        words = ["van"]

        [[kind.field]]
        name = "state"
        values.broken = ["broken", "in the workshop"]

        [[source]]
        kind = "vehicle"
        tool = "list_vehicles"
        why = "list the vehicles"
        rows = "vehicles"
        all = true
        takes = { state = "state", vehicle_id = "id" }
    "#;
    let assistant = load("fleet.toml", own).unwrap();
    let tool = ToolDefinition {
        model_name: "fleet_list_vehicles".to_owned(),
        server: "fleet".into(),
        tool: "list_vehicles".into(),
        title: None,
        description: String::new(),
        input_schema: Json::parse(r#"{"properties":{"state":{"type":"string"},"id":{"type":"string"}}}"#).unwrap(),
        output_schema: None,
        annotations: Annotations { read_only: true, ..Annotations::default() },
        believed: true,
        hash: String::new(),
    };
    for (question, arguments) in [
        ("which trucks are in the workshop?", r#"{"state":"broken"}"#),
        ("van 7", r#"{"id":"VAN-07"}"#),
        ("all vehicles", "{}"),
    ] {
        let request = Request {
            messages: vec![Arc::new(Message::User(question.into()))],
            tools: vec![tool.clone()].into(),
            briefings: Vec::new().into(),
            today: "2025-10-06".to_owned(),
        };
        let step = assistant.step(&request);
        assert_eq!(step.calls.len(), 1, "{question}: {}", step.text);
        assert_eq!(
            (step.calls[0].name.as_str(), step.calls[0].arguments.as_str()),
            ("fleet_list_vehicles", arguments),
            "{question}"
        );
    }
}

#[test]
fn runbooks_are_listed_with_their_parameters() {
    let assistant = BuiltIn::load(None).unwrap();
    let names: Vec<&str> = assistant.runbooks().iter().map(|book| book.name.as_str()).collect();
    assert_eq!(names, ["customer-360", "ticket-triage", "overdue-report", "warranty-watch", "shift-handover"]);
    let triage = &assistant.runbooks()[1];
    assert_eq!(triage.parameters[0].name, "ticket");
    assert!(triage.parameters[0].required && !triage.summary.is_empty());
}

#[test]
fn the_files_are_read_in_an_instant() {
    let start = std::time::Instant::now();
    BuiltIn::load(None).unwrap();
    let spent = start.elapsed();
    println!("{spent:?}");
    // Far above what it takes, so that only a change of kind is noticed on a busy machine.
    assert!(spent.as_millis() < 1000, "{spent:?}");
}
