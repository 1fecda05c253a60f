//! Random rules over given collections.

use bloom_stdx::random::Random;

use super::{COLUMN_NAMES, Collection, Kind, Rule, Ty, constant};

/// Rules for every collection that rules may write.
pub fn rules(random: &mut Random, collections: &[Collection]) -> Vec<Rule> {
    let mut rules = Vec::new();
    for head in collections.iter().filter(|c| c.kind != Kind::Input) {
        for _ in 0..1 + random.below(3) {
            let arrow = match (head.kind, random.below(10)) {
                (Kind::Loopback | Kind::Channel, _) => "<~",
                (Kind::Table, 0) => "<+",
                (Kind::Table, 1..3) => "<-",
                (Kind::Table, 3) => "<+-",
                (Kind::Scratch, 0..2) => "<+",
                _ => "<=",
            };
            let draft = Draft::new(random, collections, head, arrow);
            rules.extend(draft.rule());
        }
        if head.level > 0 && random.chance(1, 4) {
            let columns = head.columns.iter();
            let row: Vec<String> = columns.map(|(ty, _)| constant(random, *ty)).collect();
            rules.push(Rule {
                head: format!("{}({})", head.name, row.join(", ")),
                arrow: "<=",
                literals: Vec::new(),
            });
        }
    }
    rules
}

/// A rule for the head; none where nothing can be read.
pub fn derived(
    random: &mut Random,
    collections: &[Collection],
    head: &Collection,
    arrow: &'static str,
) -> Option<Rule> {
    Draft::new(random, collections, head, arrow).rule()
}

/// A rule in the making.
struct Draft<'a> {
    random: &'a mut Random,
    collections: &'a [Collection],
    head: &'a Collection,
    arrow: &'static str,
    /// Whether the body may only use the head's level positively.
    recursive: bool,
    literals: Vec<String>,
    /// What the body binds.
    variables: Vec<Variable>,
}

struct Variable {
    name: String,
    ty: Ty,
    /// A lattice of a collection that is complete when the rule is evaluated.
    complete: bool,
}

