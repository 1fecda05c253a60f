//! What every plan holds to:
//!
//! - ids name what there is, and rows, heads, keys and calls have as many words as their
//!   declarations say;
//! - a register is defined before it is read: those that operators bind are numbered in order of
//!   binding, one after another, and each of `Expr::Let` is read only in its body;
//! - a nest ends with its only `Emit` or `Accumulate`, on the relation of its rule;
//! - versions with a delta scan it first, and nothing else scans one; they are recursive versions
//!   of the stratum that derives that relation, or incremental ones of another;
//! - `not` and group-bys read only relations that no rule of this or a later stratum derives;
//! - only what arrives has a delivery, and its group or log has a name.

mod strata;

use std::fmt;

use super::{
    Argument, Arrow, Delivery, Expr, Extent, Function, FunctionId, Op, Plan, Register, RelationId,
    RelationKind, Version, VersionId,
};

/// A property that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

pub fn verify(plan: &Plan) -> Result<(), Broken> {
    for (id, function) in (0..).map(FunctionId).zip(&plan.functions) {
        self::function(plan, function).map_err(|what| Broken(format!("{id}: {what}")))?;
    }
    for (id, version) in (0..).map(VersionId).zip(&plan.versions) {
        self::version(plan, version).map_err(|what| Broken(format!("{id}: {what}")))?;
    }
    deliveries(plan).map_err(Broken)?;
    indexes(plan).map_err(Broken)?;
    strata::check(plan).map_err(Broken)
}

type Check = Result<(), String>;

fn require(holds: bool, what: impl FnOnce() -> String) -> Check {
    match holds {
        true => Ok(()),
        false => Err(what()),
    }
}

fn width(plan: &Plan, relation: RelationId) -> Result<usize, String> {
    let declared = plan.relations.get(relation.0 as usize);
    declared
        .map(|declared| declared.columns.len())
        .ok_or_else(|| format!("there is no {relation}"))
}

fn deliveries(plan: &Plan) -> Check {
    for relation in &plan.relations {
        let arrives = matches!(
            relation.kind,
            RelationKind::Input | RelationKind::Channel { .. } | RelationKind::Loopback
        );
        let stays = relation.kind == RelationKind::Loopback
            && matches!(relation.delivery, Delivery::Ordered(_));
        let named = match &relation.delivery {
            Delivery::Free => continue,
            Delivery::Once => true,
            Delivery::Fifo(name) | Delivery::Ordered(name) => !name.is_empty(),
        };
        require(arrives && named && !stays, || {
            format!("{:?} of `{}`", relation.delivery, relation.name)
        })?;
    }
    Ok(())
}

fn indexes(plan: &Plan) -> Check {
    for index in &plan.indexes {
        let width = width(plan, index.relation)?;
        let ascend = index.columns.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = index
            .columns
            .iter()
            .all(|&column| (column as usize) < width);
        let part = index.part != Extent::Delta;
        require(ascend && inside && part, || {
            format!(
                "an index on columns {:?} of {}",
                index.columns, index.relation
            )
        })?;
    }
    Ok(())
}

fn function(plan: &Plan, function: &Function) -> Check {
    let parameters = function.parameters.len();
    require(parameters <= function.registers.len(), || {
        "fewer registers than parameters".into()
    })?;
    let mut defined = Defined::new(plan, function.registers.len());
    defined.first(parameters);
    defined.expr(&function.body)
}

