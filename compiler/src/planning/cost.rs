//! The order of a version's literals by what they cost, where sizes are known.
//!
//! Left-deep orders by dynamic programming over sets of literals (Selinger et al. 1979), of all that find rows:
//! atoms, elements, ranges. What only tells rows apart is placed as soon as it can be, as ever. A join's size
//! is |A| · |B| / Π max(V(A, c), V(B, c)) over the columns c in common, where V counts different values.
//! Costs are in rows looked at; an index has to be built by someone, so a look-up counts the rows that go into
//! it, too. Estimates only choose among orders that mean the same.

use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::{CompareOp, Expr, Extent, Plan, Register, RelationId, Role};
use bloom_plan::statistics::Statistics;

use super::indexes::{columns_to_probe, determines_row};
use crate::rir::{Literal, Rule};

/// Up to so many literals that find rows all orders are compared; beyond, the next is the one that leaves the
/// fewest rows.
const COMPARED_MAX: usize = 8;
/// Literals of a rule that is looked at at all.
const LITERALS_MAX: usize = 64;

/// Looking a key up, in rows that are gone through.
const LOOK_UP_COST: f64 = 4.0;
/// Putting a row into an index, in the same.
const INDEXED_COST: f64 = 5.0;
/// What of rows passes a comparison, an equality, a `not`.
const COMPARISON_SHARE: f64 = 0.4;
const EQUALITY_SHARE: f64 = 0.1;
const NOT_SHARE: f64 = 0.5;
/// Elements of a list, numbers of a range.
const ELEMENTS: f64 = 8.0;

/// What is put in order.
pub(super) struct Join<'j> {
    pub plan: &'j Plan,
    pub fallible: &'j Fallible,
    pub statistics: &'j dyn Statistics,
    pub rule: &'j Rule,
    /// The literal that comes first whatever it costs.
    pub first: Option<usize>,
    /// By literal: which rows it reads.
    pub extents: &'j [Extent],
    /// By literal: those that must come before it.
    pub after: &'j [Vec<usize>],
}

/// An order, and what it costs.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The literals that find rows, but for the first.
    pub literals: Vec<usize>,
    pub cost: f64,
}

/// What is known once some literals are placed.
#[derive(Clone)]
struct State {
    placed: u64,
    rows: f64,
    cost: f64,
    /// By variable: how many values it has, if it is bound.
    values: Vec<Option<f64>>,
    order: Vec<usize>,
}

