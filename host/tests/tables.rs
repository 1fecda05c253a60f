//! Files of rows: what is written is read back, and what does not fit is refused at its place.

use std::path::PathBuf;
use std::sync::Arc;

use bloom_host::json::{self, Typed};
use bloom_host::schema::{Schema, whole};
use bloom_host::tables::{self, Format};
use bloom_plan::plan::{Column, Delivery, Relation, RelationKind, Role};
use bloom_plan::types::{Field, LatticeKind, Type, TypeId, TypeTable, Variant};
use bloom_plan::value::{Row, Value, canonical_float};
use proptest::prelude::*;

/// A folder of its own for each test, gone when the test passes.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("bloom-tables-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder takes folders");
        Folder(path)
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("the folder takes files");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _gone = std::fs::remove_dir_all(&self.0);
        }
    }
}

fn relation(columns: &[(&str, TypeId)]) -> Relation {
    let column = |&(name, ty): &(&str, TypeId)| Column {
        name: name.into(),
        ty,
        role: Role::Key,
        default: None,
    };
    Relation {
        name: "facts".into(),
        kind: RelationKind::Input,
        columns: columns.iter().map(column).collect(),
        immutable: false,
        sealed_by: Vec::new(),
        public: true,
        delivery: Delivery::Free,
    }
}

fn read(schema: &Schema<'_>, path: PathBuf, format: Format) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    tables::read(&path, format, schema, &mut |mut given| {
        rows.push(whole(&mut given).ok_or("a column is left out")?);
        Ok(())
    })
    .map_err(|e| {
        let name = path.file_name().expect("a file").to_string_lossy();
        e.to_string().replace(&*path.to_string_lossy(), &name)
    })?;
    Ok(rows)
}

/// Reads text as rows `(key: String, n: Int)`.
fn read_pairs(name: &str, text: impl AsRef<[u8]>) -> Result<Vec<Row>, String> {
    let mut types = TypeTable::default();
    let (string, int) = (types.intern(Type::String), types.intern(Type::Int));
    let relation = relation(&[("key", string), ("n", int)]);
    let schema = Schema::new(&types, &relation);
    let extension = name.rsplit('.').next().expect("a name");
    let format = Format::of_extension(extension).expect("a format");
    let folder = Folder::new(name);
    read(&schema, folder.file(name, text), format)
}

fn pair(key: &str, n: i64) -> Row {
    vec![Value::string(key), Value::Int(n)]
}

#[test]
fn columns_are_found_by_header_in_any_order_or_by_position() {
    let rows = vec![pair("a", 1), pair("b", -2)];
    assert_eq!(
        read_pairs("named.csv", "n,key\n1,a\n-2,b\n"),
        Ok(rows.clone())
    );
    assert_eq!(read_pairs("plain.csv", "a,1\nb,-2\n"), Ok(rows.clone()));
    assert_eq!(
        read_pairs("mark.csv", "\u{feff}key,n\r\na,1\r\nb,-2\r\n"),
        Ok(rows.clone())
    );
    assert_eq!(
        read_pairs("named.tsv", "key\tn\na\t1\nb\t-2\n"),
        Ok(rows.clone())
    );
    assert_eq!(read_pairs("plain.facts", "a\t1\nb\t-2\n"), Ok(rows.clone()));
    let lines = "{\"n\":1,\"key\":\"a\"}\n\n[\"b\",-2]\n";
    assert_eq!(read_pairs("lines.jsonl", lines), Ok(rows.clone()));
    let marked = format!("\u{feff}{lines}");
    assert_eq!(read_pairs("mark.jsonl", marked), Ok(rows));
    assert_eq!(read_pairs("empty.csv", ""), Ok(Vec::new()));
    assert_eq!(read_pairs("header.csv", "key,n\n"), Ok(Vec::new()));
}

#[test]
fn tabs_know_no_quotes_and_facts_no_header() {
    let text = "key\t1\n\"q\"\t2\n\"half\t3\r\n\n,\\t\t4";
    let rows = vec![
        pair("key", 1),
        pair("\"q\"", 2),
        pair("\"half", 3),
        pair(",\\t", 4),
    ];
    assert_eq!(read_pairs("quotes.facts", text), Ok(rows.clone()));
    let headed = format!("key\tn\n{text}");
    assert_eq!(read_pairs("quotes.tsv", headed), Ok(rows));
}

