//! Row errors, key conflicts and refused arrivals as rows of `errors`.
//!
//! Reports do not depend on the order in which rows were derived: claims to a key are gathered in
//! sets and told in the order of their values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use bloom_plan::display;
use bloom_plan::plan::{Plan, RelationId, RowError, Slot, VersionId};
use bloom_plan::types::TypeId;
use bloom_plan::value::{Row, Value};
use smol_str::SmolStr;

use crate::api::{Claim, Conflict, ErrorKind, ErrorRow};
use crate::relation::{Clash, Origin};
use crate::store::Store;

const ARRIVAL: &str = "an arrival";
const EARLIER: &str = "before";

/// A row as values.
pub fn values(store: &Store, types: &[TypeId], words: &[u64]) -> Row {
    let columns = types.iter().zip(words);
    columns.map(|(&ty, &word)| store.value(ty, word)).collect()
}

/// `{key: "a", val: 1}`
fn fields<'a>(store: &Store, columns: impl Iterator<Item = (&'a str, TypeId, Value)>) -> String {
    let mut text = String::from("{");
    for (name, ty, value) in columns {
        if text.len() > 1 {
            text.push_str(", ");
        }
        let value = display::value(store.types().table(), ty, &value);
        write!(text, "{name}: {value}").expect("a string takes all text");
    }
    text.push('}');
    text
}

/// `store{key: "a", val: 1}`
fn row_text(store: &Store, plan: &Plan, relation: RelationId, row: &[Value]) -> String {
    let relation = &plan.relations[relation.0 as usize];
    let columns = relation.columns.iter().zip(row);
    let columns = columns.map(|(c, value)| (c.name.as_str(), c.ty, value.clone()));
    format!("{}{}", relation.name, fields(store, columns))
}

fn rule_at(plan: &Plan, origin: Origin) -> SmolStr {
    match origin.as_version() {
        Some(version) => {
            let rule = plan.versions[version.0 as usize].rule;
            plan.rules[rule.0 as usize].at.clone()
        }
        None if origin == Origin::ARRIVAL => SmolStr::new_static(ARRIVAL),
        None => SmolStr::new_static(EARLIER),
    }
}

/// A derivation that ended while these registers of its version were bound.
pub fn row_error(
    store: &Store,
    plan: &Plan,
    version: VersionId,
    registers: &[u64],
    error: RowError,
) -> ErrorRow {
    let version_of = &plan.versions[version.0 as usize];
    let bound = version_of.registers.iter().zip(registers);
    let bound = bound.filter(|(slot, _)| !slot.name.is_empty());
    let column = |(slot, &word): (&'_ Slot, &u64)| (slot.name.clone(), slot.ty, word);
    let mut bound: Vec<(SmolStr, TypeId, u64)> = bound.map(column).collect();
    // In which order they were bound is the plan's affair.
    bound.sort();
    let columns = bound
        .iter()
        .map(|(name, ty, word)| (name.as_str(), *ty, store.value(*ty, *word)));
    ErrorRow {
        rule: rule_at(plan, Origin::version(version)),
        message: error.message().to_owned(),
        row: fields(store, columns),
        kind: ErrorKind::RowError,
    }
}

/// A head row that did not come about: its group's aggregate or its lattices' join failed.
pub fn head_error(
    store: &Store,
    plan: &Plan,
    relation: RelationId,
    row: &[(usize, u64)],
    origin: Origin,
    error: RowError,
) -> ErrorRow {
    let declaration = &plan.relations[relation.0 as usize];
    let columns = row.iter().map(|&(place, word)| {
        let column = &declaration.columns[place];
        (
            column.name.as_str(),
            column.ty,
            store.value(column.ty, word),
        )
    });
    ErrorRow {
        rule: rule_at(plan, origin),
        message: error.message().to_owned(),
        row: format!("{}{}", declaration.name, fields(store, columns)),
        kind: ErrorKind::RowError,
    }
}

/// An arrival that does not fit its collection.
pub fn refused(
    store: &Store,
    types: &[TypeId],
    collection: &str,
    row: &[Value],
    message: impl std::fmt::Display,
) -> ErrorRow {
    ErrorRow {
        rule: SmolStr::new_static(ARRIVAL),
        message: format!("refused a row of `{collection}`: {message}"),
        row: display::row(store.types().table(), types, row).to_string(),
        kind: ErrorKind::Refused,
    }
}

/// A row with where it is from.
type OwnedRow = (Vec<u64>, Origin);

/// For each relation and key, who claims what.
type Claims = BTreeMap<(RelationId, Vec<u64>), BTreeSet<OwnedRow>>;

/// Key conflicts of a tick. Hardly any has some, so none cost nothing to make, to hand on and to drop.
#[derive(Clone, Debug, Default)]
pub struct Conflicts {
    claims: Option<Box<Claims>>,
}

impl Conflicts {
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.claims.is_none()
    }

    pub fn add(&mut self, relation: RelationId, key: Vec<u64>, clash: Clash) {
        let all = self.claims.get_or_insert_default();
        all.entry((relation, key)).or_default().extend(clash.claims);
    }

    #[inline]
    pub fn append(&mut self, other: Conflicts) {
        let Some(others) = other.claims else {
            return;
        };
        let all = self.claims.get_or_insert_default();
        for (key, claims) in *others {
            all.entry(key).or_default().extend(claims);
        }
    }

    /// One report for each new row in conflict, sorted; with the row it is told against.
    pub fn report(&self, store: &Store, plan: &Plan) -> Vec<(Conflict, ErrorRow)> {
        let mut reports = Vec::new();
        for ((relation, _), claims) in self.claims.iter().flat_map(|all| all.iter()) {
            let declaration = &plan.relations[relation.0 as usize];
            let types: Vec<TypeId> = declaration.columns.iter().map(|c| c.ty).collect();
            let mut claims: Vec<(Claim, Origin)> = claims
                .iter()
                .map(|(words, origin)| {
                    let row = values(store, &types, words);
                    let text = row_text(store, plan, *relation, &row);
                    let origin_text = rule_at(plan, *origin);
                    let claim = Claim {
                        row,
                        text,
                        origin: origin_text,
                    };
                    (claim, *origin)
                })
                .collect();
            // What was there before comes first: all others are told against it.
            claims.sort_by(|a, b| {
                let is_new = |origin: Origin| origin != Origin::EARLIER;
                (is_new(a.1), &a.0.row, &a.0.origin).cmp(&(is_new(b.1), &b.0.row, &b.0.origin))
            });
            for (place, (claim, origin)) in claims.iter().enumerate() {
                if *origin == Origin::EARLIER {
                    continue;
                }
                let Some((other, _)) = claims.iter().find(|(c, _)| c.row != claim.row) else {
                    continue;
                };
                let (first, second) = match place {
                    0 => (claim.clone(), other.clone()),
                    _ => (other.clone(), claim.clone()),
                };
                let conflict = Conflict {
                    collection: declaration.name.clone(),
                    first,
                    second,
                };
                let error = ErrorRow {
                    rule: claim.origin.clone(),
                    message: conflict.to_string(),
                    row: claim.text.clone(),
                    kind: ErrorKind::KeyConflict,
                };
                reports.push((conflict, error));
            }
        }
        reports.sort_by(|a, b| (&a.0.collection, &a.1).cmp(&(&b.0.collection, &b.1)));
        reports
    }
}
