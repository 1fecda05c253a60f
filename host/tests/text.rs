//! Text in files of rows: every string is read back as it was written, or refused when it is written.

use std::path::Path;

use bloom_host::schema::{Schema, whole};
use bloom_host::tables::{self, Format};
use bloom_plan::plan::{Column, Delivery, Relation, RelationKind, Role};
use bloom_plan::types::{Type, TypeTable};
use bloom_plan::value::{Row, Value};

/// A collection `s(s: String)`.
fn strings() -> (TypeTable, Relation) {
    let mut types = TypeTable::default();
    let column = Column {
        name: "s".into(),
        ty: types.intern(Type::String),
        role: Role::Key,
        default: None,
    };
    let relation = Relation {
        name: "s".into(),
        kind: RelationKind::Input,
        columns: vec![column],
        immutable: false,
        sealed_by: Vec::new(),
        delivery: Delivery::Free,
        public: true,
    };
    (types, relation)
}

fn read(schema: &Schema<'_>, path: &Path, format: Format) -> Vec<Row> {
    let mut rows = Vec::new();
    let read = tables::read(path, format, schema, &mut |mut given| {
        rows.push(whole(&mut given).expect("every column is given"));
        Ok(())
    });
    read.expect("it fits");
    rows
}

#[test]
fn text_alone_in_its_row_is_read_back() {
    let (types, relation) = strings();
    let schema = Schema::new(&types, &relation);
    let texts = ["", "\"", "\"\"", "\"a\"b", "s", " ", "'", "\\", "()", "a,b"];
    let rows: Vec<Row> = texts
        .iter()
        .map(|text| vec![Value::string(*text)])
        .collect();
    let folder = std::env::temp_dir().join(format!("bloom-alone-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder takes folders");
    for format in Format::ALL {
        let path = folder.join(format!("s.{}", format.extension()));
        tables::write(&path, format, &schema, &mut rows.clone().into_iter())
            .expect("it can hold it");
        assert_eq!(read(&schema, &path, format), rows, "{format:?}");
    }
}

#[test]
fn what_tabs_cannot_hold_is_refused() {
    let (types, relation) = strings();
    let schema = Schema::new(&types, &relation);
    let folder = std::env::temp_dir();
    for format in [Format::Tsv, Format::Facts] {
        for text in ["a\tb", "a\nb", "a\r"] {
            let path = folder.join(format!("bloom-cannot-{}", std::process::id()));
            let mut rows = std::iter::once(vec![Value::string(text)]);
            let refused = tables::write(&path, format, &schema, &mut rows);
            let message = refused.expect_err("no quote hides it").to_string();
            assert!(
                message.contains("column `s`: a tab or the end of a line"),
                "{message}"
            );
        }
    }
}
