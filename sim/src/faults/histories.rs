//! The histories that a deployment may have, and what checkers say of them.
//!
//! A formula says under which faults each row of a history is there; whether a history is consistent is no formula.
//! So the search asks the solver for one history after the other, as a solver modulo theories does (DPLL(T):
//! Nieuwenhuis, Oliveras and Tinelli, 2006): each is checked once, and if it is good, no other faults that lead to
//! it are looked at. There are far fewer histories than sets of faults.

use std::collections::BTreeMap;

use bloom_plan::testing::{Checker, HistoryRelation};
use smol_str::SmolStr;

use super::circuit::{Circuit, Lit};
use crate::history::recorder::{Recorder, Seen};
use crate::watch::Broken;

/// Histories of one test that are checked, past which a search gives up.
pub const HISTORIES_MAX: usize = 20_000;

/// What a spec with checkers may see.
#[derive(Clone, Debug)]
pub struct Histories {
    pub spec: SmolStr,
    pub checkers: Vec<Checker>,
    /// By tick, the rows of its relations.
    pub rows: Vec<(u32, Seen, Lit)>,
    /// Whether each node is up in the last tick.
    pub up: Vec<(SmolStr, Lit)>,
    pub last: u32,
}

impl Histories {
    /// The history under an assignment, and what is wrong with it.
    pub fn broken(&self, holds: impl Fn(Lit) -> bool) -> Result<Vec<Broken>, String> {
        let mut recorder = Recorder::default();
        let there = self.rows.iter().filter(|(_, _, lit)| holds(*lit));
        for (tick, row, _) in there.clone() {
            recorder.see(*tick, [row.clone()]);
        }
        let last: Vec<Seen> = there
            .filter(|(tick, _, _)| *tick == self.last)
            .map(|(_, row, _)| row.clone())
            .collect();
        let up = self.up.iter().filter(|(_, lit)| holds(*lit));
        let up: Vec<SmolStr> = up.map(|(name, _)| name.clone()).collect();
        let mut broken = Vec::new();
        for &checker in &self.checkers {
            let found = recorder
                .broken(checker, &last, &up)
                .map_err(|why| format!("spec `{}`: {why}", self.spec))?;
            broken.extend(found.map(|what| (self.spec.clone(), what, self.last)));
        }
        Ok(broken)
    }

    /// Why the checkers say nothing of the history under an assignment.
    pub fn vacuous(&self, holds: impl Fn(Lit) -> bool) -> Option<String> {
        let has = |relation: HistoryRelation| {
            let mut rows = self.rows.iter();
            rows.any(|(_, (of, _), lit)| *of == relation && holds(*lit))
        };
        let spec = &self.spec;
        self.checkers.iter().find_map(|checker| match checker {
            Checker::Linearizable | Checker::Sequential | Checker::Causal => {
                let answered = has(HistoryRelation::Got) || has(HistoryRelation::Missed);
                (!answered).then(|| {
                    format!("without faults, no read in the history of spec `{spec}` is answered")
                })
            }
            Checker::Converges => (!has(HistoryRelation::Holds)).then(|| {
                format!("without faults, no replica of spec `{spec}` holds anything at the end")
            }),
        })
    }

    /// Literals that determine what checkers say: of each row, whether it was seen by each tick; and what is there
    /// at the end.
    pub fn determining(&self, circuit: &mut Circuit) -> Vec<Lit> {
        let mut seen: BTreeMap<&Seen, Lit> = BTreeMap::new();
        let mut all = Vec::new();
        let converges = self.checkers.contains(&Checker::Converges);
        for (tick, row, lit) in &self.rows {
            let by_now = seen.entry(row).or_insert(Lit::FALSE);
            *by_now = circuit.or([*by_now, *lit]);
            all.push(*by_now);
            if converges && *tick == self.last {
                all.push(*lit);
            }
        }
        if converges {
            all.extend(self.up.iter().map(|(_, lit)| *lit));
        }
        all.retain(|lit| lit.gate() != Lit::TRUE.gate());
        all.sort_unstable();
        all.dedup();
        all
    }
}
