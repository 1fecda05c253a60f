//! What a file or message of rows must look like: a relation of a plan, and its types.

use std::fmt::Write;

use bloom_plan::plan::{Plan, Relation};
use bloom_plan::types::{Field, Type, TypeId, TypeTable};
use bloom_plan::value::{Row, Value};
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

/// A type as users write it.
pub fn type_name(types: &TypeTable, ty: TypeId) -> String {
    let mut text = String::new();
    write_type(&mut text, types, ty, None);
    text
}

/// A type with the definitions of all that it names: equal texts have equal values.
pub(crate) fn type_shape(types: &TypeTable, ty: TypeId) -> String {
    let mut text = String::new();
    write_type(&mut text, types, ty, Some(&mut Vec::new()));
    text
}

/// With `around`, the types that the definition being written stands in, definitions are written too;
/// one that leads back to itself is a name there.
fn write_type(
    out: &mut String,
    types: &TypeTable,
    ty: TypeId,
    mut around: Option<&mut Vec<TypeId>>,
) {
    let mut generic = |name: &str, arguments: &[TypeId]| {
        out.push_str(name);
        for (i, &argument) in arguments.iter().enumerate() {
            out.push_str(if i == 0 { "<" } else { ", " });
            write_type(out, types, argument, around.as_deref_mut());
        }
        out.push('>');
    };
    match types.get(ty) {
        Type::Bool => out.push_str("Bool"),
        Type::Int => out.push_str("Int"),
        Type::Float => out.push_str("Float"),
        Type::String => out.push_str("String"),
        Type::Bytes => out.push_str("Bytes"),
        Type::Addr => out.push_str("Addr"),
        Type::Time => out.push_str("Time"),
        Type::Duration => out.push_str("Duration"),
        Type::Req => out.push_str("Req"),
        Type::Or => out.push_str("Or"),
        Type::And => out.push_str("And"),
        Type::Tuple(parts) => {
            out.push('(');
            for (i, &part) in parts.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_type(out, types, part, around.as_deref_mut());
            }
            out.push(')');
        }
        Type::Record { name, fields } | Type::Lattice { name, fields, .. } => {
            out.push_str(name);
            if let Some(around) = around.filter(|around| !around.contains(&ty)) {
                around.push(ty);
                write_fields(out, types, fields, around);
                around.pop();
            }
        }
        Type::Enum { name, variants } => {
            out.push_str(name);
            let Some(around) = around.filter(|around| !around.contains(&ty)) else {
                return;
            };
            around.push(ty);
            for (i, variant) in variants.iter().enumerate() {
                out.push_str(if i == 0 { " = " } else { " | " });
                out.push_str(&variant.name);
                write_fields(out, types, &variant.fields, around);
            }
            around.pop();
        }
        Type::List(a) => generic("List", &[*a]),
        Type::FrozenSet(a) => generic("FrozenSet", &[*a]),
        Type::FrozenBag(a) => generic("FrozenBag", &[*a]),
        Type::FrozenMap(a, b) => generic("FrozenMap", &[*a, *b]),
        Type::Max(a) => generic("Max", &[*a]),
        Type::Min(a) => generic("Min", &[*a]),
        Type::Set(a) => generic("Set", &[*a]),
        Type::PosSet(a) => generic("PosSet", &[*a]),
        Type::Bag(a) => generic("Bag", &[*a]),
        Type::Map(a, b) => generic("Map", &[*a, *b]),
        Type::Lex(a, b) => generic("Lex", &[*a, *b]),
        Type::Lww(a, b) => generic("Lww", &[*a, *b]),
        Type::Once(a) => generic("Once", &[*a]),
        Type::Sealed(a) => generic("Sealed", &[*a]),
        Type::Function { .. } => write!(out, "function").expect("writing to a string never fails"),
    }
}

fn write_fields(out: &mut String, types: &TypeTable, fields: &[Field], around: &mut Vec<TypeId>) {
    out.push_str(" {");
    for (i, field) in fields.iter().enumerate() {
        out.push_str(if i == 0 { " " } else { ", " });
        out.push_str(&field.name);
        out.push_str(": ");
        write_type(out, types, field.ty, Some(around));
    }
    out.push_str(" }");
}
