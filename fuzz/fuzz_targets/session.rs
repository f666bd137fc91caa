//! Session files: any bytes give rows and a state, and a record that was read is written as it was.
#![no_main]

use std::path::PathBuf;

use callboard::protocol::Record;
use callboard::recording::reader::{Reader, Row};
use callboard::session::Session;
use libfuzzer_sys::fuzz_target;

const HEADER: &[u8] = br#"{"fmt":"callboard.session","v":1,"id":"01M82VT8ZB4A7GR8BT06WSGZ77","created":"2026-11-23T00:10:11Z","app":"x","model":"m","servers":{},"policy":"auto"}
"#;

fuzz_target!(|bytes: &[u8]| {
    let path = PathBuf::from(format!("/dev/shm/callboard-fuzz-{}.jsonl", std::process::id()));
    std::fs::write(&path, bytes).expect("it can be written");
    if let Ok(reader) = Reader::open(&path) {
        reader.for_each(|row| drop(row.expect("it can be read")));
    }
    std::fs::write(&path, [HEADER, bytes].concat()).expect("it can be written");
    let mut session = Session::default();
    let mut rows = 0;
    for row in Reader::open(&path).expect("the header is whole") {
        rows += 1;
        match row.expect("it can be read") {
            Row::Record(record) => {
                session.apply(&record);
                let line = record.to_line().expect("what was read can be written");
                assert_eq!(Record::from_line(&line).expect("what was written can be read"), *record);
            }
            Row::Bad { line, reason } => assert!(line == rows + 1 && !reason.is_empty()),
        }
    }
    let ended = bytes.iter().filter(|byte| **byte == b'\n').count();
    let torn = usize::from(bytes.last().is_some_and(|last| *last != b'\n'));
    assert_eq!(rows, (ended + torn) as u64, "a row was lost or made up");
});
