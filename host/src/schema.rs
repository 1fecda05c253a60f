//! What a file or message of rows must look like: a relation of a plan, and its types.

use bloom_plan::plan::{Plan, Relation};
use bloom_plan::types::TypeTable;
use bloom_plan::value::{Row, Value};
pub use bloom_store::shape::type_name;
use serde::ser::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::json::{Mismatch, Typed, read};

/// A relation as the outside sees it.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'a> {
    pub types: &'a TypeTable,
    pub relation: &'a Relation,
}

/// A row from outside. A column that is left out has a default, which the node knows
/// (`Node::complete`).
pub type GivenRow = Vec<Option<Value>>;

/// The row, if no column is left out.
pub fn whole(given: &mut GivenRow) -> Option<Row> {
    given
        .iter()
        .all(Option::is_some)
        .then(|| std::mem::take(given).into_iter().flatten().collect())
}

/// Why something is no row of a collection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowMismatch {
    #[error("expected a row of `{0}` as an object or array, found `{1}`")]
    NoRow(String, String),
    #[error("`{collection}` has no column `{column}`; it has {known}")]
    UnknownColumn {
        collection: String,
        column: String,
        known: String,
    },
    #[error("column `{0}` is missing")]
    MissingColumn(String),
    #[error("`{collection}` has {expected} columns, the row has {found}")]
    Count {
        collection: String,
        expected: usize,
        found: usize,
    },
    #[error("column `{column}`: {mismatch}")]
    Column { column: String, mismatch: Mismatch },
}

impl<'a> Schema<'a> {
    pub fn new(types: &'a TypeTable, relation: &'a Relation) -> Self {
        Self { types, relation }
    }

    /// The schema of the plan's relation called `name`.
    pub fn of_plan(plan: &'a Plan, name: &str) -> Option<Self> {
        let relation = plan
            .relations
            .iter()
            .find(|relation| relation.name == name)?;
        Some(Self::new(&plan.types, relation))
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.relation
            .columns
            .iter()
            .position(|column| column.name == name)
    }

    /// Names of the columns, for messages.
    pub fn column_names(&self) -> String {
        let names: Vec<String> = self
            .relation
            .columns
            .iter()
            .map(|c| format!("`{}`", c.name))
            .collect();
        if names.is_empty() {
            "no columns".into()
        } else {
            names.join(", ")
        }
    }

    pub fn unknown_column(&self, column: &str) -> RowMismatch {
        RowMismatch::UnknownColumn {
            collection: self.relation.name.to_string(),
            column: column.to_owned(),
            known: self.column_names(),
        }
    }

    /// Refuses to leave out a column that has no default.
    pub fn may_be_left_out(&self, column: usize) -> Result<(), RowMismatch> {
        let column = &self.relation.columns[column];
        match column.default {
            Some(_) => Ok(()),
            None => Err(RowMismatch::MissingColumn(column.name.to_string())),
        }
    }

    /// A row from an object by column name, or an array by position.
    pub fn row_of_json(&self, json: &Json) -> Result<GivenRow, RowMismatch> {
        let columns = &self.relation.columns;
        let value = |column: usize, json: &Json| {
            let value = read(self.types, columns[column].ty, json);
            value.map(Some).map_err(|mismatch| RowMismatch::Column {
                column: columns[column].name.to_string(),
                mismatch,
            })
        };
        match json {
            Json::Object(object) => {
                if let Some(unknown) = object.keys().find(|key| self.column(key).is_none()) {
                    return Err(self.unknown_column(unknown));
                }
                (0..columns.len())
                    .map(|i| match object.get(columns[i].name.as_str()) {
                        Some(json) => value(i, json),
                        None => self.may_be_left_out(i).map(|()| None),
                    })
                    .collect()
            }
            Json::Array(array) if array.len() == columns.len() => array
                .iter()
                .enumerate()
                .map(|(i, json)| value(i, json))
                .collect(),
            Json::Array(array) => Err(RowMismatch::Count {
                collection: self.relation.name.to_string(),
                expected: columns.len(),
                found: array.len(),
            }),
            // A collection of one column may be fed bare values.
            _ if columns.len() == 1 => value(0, json).map(|value| vec![value]),
            _ => Err(RowMismatch::NoRow(
                self.relation.name.to_string(),
                json.to_string(),
            )),
        }
    }

    /// The row as a JSON object by column name.
    pub fn json_of_row<'b>(&'b self, row: &'b [Value]) -> JsonRow<'b> {
        JsonRow {
            types: self.types,
            relation: self.relation,
            row,
        }
    }
}

/// Serializes as an object, columns in declared order.
#[derive(Clone, Copy)]
pub struct JsonRow<'a> {
    types: &'a TypeTable,
    relation: &'a Relation,
    row: &'a [Value],
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(
            self.relation
                .columns
                .iter()
                .zip(self.row)
                .map(|(c, v)| (c.name.as_str(), Typed::new(self.types, c.ty, v))),
        )
    }
}
