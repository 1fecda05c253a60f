//! The file of ordered logs: what was appended is there again, whatever a crash has torn off.

use std::fs;
use std::path::PathBuf;

use bloom_delivery::packet::RaftEntry;
use bloom_delivery::{Saved, Write};
use bloom_host::store::log::LogFile;
use bloom_host::store::{Files, StoreError};

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("bloom-logs-{}-{name}", std::process::id()));
    let _fresh = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the temporary folder takes folders");
    path
}

fn writes() -> Vec<Vec<Write>> {
    let entry = |index, term| RaftEntry {
        term,
        index,
        data: vec![index as u8; 5],
    };
    let state = |term, commit| Write::State {
        log: "l".into(),
        term,
        vote: 1,
        commit,
    };
    let append = |entries| Write::Append {
        log: "l".into(),
        entries,
    };
    vec![
        vec![Write::Begin {
            log: "l".into(),
            disk: 9,
        }],
        vec![append(vec![entry(1, 1), entry(2, 1)]), state(1, 1)],
        vec![append(vec![entry(2, 2), entry(3, 2)]), state(2, 3)],
    ]
}

/// What the first records say together.
fn after(count: usize) -> Saved {
    let mut saved = Saved::default();
    for write in writes().into_iter().take(count).flatten() {
        assert!(saved.record(write));
    }
    saved
}

#[test]
fn a_file_that_was_torn_anywhere_holds_its_whole_records() {
    let folder = folder("torn");
    let (mut file, saved) = LogFile::open(&Files, &folder).expect("it opens");
    assert_eq!(saved, Saved::default());
    let mut ends = vec![
        fs::metadata(folder.join("logs"))
            .expect("it is there")
            .len(),
    ];
    for record in writes() {
        file.append(&record).expect("the disk takes it");
        ends.push(
            fs::metadata(folder.join("logs"))
                .expect("it is there")
                .len(),
        );
    }
    drop(file);
    let whole = fs::read(folder.join("logs")).expect("it is there");
    for length in 0..=whole.len() {
        fs::write(folder.join("logs"), &whole[..length]).expect("the folder takes files");
        let records = ends[1..]
            .iter()
            .filter(|&&end| end <= length as u64)
            .count();
        let (mut file, saved) = LogFile::open(&Files, &folder).expect("it opens");
        assert_eq!(saved, after(records), "{length} bytes");
        // And goes on from there.
        for record in &writes()[records..] {
            file.append(record).expect("the disk takes it");
        }
        let (_, saved) = LogFile::open(&Files, &folder).expect("it opens");
        assert_eq!(saved, after(writes().len()), "{length} bytes");
    }
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_damaged_file_is_refused() {
    let folder = folder("damaged");
    let (mut file, _) = LogFile::open(&Files, &folder).expect("it opens");
    for record in writes() {
        file.append(&record).expect("the disk takes it");
    }
    let path = folder.join("logs");
    let mut bytes = fs::read(&path).expect("it is there");
    bytes[40] ^= 1;
    fs::write(&path, &bytes).expect("the folder takes files");
    assert!(matches!(
        LogFile::open(&Files, &folder),
        Err(StoreError::Damaged { .. })
    ));
    fs::write(&path, "something else").expect("the folder takes files");
    assert!(LogFile::open(&Files, &folder).is_err());
    fs::remove_dir_all(folder).expect("it is ours");
}
