//! Nobody is missing, of whom one row says that they are there: a negation of a negation.
//!
//! In `done{t} <= task{t}, not open{t}` with `open{t} <= task{t}, not report{t}`, where `task` never changes, a
//! row of `open` lacks for one reason only: that there is a row of `report` with the same `t`. So `not open{t}`
//! asks whether there is one, as `report{t}` would, and for what `task` does not name it always holds. Both are the
//! same for a join of contents as for each of them: what is derived over all ticks is derived from all reports
//! together, also where each lives for one tick only.
//!
//! Conditions: one rule derives what is denied, in the same tick; all that it reads is constant but one negated row,
//! and the outer row tells each value by which that one is asked. (Where it does not, several rows must be there at
//! once, of which some may be gone when the others come: see [`super::parent`].)

use crate::calm::body::Known;
use crate::calm::flow::{Atom, Term};
use crate::calm::found::Found;
use crate::calm::model::RuleAt;
use crate::calm::properties::Props;
use crate::hir::{Arrow, CollectionKind};

/// The properties of a negated atom that asks whether there is a row of a third collection: those of the rows there. The
/// body then gives for a join of contents the join of what it gives for each.
pub fn negated_twice(
    known: &Known<'_, '_>,
    rule: RuleAt,
    atom: &Atom,
    found: &Found,
) -> Option<Props> {
    let model = known.model;
    let at = model.place(rule, atom.collection);
    let &[inner] = model.writers(at) else {
        return None;
    };
    let of = model.rule(inner);
    let fits = model.collection(at).kind == CollectionKind::Scratch
        && of.arrow == Arrow::Merge
        && !of.bootstrap
        && !of.chance
        && of.aggregates.is_empty()
        && of.bindings.is_empty()
        && !known.dependencies.has_conflict(at);
    if !fits || model.shape(at).columns.iter().any(|column| column.lattice) {
        return None;
    }
    let is_live = |own: &&Atom| {
        let at = model.place(inner, own.collection);
        !found.place(at).has(Props::CONSTANT)
    };
    let mut live = of.atoms.iter().filter(is_live);
    let (only, None) = (live.next()?, live.next()) else {
        return None;
    };
    let is_told = |term: &Term| match term {
        Term::Any | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => true,
        Term::Var(_) => {
            let mut columns = of.columns.iter().zip(&atom.terms);
            columns.any(|(column, asked)| {
                column == term && !matches!(asked, Term::Any | Term::Of { .. })
            })
        }
        Term::Of { .. } => false,
    };
    let from = model.place(inner, only.collection);
    let columns = model.shape(from).columns.iter().zip(&only.terms);
    let mut plain = columns.map(|(column, term)| !column.lattice || term.is_any());
    if !only.negated || !only.terms.iter().all(is_told) || !plain.all(|plain| plain) {
        return None;
    }
    // Without rows it may hold, too: for what is denied by nothing.
    let props = found.place(from);
    Some(props.without(Props::FADES.with(Props::EMPTY)))
}
