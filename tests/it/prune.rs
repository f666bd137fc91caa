//! `callboard sessions prune` on files as they lie on the disk.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::processes::{Home, Ran};

const DAY: u64 = 24 * 60 * 60;

/// The recordings of a home.
struct Shelf(Home);

impl Shelf {
    fn new() -> Self {
        let shelf = Self(Home::new());
        fs::create_dir_all(shelf.dir()).unwrap();
        shelf
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("state/callboard/sessions")
    }

    /// A recording to which nothing has been written for so many days, with `more` in its header.
    fn put(&self, id: &str, days: u64, more: &str) -> PathBuf {
        let folder = self.dir().join("2026/10").join(format!("{days:02}"));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{id}.jsonl"));
        let header = format!(
            r#"{{"fmt":"callboard.session","v":1,"id":"{id}","created":"2026-10-01T10:00:00.000Z","app":"","model":"m","servers":{{}},"policy":"auto"{more}}}"#
        );
        fs::write(&path, format!("{header}\n")).unwrap();
        aged(&path, days);
        path
    }

    fn prune(&self, args: &[&str]) -> Ran {
        self.0.run(&[&["sessions", "prune"], args].concat())
    }

    fn ids(&self) -> Vec<String> {
        let listed = self.0.run(&["sessions", "--json"]).json();
        let sessions = listed["sessions"].as_array().unwrap();
        sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn aged(path: &Path, days: u64) {
    let at = SystemTime::now() - Duration::from_secs(days * DAY + 60);
    File::options().append(true).open(path).unwrap().set_modified(at).unwrap();
}

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[test]
fn without_a_bound_nothing_is_deleted() {
    let shelf = Shelf::new();
    let path = shelf.put("01OLD", 400, "");
    for args in [&[][..], &["--dry-run"], &["--older-than", "-1"], &["--older-than", "old"]] {
        let ran = shelf.prune(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?} {ran:?}");
    }
    assert!(path.exists());
}

#[test]
fn old_recordings_go_with_their_payloads_and_what_was_deleted_is_told() {
    let shelf = Shelf::new();
    let (old, young) = (shelf.put("01OLD", 31, ""), shelf.put("02YOUNG", 29, ""));
    let blobs = old.with_extension("blobs");
    fs::create_dir(&blobs).unwrap();
    fs::write(blobs.join("ab"), vec![b'x'; 5000]).unwrap();
    let bytes = fs::metadata(&old).unwrap().len() + 5000;
    let told = shelf.prune(&["--older-than", "30", "--dry-run"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(
        told.stdout.contains("01OLD") && told.stdout.contains("1 session would be deleted, 5.0 KiB; 1 stay"),
        "{told:?}"
    );
    assert!(old.exists() && blobs.exists());
    let ran = shelf.prune(&["--older-than", "30", "--json"]);
    let outcome = ran.json();
    assert_eq!((ran.code, &outcome["bytes"], &outcome["dry_run"]), (Some(0), &json!(bytes), &json!(false)));
    assert_eq!((ids(&outcome["deleted"]), &outcome["kept"]), (vec!["01OLD"], &json!(1)));
    assert!(!old.exists() && !blobs.exists() && young.exists());
    assert!(!old.parent().unwrap().exists(), "an empty folder goes too");
    let again = shelf.prune(&["--older-than", "30"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), "0 sessions deleted, 0 B; 1 stay\n"));
}

#[test]
fn the_newest_stay_and_with_both_bounds_each_of_them_must_let_go() {
    let shelf = Shelf::new();
    for (id, days) in [("01A", 90), ("02B", 80), ("03C", 5), ("04D", 4)] {
        shelf.put(id, days, "");
    }
    let prune = |args: &[&str]| assert_eq!(shelf.prune(args).code, Some(0));
    prune(&["--older-than", "30", "--keep", "3"]);
    assert_eq!(shelf.ids(), ["04D", "03C", "02B"]);
    prune(&["--keep", "1", "--older-than", "30"]);
    assert_eq!(shelf.ids(), ["04D", "03C"]);
    prune(&["--keep", "1"]);
    assert_eq!(shelf.ids(), ["04D"]);
}

#[test]
fn what_is_being_written_or_gone_on_from_stays() {
    let shelf = Shelf::new();
    let from = |id: &str| format!(r#","forked_from":{{"session":"{id}","record":0}}"#);
    shelf.put("01ROOT", 90, "");
    shelf.put("02FORK", 80, &from("01ROOT"));
    shelf.put("03AGAIN", 1, &from("02FORK"));
    shelf.put("04BASE", 90, "");
    shelf.put("05OLD", 80, &from("04BASE"));
    let live = shelf.put("06LIVE", 70, "");
    let writer = File::open(&live).unwrap();
    writer.lock().unwrap();
    let outcome = shelf.prune(&["--older-than", "30", "--json"]).json();
    assert_eq!(ids(&outcome["deleted"]), ["05OLD", "04BASE"], "a fork that goes needs its base no more");
    assert_eq!(ids(&outcome["spared"]), ["06LIVE", "02FORK", "01ROOT"]);
    let reasons: Vec<_> = outcome["spared"].as_array().unwrap().iter().map(|row| &row["reason"]).collect();
    assert_eq!(reasons[..2], ["it is being written", "a session that stays goes on from it"]);
    drop(writer);
    let ran = shelf.prune(&["--older-than", "30"]);
    assert_eq!(shelf.ids(), ["03AGAIN", "02FORK", "01ROOT"]);
    assert!(ran.stderr.contains("02FORK stays: a session that stays goes on from it"), "{ran:?}");
}

#[test]
fn nothing_outside_of_the_folder_and_nothing_that_is_no_recording_is_touched() {
    let shelf = Shelf::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let outside = elsewhere.path().join("09OUT.jsonl");
    let old = shelf.put("01OLD", 90, "");
    fs::copy(&old, &outside).unwrap();
    aged(&outside, 90);
    let kept = elsewhere.path().join("ab");
    fs::write(&kept, "x").unwrap();
    symlink(elsewhere.path(), old.with_extension("blobs")).unwrap();
    symlink(elsewhere.path(), shelf.dir().join("2025")).unwrap();
    symlink(&outside, old.with_file_name("09OUT.jsonl")).unwrap();
    let notes = old.with_file_name("00NOTES.jsonl");
    fs::write(&notes, "{\"mine\":1}\n").unwrap();
    aged(&notes, 90);
    let ran = shelf.prune(&["--keep", "0"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!old.exists() && outside.exists() && kept.exists() && notes.exists());
    assert!(ran.stderr.contains("00NOTES stays: not a recording: line 1"), "{ran:?}");
}

#[test]
fn what_ask_has_recorded_can_be_pruned_and_what_it_records_next_is_listed() {
    let shelf = Shelf::new();
    let script = json!({"steps": [{"text": "Hello."}]});
    assert_eq!(shelf.0.ask(&script, &["First?"]).status().unwrap().code(), Some(0));
    assert_eq!(shelf.prune(&["--older-than", "1"]).stdout.lines().last(), Some("0 sessions deleted, 0 B; 1 stay"));
    let ran = shelf.prune(&["--keep", "0"]);
    assert!(ran.stdout.contains("First?") && ran.stdout.contains("1 session deleted, "), "{ran:?}");
    assert_eq!(shelf.0.ask(&script, &["Second?"]).status().unwrap().code(), Some(0));
    assert_eq!(shelf.ids().len(), 1);
}

#[test]
fn a_fork_that_stays_keeps_its_base_whatever_their_ids_say() {
    let shelf = Shelf::new();
    shelf.put("01ROOT", 200, "");
    // Its clock had been set back.
    shelf.put("00FORK", 10, r#","forked_from":{"session":"01ROOT","record":4}"#);
    shelf.put("02ROOT", 200, "");
    let middle = r#","forked_from":{"session":"02ROOT","record":4}"#;
    shelf.put("01MIDDLE", 200, middle);
    shelf.put("00LAST", 10, r#","forked_from":{"session":"01MIDDLE","record":4}"#);
    shelf.put("03GOES", 200, "");
    let ran = shelf.prune(&["--older-than", "90", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ids(&ran.json()["deleted"]), ["03GOES"]);
    let mut left = shelf.ids();
    left.sort();
    assert_eq!(left, ["00FORK", "00LAST", "01MIDDLE", "01ROOT", "02ROOT"]);
}