fn version(plan: &Plan, version: &Version) -> Check {
    let rule = plan
        .rules
        .get(version.rule.0 as usize)
        .ok_or_else(|| format!("there is no {}", version.rule))?;
    let mut defined = Defined::new(plan, version.registers.len());
    for (place, op) in version.nest.iter().enumerate() {
        let last = place + 1 == version.nest.len();
        let ends = matches!(op, Op::Emit { .. } | Op::Accumulate { .. });
        require(ends == last, || {
            "a nest ends with its only `Emit` or `Accumulate`".into()
        })?;
        if let Op::Scan {
            relation,
            part: Extent::Delta,
            ..
        } = op
        {
            let first = place == 0 && version.delta == Some(*relation);
            require(first, || {
                format!("the delta of {relation} is scanned where it is not to be")
            })?;
        }
        let target = match op {
            Op::Emit { relation, .. } => Some(*relation),
            Op::Accumulate { aggregate, .. } => plan
                .aggregates
                .get(aggregate.0 as usize)
                .map(|aggregate| aggregate.relation),
            _ => None,
        };
        require(!ends || target == Some(rule.head), || {
            format!("{target:?} is not the head of {}", version.rule)
        })?;
        defined.op(op)?;
    }
    require(!version.nest.is_empty(), || "an empty nest".into())?;
    let starts = matches!(
        version.nest[0],
        Op::Scan {
            part: Extent::Delta,
            ..
        }
    );
    require(version.delta.is_some() == starts, || {
        "a version with a delta scans it first".into()
    })?;
    let Some(index) = version.negated else {
        return Ok(());
    };
    let index = plan.indexes.get(index.0 as usize);
    require(index.map(|index| index.relation) == version.delta, || {
        "a version that begins with a `not` has an index on its delta's relation".into()
    })
}

/// The registers that are defined where an operator or expression stands.
struct Defined<'p> {
    plan: &'p Plan,
    registers: Vec<bool>,
    /// How many operators have bound.
    bound: u32,
}

impl<'p> Defined<'p> {
    fn new(plan: &'p Plan, count: usize) -> Self {
        Defined {
            plan,
            registers: vec![false; count],
            bound: 0,
        }
    }

    fn first(&mut self, count: usize) {
        self.registers[..count].fill(true);
    }

    fn bind(&mut self, register: Register) -> Check {
        require(register.0 == self.bound, || {
            format!("{register} is bound after r{}", self.bound)
        })?;
        self.bound += 1;
        let slot = self.registers.get_mut(register.0 as usize);
        *slot.ok_or_else(|| format!("there is no {register}"))? = true;
        Ok(())
    }

    fn op(&mut self, op: &Op) -> Check {
        match op {
            Op::Scan { relation, bind, .. } => self.row(*relation, bind),
            Op::Probe { index, key, bind } => {
                let relation = self.key(*index, key)?;
                self.row(relation, bind)
            }
            Op::Exists { index, key, .. } => self.key(*index, key).map(|_| ()),
            Op::Each { source, into, .. } => {
                self.expr(source)?;
                into.iter().try_for_each(|&register| self.bind(register))
            }
            Op::Range { from, to, into } => {
                self.expr(from)?;
                self.expr(to)?;
                self.bind(*into)
            }
            Op::Let { into, value } => {
                self.expr(value)?;
                self.bind(*into)
            }
            Op::Filter { condition } => self.expr(condition),
            Op::Emit {
                relation,
                arrow,
                columns,
            } => {
                let width = width(self.plan, *relation)?;
                require(columns.len() == width, || {
                    format!("a row of {} words for {relation}", columns.len())
                })?;
                let whole = columns.iter().all(Option::is_some);
                require(whole || *arrow == Arrow::Delete, || {
                    "only `<-` leaves columns out".into()
                })?;
                columns
                    .iter()
                    .flatten()
                    .try_for_each(|column| self.expr(column))
            }
            Op::Accumulate {
                aggregate,
                group,
                arguments,
            } => {
                let declared = self.plan.aggregates.get(aggregate.0 as usize);
                let declared = declared.ok_or_else(|| format!("there is no {aggregate}"))?;
                require(declared.group.len() == group.len(), || {
                    format!("a group of {} words", group.len())
                })?;
                group
                    .iter()
                    .chain(arguments)
                    .try_for_each(|expr| self.expr(expr))
            }
        }
    }

    fn row(&mut self, relation: RelationId, bind: &[super::Bind]) -> Check {
        let width = width(self.plan, relation)?;
        bind.iter().try_for_each(|bind| {
            require((bind.column as usize) < width, || {
                format!("{relation} has no column {}", bind.column)
            })?;
            self.bind(bind.into)
        })
    }

    fn key(&mut self, index: super::IndexId, key: &[Expr]) -> Result<RelationId, String> {
        let declared = self
            .plan
            .indexes
            .get(index.0 as usize)
            .ok_or_else(|| format!("there is no {index}"))?;
        require(declared.columns.len() == key.len(), || {
            format!("a key of {} words for {index}", key.len())
        })?;
        key.iter().try_for_each(|expr| self.expr(expr))?;
        Ok(declared.relation)
    }

