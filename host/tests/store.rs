//! Durable tables survive a restart, a torn write and a flipped bit; nothing else passes for them.

use std::fs;
use std::path::{Path, PathBuf};

use bloom_host::store::{Store, StoreError};
use bloom_plan::plan::{Column, Plan, Relation, RelationKind, Role};
use bloom_plan::types::{Type, TypeTable};
use bloom_plan::value::{Row, Value};
use bloom_runtime::DurableChange;

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("bloom-store-{}-{name}", std::process::id()));
    let _fresh = fs::remove_dir_all(&path);
    path
}

/// A node with `table kept(key: Int => val: String) durable` and nothing else.
fn plan() -> Plan {
    let mut types = TypeTable::default();
    let column = |name: &str, ty, role| Column {
        name: name.into(),
        ty,
        role,
        default: None,
    };
    let columns = vec![
        column("key", types.intern(Type::Int), Role::Key),
        column("val", types.intern(Type::String), Role::Value),
    ];
    Plan {
        name: "Keeper".into(),
        types,
        constants: Vec::new(),
        literals: Vec::new(),
        functions: Vec::new(),
        sites: Vec::new(),
        own_lattices: Vec::new(),
        relations: vec![Relation {
            name: "kept".into(),
            kind: RelationKind::Table { durable: true },
            columns,
            immutable: false,
            sealed_by: Vec::new(),
            public: false,
        }],
        indexes: Vec::new(),
        aggregates: Vec::new(),
        rules: Vec::new(),
        versions: Vec::new(),
        strata: Vec::new(),
        closing: Vec::new(),
    }
}

fn row(key: i64, val: &str) -> Row {
    vec![Value::Int(key), Value::string(val)]
}

fn change(deletes: Vec<Row>, upserts: Vec<Row>) -> Vec<DurableChange> {
    vec![DurableChange {
        table: "kept".into(),
        deletes,
        upserts,
    }]
}

fn rows(folder: &Path) -> Option<Vec<Row>> {
    let (_store, restored) = Store::open(folder, &plan()).expect("it opens");
    restored.map(|tables| tables.into_iter().flat_map(|(_, rows)| rows).collect())
}

/// A store of three ticks.
fn filled(name: &str) -> PathBuf {
    let folder = folder(name);
    let (mut store, restored) = Store::open(&folder, &plan()).expect("it opens");
    assert_eq!(restored, None, "a first start restores nothing");
    store
        .append(&change(vec![], vec![row(1, "a"), row(2, "b")]))
        .expect("it is written");
    store
        .append(&change(vec![row(2, "b")], vec![row(1, "c")]))
        .expect("it is written");
    store
        .append(&change(vec![], vec![row(3, "d")]))
        .expect("it is written");
    folder
}

#[test]
fn what_ticks_changed_is_there_after_a_restart() {
    let folder = filled("restart");
    let expected = Some(vec![row(1, "c"), row(3, "d")]);
    assert_eq!(rows(&folder), expected);
    assert_eq!(rows(&folder), expected, "opening changes nothing");
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_torn_record_is_dropped_wherever_it_is_torn() {
    let folder = filled("torn");
    let whole = fs::read(folder.join("tables")).expect("it is there");
    let mut seen = Vec::new();
    for length in (0..whole.len()).rev() {
        fs::write(folder.join("tables"), &whole[..length]).expect("it is ours");
        match Store::open(&folder, &plan()) {
            Ok((_, restored)) => {
                let tables = restored.expect("it was started before").into_iter();
                seen.push(tables.flat_map(|(_, rows)| rows).collect::<Vec<Row>>());
            }
            Err(StoreError::Damaged(_)) => break,
            Err(e) => panic!("{e}"),
        }
    }
    seen.dedup();
    let after_each_tick = vec![vec![row(1, "c")], vec![row(1, "a"), row(2, "b")], vec![]];
    assert_eq!(seen, after_each_tick);
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_flipped_bit_never_gives_a_wrong_row() {
    let folder = filled("flipped");
    let whole = fs::read(folder.join("tables")).expect("it is there");
    let prefixes = [
        vec![],
        vec![row(1, "a"), row(2, "b")],
        vec![row(1, "c")],
        vec![row(1, "c"), row(3, "d")],
    ];
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(folder.join("tables"), &bytes).expect("it is ours");
        if let Ok((_, restored)) = Store::open(&folder, &plan()) {
            let tables = restored.expect("it was started before").into_iter();
            let rows: Vec<Row> = tables.flat_map(|(_, rows)| rows).collect();
            assert!(prefixes.contains(&rows), "byte {at}: {rows:?}");
        }
    }
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn two_nodes_never_share_a_store() {
    let folder = folder("shared");
    let first = Store::open(&folder, &plan()).expect("it opens");
    assert!(matches!(
        Store::open(&folder, &plan()),
        Err(StoreError::Locked(_))
    ));
    drop(first);
    assert!(Store::open(&folder, &plan()).is_ok());
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn another_file_is_no_store() {
    let folder = folder("other");
    fs::create_dir_all(&folder).expect("the temporary folder takes folders");
    for bytes in [
        &b""[..],
        b"hello",
        b"bloom store 1\n",
        b"bloom store 1\n\xff\xff\xff\xff",
    ] {
        fs::write(folder.join("tables"), bytes).expect("it is ours");
        assert!(
            matches!(Store::open(&folder, &plan()), Err(StoreError::Damaged(_))),
            "{bytes:?}"
        );
        assert_eq!(
            fs::read(folder.join("tables")).expect("it is there"),
            bytes,
            "it is left alone"
        );
    }
    fs::remove_dir_all(folder).expect("it is ours");
}