impl<'a> Draft<'a> {
    fn new(
        random: &'a mut Random,
        collections: &'a [Collection],
        head: &'a Collection,
        arrow: &'static str,
    ) -> Self {
        Draft {
            random,
            collections,
            head,
            arrow,
            recursive: false,
            literals: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// The rule; none where nothing can be read.
    fn rule(mut self) -> Option<Rule> {
        for _ in 0..1 + self.random.below(3) {
            self.atom()?;
        }
        for _ in 0..self.random.below(3).saturating_sub(self.random.below(2)) {
            self.extra();
        }
        let aggregated = self.arrow != "<-" && !self.recursive && self.random.chance(1, 4);
        let head = self.head(aggregated);
        // The order of literals means nothing.
        self.random.shuffle(&mut self.literals);
        Some(Rule {
            head,
            arrow: self.arrow,
            literals: self.literals,
        })
    }

    /// Whether the collection is complete when the rule is evaluated.
    fn is_complete(&self, collection: &Collection) -> bool {
        self.arrow != "<=" || collection.level < self.head.level
    }

    fn atom(&mut self) -> Option<()> {
        let may_recur = self.random.chance(1, 3);
        let readable: Vec<&Collection> = self
            .collections
            .iter()
            .filter(|c| self.is_complete(c) || (may_recur && c.level == self.head.level))
            .collect();
        if readable.is_empty() {
            return None;
        }
        let collection = *self.random.pick(&readable);
        let complete = self.is_complete(collection);
        self.recursive |= !complete;
        let mut columns = Vec::new();
        for (&(ty, _), name) in collection.columns.iter().zip(COLUMN_NAMES) {
            if self.random.chance(1, 4) {
                continue;
            }
            let pattern = self.pattern(ty, complete);
            columns.push(format!("{name}: {pattern}"));
        }
        self.literals
            .push(format!("{}{{{}}}", collection.name, columns.join(", ")));
        Some(())
    }

    fn pattern(&mut self, ty: Ty, complete: bool) -> String {
        if ty.is_lattice() {
            return self.fresh(ty, complete);
        }
        match self.random.below(16) {
            0 => constant(self.random, ty),
            1..7 => match self.known(ty) {
                Some(name) => name,
                None => self.fresh(ty, true),
            },
            7 if ty == Ty::Pair => {
                let (a, b) = (self.fresh(Ty::Int, true), self.fresh(Ty::Int, true));
                format!("({a}, {b})")
            }
            7 if ty == Ty::Maybe => format!("Some({})", self.fresh(Ty::Int, true)),
            7 if ty == Ty::List => {
                let (a, b) = (self.fresh(Ty::Int, true), self.fresh(Ty::Int, true));
                format!("[{a}, {b}]")
            }
            _ => self.fresh(ty, true),
        }
    }

    /// A negated atom, a condition, a binding or a generator.
    fn extra(&mut self) {
        match self.random.below(8) {
            0..3 => self.negation(),
            3 | 4 => self.condition(),
            5 => {
                if let Some(x) = self.known(Ty::Int) {
                    let value = self.arithmetic(&x);
                    let y = self.fresh(Ty::Int, true);
                    self.literals.push(format!("let {y} = {value}"));
                }
            }
            6 => {
                let sources = [self.known(Ty::Set), self.known(Ty::List)];
                let source = match sources.into_iter().flatten().next() {
                    Some(set) => set,
                    None => format!("0..{}", 1 + self.random.below(3)),
                };
                let i = self.fresh(Ty::Int, true);
                self.literals.push(format!("{i} in {source}"));
            }
            _ => self.threshold(),
        }
    }

    fn negation(&mut self) {
        let below = |c: &&Collection| self.is_complete(c);
        let readable: Vec<&Collection> = self.collections.iter().filter(below).collect();
        let Some(collection) = (!readable.is_empty()).then(|| *self.random.pick(&readable)) else {
            return;
        };
        let mut columns = Vec::new();
        for (&(ty, _), name) in collection.columns.iter().zip(COLUMN_NAMES) {
            if ty.is_lattice() || self.random.chance(1, 4) {
                continue;
            }
            let pattern = match self.known(ty) {
                Some(variable) if self.random.chance(3, 4) => variable,
                _ => constant(self.random, ty),
            };
            columns.push(format!("{name}: {pattern}"));
        }
        self.literals
            .push(format!("not {}{{{}}}", collection.name, columns.join(", ")));
    }

    fn condition(&mut self) {
        let types = [
            Ty::Int,
            Ty::Int,
            Ty::Int,
            Ty::Text,
            Ty::Bool,
            Ty::Pair,
            Ty::Maybe,
            Ty::List,
        ];
        let ty = *self.random.pick(&types);
        let Some(x) = self.known(ty) else { return };
        let other = match self.known(ty) {
            Some(y) if y != x => y,
            _ => constant(self.random, ty),
        };
        let operator = *self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
        self.literals.push(format!("{x} {operator} {other}"));
    }

    fn threshold(&mut self) {
        let lattices: Vec<usize> = (0..self.variables.len())
            .filter(|&v| self.variables[v].ty.is_lattice())
            .collect();
        if lattices.is_empty() {
            return;
        }
        let variable = &self.variables[*self.random.pick(&lattices)];
        let (name, complete) = (variable.name.clone(), variable.complete);
        let n = self.random.below(4);
        let reveals = complete && self.random.chance(1, 2);
        let literal = match variable.ty {
            Ty::Max | Ty::Min if reveals => {
                let y = self.fresh(Ty::Int, true);
                format!("let {y} = {name}.reveal")
            }
            Ty::Set if reveals => format!("{name}.reveal == {{{n}}}"),
            Ty::Max => format!("{name} >= {n}"),
            Ty::Min => format!("{name} <= {n}"),
            Ty::Set if self.random.chance(1, 2) => format!("{name}.contains({n})"),
            Ty::Set => format!("{name}.size() >= {n}"),
            Ty::Or => name,
            Ty::Int | Ty::Text | Ty::Bool | Ty::Pair | Ty::Maybe | Ty::List => return,
        };
        self.literals.push(literal);
    }

    fn head(&mut self, aggregated: bool) -> String {
        let head = self.head;
        let mut columns = Vec::new();
        if head.kind == Kind::Channel {
            columns.push("to: self".to_owned());
        }
        for (&(ty, key), name) in head.columns.iter().zip(COLUMN_NAMES) {
            if self.arrow == "<-" && !key && (ty.is_lattice() || self.random.chance(2, 3)) {
                continue;
            }
            let aggregate = (aggregated && !key).then(|| self.aggregate(ty)).flatten();
            let value = aggregate.unwrap_or_else(|| self.value(ty));
            columns.push(format!("{name}: {value}"));
        }
        format!("{}{{{}}}", head.name, columns.join(", "))
    }

    fn aggregate(&mut self, ty: Ty) -> Option<String> {
        let x = self.known(Ty::Int);
        let choice = self.random.below(6);
        match (ty, x) {
            (Ty::Int | Ty::Max | Ty::Min, None) => Some("count()".to_owned()),
            (Ty::Int | Ty::Max | Ty::Min, Some(x)) => Some(match choice {
                0 => "count()".to_owned(),
                1 => format!("count(distinct {x})"),
                2 => format!("sum({x})"),
                3 => format!("min({x})"),
                4 => format!("max({x})"),
                _ => {
                    let by = self.known(Ty::Int)?;
                    format!("argmin({x} by {by})")
                }
            }),
            (Ty::Set, Some(x)) => Some(format!("set({x})")),
            (Ty::Text, _) => {
                let s = self.known(Ty::Text)?;
                Some(format!("max({s})"))
            }
            (Ty::Bool, _) => {
                let b = self.known(Ty::Bool)?;
                Some(format!("any({b})"))
            }
            (Ty::Or, _) => Some(format!("any({})", self.known(Ty::Bool)?)),
            (Ty::List, Some(x)) => Some(match self.known(Ty::Int) {
                Some(by) if choice > 3 => format!("list({x} by {by} desc)"),
                _ => format!("list({x})"),
            }),
            (Ty::Pair, Some(x)) => {
                let pair = self.known(Ty::Pair)?;
                Some(format!("first({pair} by {x})"))
            }
            (Ty::Maybe, Some(x)) => {
                let maybe = self.known(Ty::Maybe)?;
                Some(format!("argmax({maybe} by ({x} desc, {maybe}))"))
            }
            (Ty::Set | Ty::List | Ty::Pair | Ty::Maybe, None) => None,
        }
    }

    /// What a head column of the type takes.
    fn value(&mut self, ty: Ty) -> String {
        if self.random.chance(1, 12) {
            return constant(self.random, ty);
        }
        let known = self.known(ty);
        match (ty, known) {
            (Ty::Int, Some(x)) if self.random.chance(1, 4) => self.arithmetic(&x),
            (_, Some(x)) => x,
            (Ty::Max | Ty::Min, None) => match self.known(Ty::Int) {
                Some(x) => x,
                None => constant(self.random, ty),
            },
            (Ty::Set, None) => match self.known(Ty::Int) {
                Some(x) => format!("{{{x}}}"),
                None => constant(self.random, ty),
            },
            (Ty::Or, None) => match self.known(Ty::Int) {
                Some(x) => format!("{x} > 1"),
                None => constant(self.random, ty),
            },
            (Ty::Pair, None) => match (self.known(Ty::Int), self.known(Ty::Int)) {
                (Some(x), Some(y)) => format!("({x}, {y})"),
                _ => constant(self.random, ty),
            },
            (Ty::Maybe, None) => match self.known(Ty::Int) {
                Some(x) => format!("Some({x})"),
                None => constant(self.random, ty),
            },
            (Ty::List, None) => match self.known(Ty::Int) {
                Some(x) => format!("[{x}, 1]"),
                None => constant(self.random, ty),
            },
            (Ty::Text, None) => match self.known(Ty::Bool) {
                Some(x) => format!("\"{{{x}}}\""),
                None => constant(self.random, ty),
            },
            (Ty::Int | Ty::Bool, None) => constant(self.random, ty),
        }
    }

    /// A number from another. In a recursion it must be from a finite domain.
    fn arithmetic(&mut self, x: &str) -> String {
        let n = 1 + self.random.below(4);
        match self.random.below(if self.recursive { 1 } else { 5 }) {
            0 => format!("({x} + {n}) % 5"),
            1 => format!("{x} - {n}"),
            2 => format!("{x} * {n}"),
            3 => format!("10 / {x}"),
            _ => format!("if {x} > {n} then {n} else {x}"),
        }
    }

    fn known(&mut self, ty: Ty) -> Option<String> {
        let of_type: Vec<usize> = (0..self.variables.len())
            .filter(|&v| self.variables[v].ty == ty)
            .collect();
        if of_type.is_empty() {
            return None;
        }
        let chosen = *self.random.pick(&of_type);
        Some(self.variables[chosen].name.clone())
    }

    fn fresh(&mut self, ty: Ty, complete: bool) -> String {
        let name = format!("x{}", self.variables.len());
        self.variables.push(Variable {
            name: name.clone(),
            ty,
            complete,
        });
        name
    }
}