    fn expr(&mut self, expr: &Expr) -> Check {
        match expr {
            Expr::Register(register) => {
                let defined = self.registers.get(register.0 as usize) == Some(&true);
                require(defined, || {
                    format!("{register} is read before it is defined")
                })
            }
            Expr::Let(register, value, body) => {
                self.expr(value)?;
                let slot = self.registers.get_mut(register.0 as usize);
                let slot = slot.ok_or_else(|| format!("there is no {register}"))?;
                let before = std::mem::replace(slot, true);
                self.expr(body)?;
                self.registers[register.0 as usize] = before;
                Ok(())
            }
            other => {
                self.names(other)?;
                other
                    .children()
                    .into_iter()
                    .try_for_each(|child| self.expr(child))
            }
        }
    }

    fn names(&self, expr: &Expr) -> Check {
        let plan = self.plan;
        match expr {
            Expr::Literal(id) => require((id.0 as usize) < plan.literals.len(), || {
                format!("there is no {id}")
            }),
            Expr::Constant(id) => require((id.0 as usize) < plan.constants.len(), || {
                format!("there is no {id}")
            }),
            Expr::Compare(_, ty, ..)
            | Expr::Make(ty, _)
            | Expr::Retype(ty, _)
            | Expr::Join(ty, ..) => require((ty.0 as usize) < plan.types.len(), || {
                format!("there is no type{}", ty.0)
            }),
            Expr::Call(id, arguments) => self.call(*id, arguments.len(), 0),
            Expr::Builtin(id, arguments) => {
                let site = plan
                    .sites
                    .get(id.0 as usize)
                    .ok_or_else(|| format!("there is no {id}"))?;
                require(site.arguments.len() == arguments.len(), || {
                    format!("{} arguments for {id}", arguments.len())
                })?;
                arguments.iter().try_for_each(|argument| match argument {
                    Argument::Value(_) => Ok(()),
                    Argument::Lambda { function, captures } => {
                        self.call(*function, captures.len(), usize::MAX)
                    }
                })
            }
            _ => Ok(()),
        }
    }

    /// A call with that many words, to which up to `more` are added later.
    fn call(&self, id: FunctionId, words: usize, more: usize) -> Check {
        let callee = self
            .plan
            .functions
            .get(id.0 as usize)
            .ok_or_else(|| format!("there is no {id}"))?;
        let takes = callee.parameters.len();
        let fits = words <= takes && takes - words <= more;
        require(fits, || {
            format!("{words} words for {id}, which takes {takes}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn plan() -> Plan {
        text::parse(text::CLOSURE).expect("well-formed")
    }

    fn broken(change: impl FnOnce(&mut Plan)) -> String {
        let mut plan = plan();
        change(&mut plan);
        verify(&plan).expect_err("the change breaks the plan").0
    }

    #[test]
    fn a_sound_plan_passes() {
        assert_eq!(verify(&plan()), Ok(()));
    }

    #[test]
    fn what_is_broken_is_named() {
        let read = Expr::Register(Register(2));
        let early = broken(|plan| {
            plan.versions[0]
                .nest
                .insert(0, Op::Filter { condition: read })
        });
        assert_eq!(early, "version0: r2 is read before it is defined");
        let key = broken(|plan| plan.indexes[0].columns.push(1));
        assert_eq!(key, "version1: a key of 1 words for index0");
        let open = broken(|plan| drop(plan.versions[0].nest.pop()));
        assert_eq!(
            open,
            "version0: a nest ends with its only `Emit` or `Accumulate`"
        );
        let delta = broken(|plan| plan.versions[2].delta = None);
        assert!(delta.starts_with("version2: the delta of rel1"), "{delta}");
    }

    #[test]
    fn negation_reads_completed_relations() {
        let index = super::super::Index {
            relation: RelationId(1),
            columns: Vec::new(),
            part: Extent::Total,
        };
        let message = broken(|plan| {
            plan.indexes.push(index);
            let not = Op::Exists {
                index: super::super::IndexId(1),
                key: Vec::new(),
                negated: true,
            };
            plan.versions[0].nest.insert(1, not);
        });
        assert_eq!(message, "version0: rel1 is read before it is complete");
    }
}
