//! Why there is no row: of each rule that could derive one, the bodies that lack least.
//!
//! Source: Wu, Zhao, Haeberlen, Zhou and Loo, *Diagnosing Missing Events in Distributed Systems with Negative
//! Provenance* (Y!), SIGCOMM 2014. A rule is followed backwards from what its head must be. A literal without a
//! fitting row is assumed, at a cost; what it would bind is unknown then, and what rests on the unknown is passed
//! over. The bodies with the fewest assumptions are told, and for each assumed row it is asked in turn why that is not
//! there. So the answer points at what is nearest, and claims nothing of what else would have come about.

use std::sync::Arc;

use bloom_plan::plan::{Arrow, RelationKind, RuleId, VersionId};
use bloom_plan::value::{Row, Value};

use super::cause::{Absence, Explainer, Fact};
use super::history::{Moment, Span};
use super::nearest::{Wanting, nearest, target};

/// Ticks before that are looked at for a row that would have stayed.
const TICKS_MAX: u64 = 24;
/// How deep missing rows are followed.
const DEPTH_MAX: usize = 8;
/// Missing rows that are followed in all.
const ROWS_MAX: usize = 60;

/// A row that is not there, and why not.
#[derive(Clone, Debug)]
pub struct Missing {
    pub what: Absence,
    /// It is told elsewhere, or was not followed any further.
    pub cut: bool,
    pub reasons: Vec<Reason>,
}

#[derive(Clone, Debug)]
pub enum Reason {
    /// A row that fits was there in these ticks.
    Was { row: Row, span: Span },
    /// It was sent in that tick, and not taken in in the tick that is asked about, but in another, if in any.
    Sent {
        row: Row,
        by: Moment,
        taken: Option<u64>,
    },
    /// Nothing but what is outside gives such rows.
    NotGiven,
    /// It was given in that tick, and did not merge: with another row for its key, or with the one that was there.
    Given {
        row: Row,
        tick: u64,
        held: Option<Row>,
    },
    Rule {
        rule: RuleId,
        moment: Moment,
        /// What this body lacks; nothing, if the rule derived the row and it did not merge.
        lacks: Vec<Lack>,
    },
}

#[derive(Clone, Debug)]
pub enum Lack {
    Row(Missing),
    /// `not`, and there is such a row.
    There(Fact),
    /// A condition that does not hold, with what it reads.
    Condition(Vec<(String, String)>),
    /// The head has another value than what is asked for.
    Differs(Row),
}

/// Why no row of the pattern is there.
pub fn missing(explainer: &mut Explainer<'_>, what: Absence) -> Missing {
    let mut search = Search {
        explainer,
        told: Vec::new(),
    };
    search.missing(what, 0)
}

struct Search<'s, 'h> {
    explainer: &'s mut Explainer<'h>,
    told: Vec<Absence>,
}

impl Search<'_, '_> {
    fn missing(&mut self, what: Absence, depth: usize) -> Missing {
        if depth >= DEPTH_MAX || self.told.len() >= ROWS_MAX || self.told.contains(&what) {
            return Missing {
                what,
                cut: true,
                reasons: Vec::new(),
            };
        }
        self.told.push(what.clone());
        let mut reasons = self.before(&what);
        let sent = self.sent(&what);
        let mut rules = self.rules(&what, depth, &sent);
        reasons.extend(sent);
        reasons.extend(self.given(&what));
        if reasons.is_empty() && rules.is_empty() {
            reasons.push(Reason::NotGiven);
        }
        reasons.append(&mut rules);
        Missing {
            what,
            cut: false,
            reasons,
        }
    }

    /// The last time that such a row was there.
    fn before(&self, what: &Absence) -> Vec<Reason> {
        let history = self.explainer.history();
        let rows = history.all_rows(what.moment.life, what.relation);
        let fitting = rows.filter(|(row, _)| fits(&what.columns, row));
        let earlier = fitting.flat_map(|(row, spans)| spans.iter().map(move |span| (row, *span)));
        let last = earlier
            .filter(|(_, span)| span.last < what.moment.tick)
            .max_by_key(|(_, span)| span.last);
        last.map(|(row, span)| Reason::Was {
            row: row.clone(),
            span,
        })
        .into_iter()
        .collect()
    }

    /// The last time that such a row was taken in: where it is not there for all that, its key had another.
    fn given(&mut self, what: &Absence) -> Option<Reason> {
        let Moment { life, tick: now } = what.moment;
        let history = self.explainer.history();
        let declared = &history.plan(life).relations[what.relation.0 as usize];
        let first = match declared.kind.is_transient() {
            true => now,
            false => now.saturating_sub(TICKS_MAX - 1).max(1),
        };
        let given = (first..=now).rev().find_map(|tick| {
            let moment = Moment { life, tick };
            let input = &history.taken(moment).input;
            let fed = input.rows.iter().filter(|(of, _)| *of == what.relation);
            let sent = input.messages.iter().filter(|m| m.channel == declared.name);
            let mut rows = fed.map(|(_, row)| row).chain(sent.map(|m| &m.row));
            let lost = |row: &&Row| {
                fits(&what.columns, row) && history.span(moment, what.relation, row).is_none()
            };
            rows.find(lost).map(|row| (tick, row.clone()))
        });
        let (tick, row) = given?;
        let keys = self.explainer.evaluator(life).shapes[what.relation.0 as usize]
            .keys
            .clone();
        let history = self.explainer.history();
        let same_key = |held: &&Row| keys.iter().all(|&column| held[column] == row[column]);
        let held = history
            .rows(Moment { life, tick }, what.relation)
            .find(same_key)
            .cloned();
        Some(Reason::Given { row, tick, held })
    }

