//! What is known of places, and what is taken to hold while it is looked at.
//!
//! Of claims that rest on each other, all hold if none of them is refuted: the greatest fixpoint. One that is looked at
//! is taken to hold, and what was found to hold meanwhile may rest on it; if it is refuted, that is forgotten and found
//! again when it is asked for. What is refuted stays so. Thus the answers are the same in whatever order they are asked
//! for.
//!
//! Claims are kept from one program to the next with the topics that were asked about when each was looked for. Where one
//! of these changes, the claim is forgotten, and with it what asked about its place.

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Span;
use crate::calm::asking::{Address, Noted, Topic};
use crate::calm::model::At;

/// What can be claimed of a place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Claim {
    /// Each key has one list of plain values over the whole run.
    Lasts(At),
    /// No two derivations give one key two lists of plain values.
    Agrees(At, Span),
}

#[derive(Debug, Default)]
pub struct Claims(RefCell<Inner>);

#[derive(Debug, Default)]
struct Inner {
    known: FxHashMap<Claim, Belief>,
    /// What holds as long as something that is looked at does, in the order in which it was found.
    trail: Vec<Claim>,
    open: Vec<Open>,
    /// What was noted when claims were looked for.
    noted: FxHashMap<Claim, Noted>,
    /// The other way round: the claims for which a topic was asked about.
    asked_for: FxHashMap<Topic, Vec<Claim>>,
}

#[derive(Clone, Copy, Debug)]
struct Belief {
    holds: bool,
    /// The first of the open claims on which it rests, by place.
    rests_on: usize,
}

/// A claim that is looked at.
#[derive(Debug)]
struct Open {
    claim: Claim,
    /// How long the trail was.
    trail: usize,
    rests_on: usize,
}

/// For what rests on no open claim.
const NOTHING: usize = usize::MAX;

impl Claim {
    pub const fn place(self) -> At {
        match self {
            Claim::Lasts(at) | Claim::Agrees(at, _) => at,
        }
    }
}

impl Claims {
    /// Whether the claim holds, which is looked for if it is not known.
    pub fn hold(&self, claim: Claim, find: impl FnOnce() -> bool) -> bool {
        if let Some(known) = self.0.borrow_mut().ask(claim) {
            return known;
        }
        self.0.borrow_mut().begin(claim);
        let holds = find();
        self.0.borrow_mut().end(holds);
        holds
    }

    /// Keeps what was noted when the claim was looked for.
    pub fn note(&self, claim: Claim, noted: Noted) {
        let Inner {
            noted: all,
            asked_for,
            ..
        } = &mut *self.0.borrow_mut();
        let known = all.entry(claim).or_default();
        for topic in noted.topics {
            if !known.topics.contains(&topic) {
                known.topics.push(topic);
                asked_for.entry(topic).or_default().push(claim);
            }
        }
        known.told_apart = noted.told_apart;
    }

    /// Forgets what may be otherwise where something else is known of these topics: gives those claims, and whether they
    /// held.
    pub fn forget(&self, changed: &[Topic]) -> Vec<(Claim, bool)> {
        let inner = &mut *self.0.borrow_mut();
        let mut open = changed.to_vec();
        let mut forgotten = Vec::new();
        while let Some(topic) = open.pop() {
            for claim in inner.asked_for.remove(&topic).unwrap_or_default() {
                if let Some(noted) = inner.noted.get_mut(&claim) {
                    noted.topics.retain(|&other| other != topic);
                }
                if let Some(belief) = inner.known.remove(&claim) {
                    forgotten.push((claim, belief.holds));
                }
                open.push(Topic::facts(claim.place()));
            }
        }
        forgotten
    }

    /// Rules of which a literal in a test told something apart.
    pub fn told_apart(&self, all: &mut FxHashSet<Address>) {
        let inner = self.0.borrow();
        all.extend(inner.noted.values().flat_map(|noted| &noted.told_apart));
    }
}

impl Inner {
    fn ask(&mut self, claim: Claim) -> Option<bool> {
        let belief = *self.known.get(&claim)?;
        self.rest_on(belief.rests_on);
        Some(belief.holds)
    }

    /// What is looked at rests on an open claim.
    fn rest_on(&mut self, place: usize) {
        if let Some(asking) = self.open.last_mut() {
            asking.rests_on = asking.rests_on.min(place);
        }
    }

    fn begin(&mut self, claim: Claim) {
        let place = self.open.len();
        let belief = Belief {
            holds: true,
            rests_on: place,
        };
        self.known.insert(claim, belief);
        self.open.push(Open {
            claim,
            trail: self.trail.len(),
            rests_on: NOTHING,
        });
    }

    fn end(&mut self, holds: bool) {
        let Some(done) = self.open.pop() else { return };
        let place = self.open.len();
        let resting = self.trail.drain(done.trail..);
        if !holds {
            for claim in resting {
                self.known.remove(&claim);
            }
            self.settle(done.claim, false, NOTHING);
            return;
        }
        let is_settled = done.rests_on >= place;
        let rests_on = match is_settled {
            true => NOTHING,
            false => done.rests_on,
        };
        let all: Vec<Claim> = resting.chain([done.claim]).collect();
        for &claim in &all {
            self.settle(claim, true, rests_on);
        }
        if !is_settled {
            self.trail.extend(all);
            self.rest_on(rests_on);
        }
    }

    fn settle(&mut self, claim: Claim, holds: bool, rests_on: usize) {
        self.known.insert(claim, Belief { holds, rests_on });
    }
}

#[cfg(test)]
mod tests {
    use bloom_stdx::random::Random;

    use super::{Claim, Claims};
    use crate::calm::model::At;

    /// Claims that hold if those hold which they rest on, and they are not refuted by themselves.
    struct Graph {
        rests_on: Vec<Vec<usize>>,
        refuted: Vec<bool>,
    }

    impl Graph {
        fn hold(&self, claims: &Claims, one: usize) -> bool {
            claims.hold(Claim::Lasts(At(one as u32)), || {
                let mut all = self.rests_on[one].iter();
                all.all(|&other| self.hold(claims, other)) && !self.refuted[one]
            })
        }

        /// Refuted is what reaches a claim that is refuted by itself.
        fn greatest(&self) -> Vec<bool> {
            let mut holds: Vec<bool> = self.refuted.iter().map(|refuted| !refuted).collect();
            for _ in 0..holds.len() {
                for one in 0..holds.len() {
                    holds[one] &= self.rests_on[one].iter().all(|&other| holds[other]);
                }
            }
            holds
        }
    }

    #[test]
    fn claims_are_the_greatest_fixpoint_in_any_order() {
        let mut random = Random::new(7);
        for _ in 0..3_000 {
            let count = 1 + random.below(8);
            let graph = Graph {
                rests_on: (0..count)
                    .map(|_| (0..random.below(4)).map(|_| random.below(count)).collect())
                    .collect(),
                refuted: (0..count).map(|_| random.chance(1, 6)).collect(),
            };
            let claims = Claims::default();
            let greatest = graph.greatest();
            for _ in 0..2 * count {
                let one = random.below(count);
                assert_eq!(graph.hold(&claims, one), greatest[one], "claim {one}");
            }
        }
    }
}
