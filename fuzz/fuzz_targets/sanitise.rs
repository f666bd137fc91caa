//! Text from outside: nothing hidden is left of it, and cleaning it again changes nothing.
#![no_main]

use callboard::sanitise::{clean_block, clean_json, clean_line, is_hidden};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let line = clean_line(text);
    assert!(!line.chars().any(is_hidden), "{line:?}");
    assert_eq!(clean_line(&line), line);
    let block = clean_block(text);
    assert!(!block.chars().any(|c| c != '\n' && is_hidden(c)), "{block:?}");
    assert_eq!(clean_block(&block), block);
    let value = serde_json::json!({ text: text });
    let json = clean_json(&value.to_string()).into_owned();
    assert!(!json.chars().any(is_hidden), "{json:?}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).expect("it is still JSON"), value);
});