#[test]
fn what_does_not_fit_is_refused_with_line_and_column() {
    let cases = [
        (
            "a.csv",
            "key,n\na,1\nb,x\n",
            "a.csv:3: column `n`: expected Int, found `x`",
        ),
        (
            "b.csv",
            "key,m\na,1\n",
            "b.csv:1: `facts` has no column `m`; it has `key`, `n`",
        ),
        ("c.csv", "key\na\n", "c.csv:1: column `n` is missing"),
        (
            "d.csv",
            "key,key\na,a\n",
            "d.csv:1: column `key` stands twice in the header",
        ),
        (
            "e.csv",
            "a,1,2\n",
            "e.csv:1: expected 2 fields (`key`, `n`), found 3",
        ),
        (
            "f.facts",
            "a\t1\nb\n",
            "f.facts:2: expected 2 fields (`key`, `n`), found 1",
        ),
        (
            "g.csv",
            "a,9223372036854775808\n",
            "g.csv:1: column `n`: expected Int, found `9223372036854775808`",
        ),
        (
            "h.jsonl",
            "{\"key\":\"a\",\"n\":1}\n{\"key\":\n",
            "h.jsonl:2: column 7: EOF while parsing a value",
        ),
        (
            "i.jsonl",
            "{\"key\":\"a\",\"n\":1.5}\n",
            "i.jsonl:1: column `n`: expected Int, found `1.5`",
        ),
        (
            "j.jsonl",
            "{\"key\":\"a\",\"m\":1}\n",
            "j.jsonl:1: `facts` has no column `m`; it has `key`, `n`",
        ),
        (
            "k.jsonl",
            "{\"key\":\"a\"}\n",
            "k.jsonl:1: column `n` is missing",
        ),
        (
            "l.jsonl",
            "[\"a\"]\n",
            "l.jsonl:1: `facts` has 2 columns, the row has 1",
        ),
        (
            "m.jsonl",
            "3\n",
            "m.jsonl:1: expected a row of `facts` as an object or array, found `3`",
        ),
        (
            "o.csv",
            "\u{0}\u{1},1\nb,\u{2}\n",
            "o.csv:2: column `n`: expected Int, found `\u{2}`",
        ),
    ];
    for (name, text, message) in cases {
        assert_eq!(read_pairs(name, text), Err(message.to_owned()), "{text:?}");
    }
    let garbage = read_pairs("p.csv", b"\xff\xfe\x00,1\n");
    assert_eq!(garbage, Err("p.csv:1: column `key`: not UTF-8".to_owned()));
    let garbage = read_pairs("q.parquet", "this is no parquet").expect_err("it is none");
    assert!(garbage.starts_with("q.parquet: "), "{garbage}");
}

#[test]
fn a_missing_file_is_an_error_with_its_name() {
    let mut types = TypeTable::default();
    let int = types.intern(Type::Int);
    let relation = relation(&[("n", int)]);
    let schema = Schema::new(&types, &relation);
    for format in Format::ALL {
        let error =
            read(&schema, PathBuf::from("/nowhere/at-all"), format).expect_err("it is not there");
        assert!(error.starts_with("at-all: No such file"), "{error}");
    }
}

/// All kinds of type, each over simpler ones.
fn every_type(types: &mut TypeTable) -> Vec<TypeId> {
    let simple = [
        Type::Bool,
        Type::Int,
        Type::Float,
        Type::String,
        Type::Bytes,
        Type::Addr,
        Type::Time,
        Type::Duration,
        Type::Req,
        Type::Or,
        Type::And,
    ];
    let mut all: Vec<TypeId> = simple.into_iter().map(|ty| types.intern(ty)).collect();
    let (int, string, float) = (all[1], all[3], all[2]);
    let field = |name: &str, ty| Field {
        name: name.into(),
        ty,
    };
    let variant = |name: &str, fields| Variant {
        name: name.into(),
        fields,
    };
    let option = |ty| Type::Enum {
        name: "Option".into(),
        variants: vec![
            variant("None", vec![]),
            variant("Some", vec![field("value", ty)]),
        ],
    };
    let max = types.intern(Type::Max(int));
    let min = types.intern(Type::Min(string));
    let option_int = types.intern(option(int));
    let compound = [
        Type::Tuple(vec![int, string]),
        Type::List(string),
        Type::FrozenSet(float),
        Type::FrozenBag(string),
        Type::FrozenMap(string, int),
        Type::FrozenMap(int, string),
        Type::Record {
            name: "R".into(),
            fields: vec![field("a", int), field("b", string)],
        },
        Type::Enum {
            name: "E".into(),
            variants: vec![
                variant("Red", vec![]),
                variant("Dot", vec![field("x", int), field("y", int)]),
            ],
        },
        option(option_int),
        option(string),
        Type::Set(int),
        Type::PosSet(string),
        Type::Bag(int),
        Type::Map(string, max),
        Type::Lex(max, min),
        Type::Lww(int, string),
        Type::Once(int),
        Type::Sealed(max),
        Type::Lattice {
            name: "Cart".into(),
            kind: LatticeKind::Product,
            fields: vec![field("adds", max), field("dels", min)],
        },
    ];
    let tree = types.reserve();
    let trees = types.intern(Type::List(tree));
    let node = vec![field("key", option_int), field("parts", trees)];
    let variants = vec![variant("Leaf", vec![]), variant("Node", node)];
    let name = "Tree".into();
    types.define(tree, Type::Enum { name, variants });
    let red = all_of_enum(types);
    all.extend([max, min, option_int, tree, red]);
    all.extend([option(red), option(tree), option(trees)].map(|ty| types.intern(ty)));
    all.extend(compound.into_iter().map(|ty| types.intern(ty)));
    all
}