    /// Messages that would have been the row, the latest first.
    fn sent(&self, what: &Absence) -> Vec<Reason> {
        let history = self.explainer.history();
        let plan = history.plan(what.moment.life);
        let declared = &plan.relations[what.relation.0 as usize];
        if !matches!(declared.kind, RelationKind::Channel { .. }) {
            return Vec::new();
        }
        let now = history.taken(what.moment).at;
        let me = history.address(what.moment.life);
        let mut found: Vec<(u64, Reason)> = Vec::new();
        for (message, moments) in history.sent_over(&declared.name) {
            if message.to != *me || !fits(&what.columns, &message.row) {
                continue;
            }
            for &by in moments {
                let at = history.taken(by).at;
                if at < now {
                    let mut ticks = (1..).zip(&history.life(what.moment.life).ticks);
                    let taken = ticks
                        .find(|(_, taken)| taken.at > at && taken.input.messages.contains(message));
                    let reason = Reason::Sent {
                        row: message.row.clone(),
                        by,
                        taken: taken.map(|(tick, _)| tick),
                    };
                    found.push((at, reason));
                }
            }
        }
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        found
            .into_iter()
            .take(1)
            .map(|(_, reason)| reason)
            .collect()
    }

    /// The nearest bodies of all rules for the collection.
    fn rules(&mut self, what: &Absence, depth: usize, sent: &[Reason]) -> Vec<Reason> {
        let mut reasons = Vec::new();
        for (life, version) in self.versions(what) {
            let mut best: Option<(usize, Moment, Vec<Vec<Wanting>>)> = None;
            for moment in self.moments(what, life, version) {
                let bodies = nearest(self.explainer, what, moment, version);
                let Some(cost) = bodies.first().map(Vec::len) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                    best = Some((cost, moment, bodies));
                }
            }
            let Some((cost, moment, bodies)) = best else {
                continue;
            };
            // Of what was sent it is told already that it did not arrive.
            if cost == 0 && !sent.is_empty() {
                continue;
            }
            let rule = self.explainer.history().plan(life).versions[version.0 as usize].rule;
            for body in bodies {
                let lacks = body.into_iter().map(|lack| match lack {
                    Wanting::Row(relation, columns) => {
                        let what = Absence {
                            moment,
                            relation,
                            columns,
                        };
                        Lack::Row(self.missing(what, depth + 1))
                    }
                    Wanting::There(fact) => Lack::There(fact),
                    Wanting::Condition(reads) => Lack::Condition(reads),
                    Wanting::Differs(row) => Lack::Differs(row),
                });
                let lacks = lacks.collect();
                reasons.push(Reason::Rule {
                    rule,
                    moment,
                    lacks,
                });
            }
        }
        reasons
    }

    /// The rules that derive into the collection: of a channel, those of all nodes.
    fn versions(&mut self, what: &Absence) -> Vec<(usize, VersionId)> {
        let history = self.explainer.history();
        let declared = &history.plan(what.moment.life).relations[what.relation.0 as usize];
        let is_sent = matches!(
            declared.kind,
            RelationKind::Channel { .. } | RelationKind::Loopback
        );
        let mut found = Vec::new();
        for (life, _) in history.lives() {
            let plan = Arc::clone(history.plan(life));
            if life != what.moment.life && !is_sent {
                continue;
            }
            let Some(head) = history.relation(life, &declared.name) else {
                continue;
            };
            let standing = plan.standing.iter().map(|standing| standing.version);
            let strata = plan
                .strata
                .iter()
                .flat_map(|stratum| stratum.initial.iter().copied());
            let versions = strata.chain(plan.closing.iter().copied()).chain(standing);
            for version in versions {
                let rule = plan.versions[version.0 as usize].rule;
                let rule = &plan.rules[rule.0 as usize];
                let target = target(&plan, version);
                let derives = match rule.arrow {
                    Arrow::Delete => false,
                    Arrow::Async => is_sent,
                    Arrow::Merge | Arrow::Deferred | Arrow::Upsert => life == what.moment.life,
                };
                let number = plan.versions[version.0 as usize].rule;
                // The engine may have several versions of one rule.
                let is_known = found.iter().any(|&(of, known): &(usize, VersionId)| {
                    of == life && plan.versions[known.0 as usize].rule == number
                });
                if target == Some(head) && derives && !is_known {
                    found.push((life, version));
                }
            }
        }
        found
    }

    /// The ticks in which the rule could have derived the row, the latest first.
    fn moments(&self, what: &Absence, life: usize, version: VersionId) -> Vec<Moment> {
        let history = self.explainer.history();
        let plan = history.plan(life);
        let rule = &plan.rules[plan.versions[version.0 as usize].rule.0 as usize];
        let last = match rule.arrow {
            Arrow::Merge => what.moment.tick,
            Arrow::Async => {
                let now = history.taken(what.moment).at;
                let ticks = &history.life(life).ticks;
                ticks.partition_point(|taken| taken.at < now) as u64
            }
            Arrow::Deferred | Arrow::Upsert | Arrow::Delete => what.moment.tick.saturating_sub(1),
        };
        let kind = history.plan(what.moment.life).relations[what.relation.0 as usize].kind;
        let several = !kind.is_transient() || rule.arrow == Arrow::Async;
        let first = match several {
            true => last.saturating_sub(TICKS_MAX - 1).max(1),
            false => last.max(1),
        };
        let first = if rule.bootstrap { 1 } else { first };
        let last = if rule.bootstrap { last.min(1) } else { last };
        let ticks = (first..=last).rev();
        ticks.map(|tick| Moment { life, tick }).collect()
    }
}

fn fits(columns: &[Option<Value>], row: &Row) -> bool {
    let mut columns = columns.iter().zip(row);
    columns.all(|(wanted, value)| wanted.as_ref().is_none_or(|wanted| wanted == value))
}
