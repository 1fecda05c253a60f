//! Durable tables survive a restart, a torn write and a flipped bit; nothing else passes for them.

use std::fs;
use std::path::{Path, PathBuf};

use bloom_host::store::{Files, Opened, Store, StoreError};
use bloom_plan::plan::{Column, Delivery, Plan, Relation, RelationKind, Role};
use bloom_plan::types::{Field, Type, TypeTable};
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
        relations: vec![Relation {
            name: "kept".into(),
            kind: RelationKind::Table { durable: true },
            columns,
            immutable: false,
            sealed_by: Vec::new(),
            public: false,
            delivery: Delivery::Free,
        }],
        ..Plan::empty("Keeper", types)
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
    let mut opened = Store::open(&Files, folder, &plan()).expect("it opens");
    let restored = opened.restored.take();
    opened.accept().expect("it is written");
    restored.map(|tables| tables.into_iter().flat_map(|(_, rows)| rows).collect())
}

/// A store of three ticks.
fn filled(name: &str) -> PathBuf {
    let folder = folder(name);
    let opened = Store::open(&Files, &folder, &plan()).expect("it opens");
    assert_eq!(opened.restored, None, "a first start restores nothing");
    let mut store = opened.accept().expect("it is written");
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
        match Store::open(&Files, &folder, &plan()) {
            Ok(Opened { restored, .. }) => {
                let tables = restored.expect("it was started before").into_iter();
                seen.push(tables.flat_map(|(_, rows)| rows).collect::<Vec<Row>>());
            }
            Err(StoreError::Damaged { .. }) => break,
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
        if let Ok(Opened { restored, .. }) = Store::open(&Files, &folder, &plan()) {
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
    let first = Store::open(&Files, &folder, &plan()).expect("it opens");
    assert!(matches!(
        Store::open(&Files, &folder, &plan()),
        Err(StoreError::Locked(_))
    ));
    drop(first);
    assert!(Store::open(&Files, &folder, &plan()).is_ok());
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn another_file_is_no_store() {
    let folder = folder("other");
    fs::create_dir_all(&folder).expect("the temporary folder takes folders");
    for bytes in [
        &b""[..],
        b"hello",
        b"bloom store 2\n",
        b"bloom store 2\n\xff\xff\xff\xff",
    ] {
        fs::write(folder.join("tables"), bytes).expect("it is ours");
        assert!(is_damaged(&folder), "{bytes:?}");
        assert_eq!(
            fs::read(folder.join("tables")).expect("it is there"),
            bytes,
            "it is left alone"
        );
    }
    fs::remove_dir_all(folder).expect("it is ours");
}

fn is_damaged(folder: &Path) -> bool {
    matches!(
        Store::open(&Files, folder, &plan()),
        Err(StoreError::Damaged { .. })
    )
}

#[test]
fn only_a_torn_end_is_dropped() {
    let folder = filled("middle");
    let path = folder.join("tables");
    let whole = fs::read(&path).expect("it is there");
    let mut third = whole.len();
    // Where the third tick begins: the longest prefix that has nothing torn.
    loop {
        third -= 1;
        fs::write(&path, &whole[..third]).expect("it is ours");
        let opened = Store::open(&Files, &folder, &plan()).expect("it opens");
        if opened.torn == 0 {
            break;
        }
    }
    for at in 0..third {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).expect("it is ours");
        assert!(is_damaged(&folder), "byte {at}");
        assert_eq!(fs::read(&path).expect("it is there"), bytes, "left alone");
    }
    let torn = whole.len() - 1;
    fs::write(&path, &whole[..torn]).expect("it is ours");
    let opened = Store::open(&Files, &folder, &plan()).expect("it opens");
    assert_eq!(opened.torn, (torn - third) as u64);
    drop(opened);
    let zeros = [&whole[..], &[0; 4096]].concat();
    fs::write(&path, zeros).expect("it is ours");
    assert_eq!(
        Store::open(&Files, &folder, &plan()).map(|o| o.torn).ok(),
        Some(4096)
    );
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_changed_table_is_refused_and_the_file_left_alone() {
    let folder = filled("shape");
    let path = folder.join("tables");
    let whole = fs::read(&path).expect("it is there");
    let mut other_key = plan();
    other_key.relations[0].columns[0].role = Role::Value;
    let mut other_type = plan();
    other_type.relations[0].columns[1].ty = other_type.relations[0].columns[0].ty;
    for (plan, shape) in [
        (other_key, "kept( => key: Int, val: String)"),
        (other_type, "kept(key: Int => val: Int)"),
    ] {
        let error = Store::open(&Files, &folder, &plan).expect_err("it is refused");
        let message = error.to_string();
        let expected = format!(
            "durable table `kept` is stored as `kept(key: Int => val: String)`, the program has `{shape}`"
        );
        assert!(message.ends_with(&expected), "{message}");
    }
    // The node refuses rows of a table it does not have; until it accepts, nothing is written.
    let mut gone = plan();
    gone.relations.clear();
    let opened = Store::open(&Files, &folder, &gone).expect("it opens");
    assert_eq!(opened.restored.as_ref().map(Vec::len), Some(1));
    drop(opened);
    assert_eq!(fs::read(&path).expect("it is there"), whole);
    assert_eq!(rows(&folder), Some(vec![row(1, "c"), row(3, "d")]));
    fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_changed_field_of_a_record_is_a_changed_table() {
    let with = |field: &str| {
        let mut plan = plan();
        let fields = vec![Field {
            name: field.into(),
            ty: plan.relations[0].columns[0].ty,
        }];
        plan.relations[0].columns[1].ty = plan.types.intern(Type::Record {
            name: "Point".into(),
            fields,
        });
        plan
    };
    let folder = folder("record");
    let opened = Store::open(&Files, &folder, &with("x")).expect("it opens");
    let mut store = opened.accept().expect("it is written");
    store
        .append(&change(vec![], vec![row(1, "a")]))
        .expect("it is written");
    drop(store);
    let message = Store::open(&Files, &folder, &with("y")).expect_err("it is refused");
    let message = message.to_string();
    assert!(
        message.contains("`kept(key: Int => val: Point { x: Int })`"),
        "{message}"
    );
    assert!(
        message.contains("`kept(key: Int => val: Point { y: Int })`"),
        "{message}"
    );
    assert!(Store::open(&Files, &folder, &with("x")).is_ok());
    fs::remove_dir_all(folder).expect("it is ours");
}