/// An enum whose variants have no fields.
fn all_of_enum(types: &mut TypeTable) -> TypeId {
    let variant = |name: &str| Variant {
        name: name.into(),
        fields: Vec::new(),
    };
    types.intern(Type::Enum {
        name: "Colour".into(),
        variants: vec![variant("Red"), variant("Green"), variant("None")],
    })
}

fn value(types: &TypeTable, ty: TypeId) -> BoxedStrategy<Value> {
    value_of(types, ty, 0)
}

/// How deep values of a type that holds itself are drawn.
const DEPTH_MAX: usize = 6;

fn value_of(types: &TypeTable, ty: TypeId, depth: usize) -> BoxedStrategy<Value> {
    let of = |ty: TypeId| value_of(types, ty, depth + 1);
    let fields = |fields: &[Field]| -> BoxedStrategy<Vec<Value>> {
        fields
            .iter()
            .map(|f| value_of(types, f.ty, depth + 1))
            .collect::<Vec<_>>()
            .boxed()
    };
    let bottom = |ty: TypeId| prop_oneof![1 => Just(Value::Bottom), 9 => of(ty)].boxed();
    match types.get(ty) {
        Type::Bool | Type::Or | Type::And => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int => any::<i64>().prop_map(Value::Int).boxed(),
        Type::Time => any::<i64>().prop_map(Value::Time).boxed(),
        Type::Duration => any::<i64>().prop_map(Value::Duration).boxed(),
        Type::Req => any::<i64>().prop_map(Value::Req).boxed(),
        Type::Float => any::<f64>()
            .prop_map(|x| Value::Float(canonical_float(x)))
            .boxed(),
        Type::String => "[\" -~\\n\\t\u{e9}\u{1F338}]{0,6}"
            .prop_map(Value::string)
            .boxed(),
        Type::Addr => "[a-z]{1,4}:[0-9]{1,4}"
            .prop_map(|s| Value::Addr(s.into()))
            .boxed(),
        Type::Bytes => prop::collection::vec(any::<u8>(), 0..5)
            .prop_map(|b| Value::Bytes(b.into()))
            .boxed(),
        Type::Tuple(parts) => {
            let parts: Vec<_> = parts.iter().map(|&ty| of(ty)).collect();
            parts.prop_map(|parts| Value::Tuple(parts.into())).boxed()
        }
        Type::Record { fields: f, .. } | Type::Lattice { fields: f, .. } => fields(f)
            .prop_map(|parts| Value::Tuple(parts.into()))
            .boxed(),
        Type::Lex(a, b) | Type::Lww(a, b) => vec![of(*a), of(*b)]
            .prop_map(|parts| Value::Tuple(parts.into()))
            .boxed(),
        Type::Sealed(inner) => (any::<bool>(), of(*inner))
            .prop_map(|(closed, value)| Value::Tuple(Arc::from([Value::Bool(closed), value])))
            .boxed(),
        Type::List(ty) => prop::collection::vec(of(*ty), 0..4)
            .prop_map(|v| Value::List(v.into()))
            .boxed(),
        Type::Set(ty) | Type::PosSet(ty) | Type::FrozenSet(ty) => {
            prop::collection::vec(of(*ty), 0..4)
                .prop_map(Value::set)
                .boxed()
        }
        Type::Bag(ty) | Type::FrozenBag(ty) => prop::collection::btree_map(of(*ty), 1..9i64, 0..4)
            .prop_map(|map| Value::Bag(map.into_iter().collect()))
            .boxed(),
        Type::Map(k, v) | Type::FrozenMap(k, v) => prop::collection::vec((of(*k), of(*v)), 0..4)
            .prop_map(Value::map)
            .boxed(),
        Type::Enum { variants, .. } => {
            let strategies: Vec<BoxedStrategy<Value>> = (0..)
                .zip(variants)
                .filter(|(_, v)| depth < DEPTH_MAX || v.fields.is_empty())
                .map(|(number, v)| {
                    fields(&v.fields)
                        .prop_map(move |f| Value::Variant(number, f.into()))
                        .boxed()
                })
                .collect();
            prop::strategy::Union::new(strategies).boxed()
        }
        Type::Max(inner) | Type::Min(inner) if types.is_word(*inner) => of(*inner),
        Type::Max(inner) | Type::Min(inner) => bottom(*inner),
        Type::Once(inner) => prop_oneof![
            Just(Value::Variant(0, Arc::from([]))),
            of(*inner).prop_map(|v| Value::Variant(1, Arc::from([v]))),
            Just(Value::Variant(2, Arc::from([]))),
        ]
        .boxed(),
        Type::Function { .. } => unreachable!("no column holds a function"),
    }
}