impl Join<'_> {
    /// The best order; none if there is nothing to choose.
    pub(super) fn best(&self) -> Option<Order> {
        let movers = self.movers()?;
        let start = self.start();
        let last = match movers.len() <= COMPARED_MAX {
            true => self.best_of_all(&movers, start),
            false => self.step_by_step(&movers, start),
        }?;
        Some(Order {
            literals: last.order,
            cost: last.cost,
        })
    }

    /// What an order costs; none if it is not possible.
    pub(super) fn cost_of(&self, order: &[usize]) -> Option<f64> {
        let mut state = self.start();
        for &literal in order {
            if !self.is_ready(&state, literal) {
                return None;
            }
            self.place(&mut state, literal);
        }
        Some(state.cost)
    }

    /// The literals that an order is about: they find rows, and cannot fail.
    fn movers(&self) -> Option<Vec<usize>> {
        let count = self.rule.literals.len();
        if count > LITERALS_MAX {
            return None;
        }
        let moves = |&place: &usize| Some(place) != self.first && self.finds(place);
        let movers: Vec<usize> = (0..count).filter(moves).collect();
        let enough = movers.len() >= 2;
        enough.then_some(movers)
    }

    fn finds(&self, place: usize) -> bool {
        let literal = &self.rule.literals[place];
        let finds = match literal {
            Literal::Atom { .. } | Literal::Each { .. } | Literal::Range { .. } => true,
            Literal::Not { .. } | Literal::Condition(_) | Literal::Let { .. } => false,
        };
        finds && !self.fails(literal)
    }

    fn fails(&self, literal: &Literal) -> bool {
        literal
            .inputs()
            .into_iter()
            .any(|input| self.fallible.expr(input))
    }

    fn best_of_all(&self, movers: &[usize], start: State) -> Option<State> {
        let mut best: Vec<Option<State>> = vec![None; 1 << movers.len()];
        best[0] = Some(start);
        for set in 0..best.len() {
            let Some(state) = best[set].take() else {
                continue;
            };
            if set + 1 == best.len() {
                return Some(state);
            }
            for (bit, &mover) in movers.iter().enumerate() {
                if set & 1 << bit != 0 || !self.is_ready(&state, mover) {
                    continue;
                }
                let mut next = state.clone();
                self.place(&mut next, mover);
                let there = &mut best[set | 1 << bit];
                if there.as_ref().is_none_or(|there| next.cost < there.cost) {
                    *there = Some(next);
                }
            }
        }
        None
    }

    fn step_by_step(&self, movers: &[usize], start: State) -> Option<State> {
        let mut state = start;
        let mut left = movers.to_vec();
        while !left.is_empty() {
            let ready = left.iter().filter(|&&mover| self.is_ready(&state, mover));
            let nexts = ready.map(|&mover| {
                let mut next = state.clone();
                self.place(&mut next, mover);
                (mover, next)
            });
            let by_cost = |a: &(usize, State), b: &(usize, State)| {
                let key = |s: &State| s.rows + s.cost;
                key(&a.1).total_cmp(&key(&b.1))
            };
            let (mover, next) = nexts.min_by(by_cost)?;
            left.retain(|&other| other != mover);
            state = next;
        }
        Some(state)
    }

    fn start(&self) -> State {
        let mut state = State {
            placed: 0,
            rows: 1.0,
            cost: 0.0,
            values: vec![None; self.rule.variables.len()],
            order: Vec::new(),
        };
        match self.first {
            Some(first) => {
                self.place(&mut state, first);
                state.order.clear();
            }
            None => self.settle(&mut state),
        }
        state
    }

    fn is_ready(&self, state: &State, place: usize) -> bool {
        let bound = |variable: Register| state.values[variable.0 as usize].is_some();
        let needs = self.rule.literals[place].needs();
        let after = self.after.get(place).map_or(&[][..], Vec::as_slice);
        needs.into_iter().all(bound) && after.iter().all(|&before| state.placed >> before & 1 == 1)
    }

    /// Places a literal that finds rows, and all that can be told after it.
    fn place(&self, state: &mut State, place: usize) {
        match &self.rule.literals[place] {
            Literal::Atom { relation, columns } => self.atom(state, place, *relation, columns),
            literal => {
                state.rows *= ELEMENTS;
                state.cost += state.rows;
                for variable in literal.binds() {
                    state.values[variable.0 as usize].get_or_insert(ELEMENTS);
                }
            }
        }
        state.placed |= 1 << place;
        state.order.push(place);
        self.settle(state);
    }

    /// Places what only tells rows apart, as far as it is ready and cannot fail.
    fn settle(&self, state: &mut State) {
        loop {
            let open = |&place: &usize| {
                state.placed >> place & 1 == 0
                    && Some(place) != self.first
                    && self.is_ready(state, place)
            };
            let next = (0..self.rule.literals.len()).filter(open).find(|&place| {
                let literal = &self.rule.literals[place];
                !self.finds(place) && !self.fails(literal)
            });
            let Some(place) = next else {
                return;
            };
            state.placed |= 1 << place;
            match &self.rule.literals[place] {
                Literal::Condition(Expr::Compare(CompareOp::Eq, ..)) => {
                    state.rows *= EQUALITY_SHARE;
                }
                Literal::Condition(_) => state.rows *= COMPARISON_SHARE,
                Literal::Let { guard, bind } => {
                    if guard.is_some() {
                        state.rows *= NOT_SHARE;
                    }
                    for (variable, _) in bind {
                        let rows = state.rows.max(1.0);
                        state.values[variable.0 as usize].get_or_insert(rows);
                    }
                }
                Literal::Not { .. } => {
                    state.cost += state.rows * LOOK_UP_COST;
                    state.rows *= NOT_SHARE;
                }
                Literal::Atom { .. } | Literal::Each { .. } | Literal::Range { .. } => {
                    unreachable!("what finds rows is no test")
                }
            }
        }
    }

    fn atom(
        &self,
        state: &mut State,
        place: usize,
        relation: RelationId,
        columns: &[Option<Expr>],
    ) {
        let extent = self.extents.get(place).copied().unwrap_or(Extent::Total);
        let declared = &self.plan.relations[relation.0 as usize];
        let rows = self.statistics.rows(relation).max(1) as f64;
        let is_known = |column: &u32| match &columns[*column as usize] {
            None => false,
            Some(Expr::Register(variable)) => state.values[variable.0 as usize].is_some(),
            Some(_) => true,
        };
        let known: Vec<u32> = (0..columns.len() as u32).filter(is_known).collect();
        let probed = match extent {
            Extent::Total | Extent::Before | Extent::Founded => columns_to_probe(declared, &known),
            Extent::Delta => Vec::new(),
        };
        let plain = |column: &&u32| declared.columns[**column as usize].role != Role::Lattice;
        let matched: Vec<u32> = known.iter().filter(plain).copied().collect();
        let mut found = match matched.is_empty() {
            true => rows,
            false => rows / self.values_of(relation, &matched, rows),
        };
        for &column in &matched {
            if let Some(Expr::Register(variable)) = &columns[column as usize]
                && let Some(wanted) = state.values[variable.0 as usize]
            {
                let there = self.values_of(relation, &[column], rows);
                found *= (there / wanted).min(1.0);
            }
        }
        state.cost += match probed.is_empty() {
            true => state.rows * rows,
            false if determines_row(declared, &probed) => state.rows * LOOK_UP_COST,
            false => state.rows * LOOK_UP_COST + rows * INDEXED_COST,
        };
        // Of rows of which nothing more is wanted one is enough.
        let wants =
            |(column, value): (u32, &Option<Expr>)| value.is_some() && !known.contains(&column);
        if !(0..).zip(columns).any(wants) {
            found = found.min(1.0);
        }
        for (column, value) in (0..).zip(columns) {
            if let Some(Expr::Register(variable)) = value {
                let there = self.values_of(relation, &[column], rows);
                let values = &mut state.values[variable.0 as usize];
                *values = Some(values.map_or(there, |values| values.min(there)));
            }
        }
        state.rows *= found;
        state.cost += state.rows;
    }

    fn values_of(&self, relation: RelationId, columns: &[u32], rows: f64) -> f64 {
        let declared = &self.plan.relations[relation.0 as usize];
        if determines_row(declared, columns) {
            return rows;
        }
        let values = self.statistics.distinct(relation, columns);
        (values as f64).clamp(1.0, rows)
    }
}
