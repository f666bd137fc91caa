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
    let ran = Ran::of(home.command(&["check"]).env("CALLBOARD_DATA", "/nowhere").output().unwrap());
    refused(&ran, &["callboard: CALLBOARD_DATA: there is no folder /nowhere;"]);
    let ran = Ran::of(Home::new().command(&["ask", "Why?"]).env("OPENAI_MODEL", "gpt-9").output().unwrap());
    refused(&ran, &["callboard: OPENAI_MODEL: the model \"gpt-9\" needs an endpoint"]);
    let ran = home.run(&["check", "--data", &home.path().display().to_string()]);
    assert!(ran.stderr.contains("config.toml, line 4, field \"colour\": an unknown key"), "{}", ran.stderr);
}