/// A type and a value of it.
fn typed() -> impl Strategy<Value = (TypeTable, TypeId, Value)> {
    let mut types = TypeTable::default();
    let all = every_type(&mut types);
    let cases: Vec<_> = all
        .into_iter()
        .map(|ty| {
            let types = types.clone();
            value(&types.clone(), ty)
                .prop_map(move |v| (types.clone(), ty, v))
                .boxed()
        })
        .collect();
    prop::strategy::Union::new(cases)
}

proptest! {
    #[test]
    fn json_reads_back_as_the_same_value((types, ty, value) in typed()) {
        let text = serde_json::to_string(&Typed::new(&types, ty, &value)).expect("it has its type");
        let json = serde_json::from_str(&text).expect("it was written as JSON");
        prop_assert_eq!(json::read(&types, ty, &json), Ok(value), "{}", text);
    }
}

#[test]
fn every_format_reads_back_what_it_wrote() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut types = TypeTable::default();
    let all = every_type(&mut types);
    let names: Vec<String> = (0..all.len()).map(|i| format!("c{i}")).collect();
    let columns: Vec<(&str, TypeId)> = names
        .iter()
        .map(String::as_str)
        .zip(all.iter().copied())
        .collect();
    let relation = relation(&columns);
    let schema = Schema::new(&types, &relation);
    let mut runner = TestRunner::deterministic();
    let mut draw = |ty| {
        value(&types, ty)
            .new_tree(&mut runner)
            .expect("it draws")
            .current()
    };
    // A cell cannot tell the bottom of `Min<String>` from the empty string, nor facts a tab from another.
    let plain = |value: Value| match value {
        Value::Bottom => Value::string("low"),
        Value::String(s) => Value::String(s.replace(['\t', '\n'], "~").into()),
        other => other,
    };
    let rows: Vec<Row> = (0..50)
        .map(|_| all.iter().map(|&ty| plain(draw(ty))).collect())
        .collect();
    let folder = Folder::new("formats");
    for format in Format::ALL {
        let path = folder.0.join(format!("facts.{}", format.extension()));
        let count = tables::write(&path, format, &schema, &mut rows.clone().into_iter());
        assert_eq!(count.map_err(|e| e.to_string()), Ok(50));
        let back = read(&schema, path, format).expect("it fits");
        assert_eq!(back.len(), rows.len(), "{format:?}");
        for (column, (name, ty)) in columns.iter().enumerate() {
            for (back, row) in back.iter().zip(&rows) {
                assert_eq!(
                    back[column],
                    row[column],
                    "{format:?} {name} {:?}",
                    types.get(*ty)
                );
            }
        }
    }
    let found: Vec<String> = tables::find(&folder.0)
        .expect("it is there")
        .sources
        .into_iter()
        .map(|s| s.collection)
        .collect();
    assert_eq!(found, vec!["facts"; 5]);
}
