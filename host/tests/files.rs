//! What people put into a folder of facts and what is half written is noticed.

use std::fs;
use std::path::PathBuf;

use bloom_host::schema::Schema;
use bloom_host::tables::{self, Format};
use bloom_plan::plan::{Column, Delivery, Relation, RelationKind, Role};
use bloom_plan::types::{Type, TypeTable};

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("bloom-files-{}-{name}", std::process::id()));
    let _fresh = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the temporary folder takes folders");
    path
}

/// Why a file of rows `(key: String, n: Int)` is refused.
fn refusal(name: &str, format: Format, text: &str) -> String {
    let mut types = TypeTable::default();
    let column = |(name, ty): (&str, Type)| Column {
        name: name.into(),
        ty: types.intern(ty),
        role: Role::Key,
        default: None,
    };
    let columns = [("key", Type::String), ("n", Type::Int)].map(column);
    let relation = Relation {
        name: "facts".into(),
        kind: RelationKind::Input,
        columns: columns.into(),
        immutable: false,
        sealed_by: Vec::new(),
        public: true,
        delivery: Delivery::Free,
    };
    let folder = folder(name);
    let path = folder.join(name);
    fs::write(&path, text).expect("the folder takes files");
    let schema = Schema::new(&types, &relation);
    let error = tables::read(&path, format, &schema, &mut |_| Ok(())).expect_err("it is refused");
    fs::remove_dir_all(folder).expect("it is ours");
    error.to_string().replace(&*path.to_string_lossy(), name)
}

#[test]
fn an_open_quote_is_refused_where_it_opens() {
    assert_eq!(
        refusal("a.csv", Format::Csv, "key,n\n\"a\nb\",1\n\"c,2\nd,3\n"),
        "a.csv:4: a quote is never closed"
    );
    assert_eq!(
        refusal("b.csv", Format::Csv, "\"a\nb\",\"1"),
        "b.csv:2: a quote is never closed"
    );
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    assert_eq!(
        refusal(
            "d.jsonl",
            Format::Jsonl,
            "{\"n\":1,\"n\":2,\"key\":\"a\"}\n"
        ),
        "d.jsonl:1: column 10: key `n` stands twice"
    );
}

#[test]
fn a_folder_tells_what_is_no_file_of_rows() {
    let folder = folder("others");
    for name in ["a.CSV", "b.txt", "c", ".hidden"] {
        fs::write(folder.join(name), "").expect("the folder takes files");
    }
    fs::create_dir_all(folder.join("d.csv")).expect("the folder takes folders");
    let found = tables::find(&folder).expect("it is there");
    let sources = found.sources.iter().map(|s| (&*s.collection, s.format));
    assert_eq!(sources.collect::<Vec<_>>(), [("a", Format::Csv)]);
    let others = ["b.txt", "c", "d.csv"].map(|name| folder.join(name));
    assert_eq!(found.others, others);
    fs::remove_dir_all(folder).expect("it is ours");
}
