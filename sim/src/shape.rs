//! How rows of a relation are told apart, for whoever evaluates a tick again: by their key columns; of one key, plain
//! values must be equal and lattice values join. This is the runtime's merging (`bloom_runtime`), which keeps its own.

use bloom_plan::plan::{self, Role, RowError};
use bloom_plan::types::TypeId;
use bloom_runtime::Interpreter;
use smol_str::SmolStr;

pub type Words = Box<[u64]>;

/// The places of a relation's columns, by their roles.
#[derive(Clone, Debug)]
pub struct Shape {
    pub name: SmolStr,
    pub keys: Vec<usize>,
    pub plain: Vec<usize>,
    pub lattices: Vec<(usize, TypeId)>,
}

impl Shape {
    pub fn new(relation: &plan::Relation) -> Shape {
        let columns = relation.columns.iter().enumerate();
        let of_role = |role: Role| {
            let columns = columns.clone().filter(move |(_, c)| c.role == role);
            columns.map(|(place, column)| (place, column.ty))
        };
        Shape {
            name: relation.name.clone(),
            keys: of_role(Role::Key).map(|c| c.0).collect(),
            plain: of_role(Role::Value).map(|c| c.0).collect(),
            lattices: of_role(Role::Lattice).collect(),
        }
    }

    /// Whether the key is the whole row.
    pub fn is_set(&self) -> bool {
        self.plain.is_empty() && self.lattices.is_empty()
    }

    pub fn key(&self, row: &[u64]) -> Words {
        self.keys.iter().map(|&column| row[column]).collect()
    }

    pub fn same_plain(&self, a: &[u64], b: &[u64]) -> bool {
        self.plain.iter().all(|&column| a[column] == b[column])
    }

    /// The join of rows with one key and equal plain values.
    pub fn join(
        &self,
        interpreter: &mut Interpreter,
        a: &[u64],
        b: &[u64],
    ) -> Result<Words, RowError> {
        let mut joined: Words = a.into();
        for &(column, ty) in &self.lattices {
            joined[column] = interpreter.join(ty, a[column], b[column])?;
        }
        Ok(joined)
    }
}
