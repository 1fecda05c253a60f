//! Which values a column of an input is worth trying with.
//!
//! Columns, parameters and registers that rules hold equal or compare form classes (union-find); a
//! class has the constants that rules compare any of them with. So an input is tried with the names
//! that the program knows, and with numbers around its thresholds; and equal first values in all
//! columns of a class let joins match.

use std::collections::{BTreeMap, BTreeSet};

use bloom_plan::plan::{
    AggregateColumn, ConstantId, Expr, Op, Plan, RelationId, RelationKind, Version,
};
use bloom_plan::types::TypeId;
use bloom_plan::value::Value;
use smol_str::SmolStr;

use super::values::{VALUES_MAX, fits, made_up, word_value};

/// How deep types in types are filled.
const DEPTH_MAX: usize = 4;

#[derive(Debug)]
pub struct Domains<'a> {
    plans: &'a BTreeMap<SmolStr, &'a Plan>,
    /// Of kind by kind: the first element of its columns by relation, and of its constants.
    columns: BTreeMap<SmolStr, Vec<usize>>,
    constants: BTreeMap<SmolStr, usize>,
    parents: Vec<usize>,
    known: BTreeMap<usize, BTreeSet<Value>>,
}

/// Something that values flow through.
#[derive(Clone, Copy, Debug)]
struct Element {
    number: usize,
    ty: TypeId,
}

impl<'a> Domains<'a> {
    pub fn new(plans: &'a BTreeMap<SmolStr, &'a Plan>) -> Self {
        let mut domains = Domains {
            plans,
            columns: BTreeMap::new(),
            constants: BTreeMap::new(),
            parents: Vec::new(),
            known: BTreeMap::new(),
        };
        for (kind, plan) in plans {
            let columns = plan.relations.iter().map(|r| domains.add(r.columns.len()));
            let columns = columns.collect();
            domains.columns.insert(kind.clone(), columns);
            let constants = domains.add(plan.constants.len());
            domains.constants.insert(kind.clone(), constants);
        }
        domains.join_channels();
        for (kind, plan) in plans {
            for constant in 0..plan.constants.len() {
                let to = domains.constant(kind, ConstantId(constant as u32));
                if let Some(init) = plan.constants[constant].init {
                    domains.relate(kind, 0, to, &plan.functions[init.0 as usize].body);
                }
            }
            for version in &plan.versions {
                domains.version(kind, plan, version);
            }
        }
        domains
    }

    /// What a parameter is tried with.
    pub fn of_parameter(
        &self,
        kind: &str,
        constant: ConstantId,
        addresses: &[Value],
    ) -> Vec<Value> {
        let element = self.constant(kind, constant);
        self.values(kind, element, addresses)
    }

    /// What each column of a collection is tried with.
    pub fn of_columns(&self, kind: &str, id: RelationId, addresses: &[Value]) -> Vec<Vec<Value>> {
        let columns = &self.plans[kind].relations[id.0 as usize].columns;
        (0..columns.len())
            .map(|column| self.values(kind, self.column(kind, id, column as u32), addresses))
            .collect()
    }

    fn add(&mut self, count: usize) -> usize {
        let first = self.parents.len();
        self.parents.extend(first..first + count);
        first
    }

    fn find(&self, element: usize) -> usize {
        let mut at = element;
        while self.parents[at] != at {
            at = self.parents[at];
        }
        at
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            self.parents[b] = a;
            let known = self.known.remove(&b).unwrap_or_default();
            self.known.entry(a).or_default().extend(known);
        }
    }

    fn know(&mut self, element: usize, value: Value) {
        let class = self.find(element);
        self.known.entry(class).or_default().insert(value);
    }

    fn column(&self, kind: &str, id: RelationId, column: u32) -> Element {
        Element {
            number: self.columns[kind][id.0 as usize] + column as usize,
            ty: self.plans[kind].relations[id.0 as usize].columns[column as usize].ty,
        }
    }

    fn constant(&self, kind: &str, constant: ConstantId) -> Element {
        Element {
            number: self.constants[kind] + constant.0 as usize,
            ty: self.plans[kind].constants[constant.0 as usize].ty,
        }
    }

    /// A channel is one collection, whichever kinds declare it.
    fn join_channels(&mut self) {
        let mut first: BTreeMap<&SmolStr, usize> = BTreeMap::new();
        let plans = self.plans;
        for (kind, plan) in plans {
            for (place, relation) in plan.relations.iter().enumerate() {
                if !matches!(relation.kind, RelationKind::Channel { .. }) {
                    continue;
                }
                let own = self.columns[kind][place];
                let there = *first.entry(&relation.name).or_insert(own);
                for column in 0..relation.columns.len() {
                    self.unite(there + column, own + column);
                }
            }
        }
    }

    fn version(&mut self, kind: &str, plan: &Plan, version: &Version) {
        let registers = self.add(version.registers.len());
        let register = |n: u32| Element {
            number: registers + n as usize,
            ty: version.registers[n as usize].ty,
        };
        for op in &version.nest {
            match op {
                Op::Scan { relation, bind, .. } => {
                    for bind in bind {
                        let column = self.column(kind, *relation, bind.column);
                        self.unite(column.number, register(bind.into.0).number);
                    }
                }
                Op::Probe { index, key, bind } => {
                    let index = &plan.indexes[index.0 as usize];
                    for bind in bind {
                        let column = self.column(kind, index.relation, bind.column);
                        self.unite(column.number, register(bind.into.0).number);
                    }
                    for (&column, expr) in index.columns.iter().zip(key) {
                        let column = self.column(kind, index.relation, column);
                        self.relate(kind, registers, column, expr);
                    }
                }
                Op::Exists { index, key, .. } => {
                    let index = &plan.indexes[index.0 as usize];
                    for (&column, expr) in index.columns.iter().zip(key) {
                        let column = self.column(kind, index.relation, column);
                        self.relate(kind, registers, column, expr);
                    }
                }
                Op::Let { into, value } => {
                    self.relate(kind, registers, register(into.0), value);
                    self.condition(kind, registers, version, value);
                }
                Op::Filter { condition } => self.condition(kind, registers, version, condition),
                Op::Emit {
                    relation, columns, ..
                } => {
                    for (column, expr) in columns.iter().enumerate() {
                        let column = self.column(kind, *relation, column as u32);
                        if let Some(expr) = expr {
                            self.relate(kind, registers, column, expr);
                        }
                    }
                }
                Op::Accumulate {
                    aggregate, group, ..
                } => {
                    let aggregate = &plan.aggregates[aggregate.0 as usize];
                    for (column, part) in aggregate.columns.iter().enumerate() {
                        if let AggregateColumn::Group(n) = part {
                            let column = self.column(kind, aggregate.relation, column as u32);
                            self.relate(kind, registers, column, &group[*n as usize]);
                        }
                    }
                }
                Op::Range { from, to, into } => {
                    self.relate(kind, registers, register(into.0), from);
                    self.relate(kind, registers, register(into.0), to);
                }
                Op::Each { .. } => {}
            }
        }
    }

    /// The element has the value of the expression, or is compared with it.
    fn relate(&mut self, kind: &str, registers: usize, element: Element, expr: &Expr) {
        let plan = self.plans[kind];
        match expr {
            Expr::Register(register) => self.unite(element.number, registers + register.0 as usize),
            Expr::Constant(constant) => {
                let constant = self.constant(kind, *constant);
                self.unite(element.number, constant.number);
            }
            Expr::Literal(literal) => {
                let value = plan.literals[literal.0 as usize].value.clone();
                self.know(element.number, value);
            }
            Expr::Word(word) => {
                if let Some(value) = word_value(plan.types.get(element.ty), *word) {
                    self.know(element.number, value);
                }
            }
            Expr::Retype(_, inner) => self.relate(kind, registers, element, inner),
            Expr::SelfAddr
            | Expr::Unary(..)
            | Expr::Binary(..)
            | Expr::Compare(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::If(..)
            | Expr::Let(..)
            | Expr::Make(..)
            | Expr::Part(..)
            | Expr::Join(..)
            | Expr::Call(..)
            | Expr::Builtin(..)
            | Expr::Fail(_) => {}
        }
    }

    /// Takes in the comparisons inside an expression.
    fn condition(&mut self, kind: &str, registers: usize, version: &Version, expr: &Expr) {
        if let Expr::Compare(_, ty, a, b) = expr {
            for (side, other) in [(a, b), (b, a)] {
                let mut side = &**side;
                while let Expr::Retype(_, inner) = side {
                    side = inner;
                }
                if let Expr::Register(register) = side
                    && (register.0 as usize) < version.registers.len()
                {
                    let number = registers + register.0 as usize;
                    let element = Element { number, ty: *ty };
                    self.relate(kind, registers, element, other);
                }
            }
        }
        for child in expr.children() {
            self.condition(kind, registers, version, child);
        }
    }

    fn values(&self, kind: &str, element: Element, addresses: &[Value]) -> Vec<Value> {
        let known = self.known.get(&self.find(element.number));
        let empty = BTreeSet::new();
        let known = known.unwrap_or(&empty);
        let mut values: Vec<Value> = known.iter().cloned().collect();
        for value in known {
            if let Value::Int(n) = value {
                values.extend([n.saturating_add(1), n.saturating_sub(1)].map(Value::Int));
            }
        }
        values.retain(|value| fits(self.plans[kind], element.ty, value));
        let made = made_up(self.plans[kind], element.ty, addresses, DEPTH_MAX);
        let wanted = if values.len() < 2 {
            3
        } else {
            values.len() + 1
        };
        for value in made {
            if values.len() < wanted && !values.contains(&value) {
                values.push(value);
            }
        }
        let mut seen = BTreeSet::new();
        values.retain(|value| seen.insert(value.clone()));
        values.truncate(VALUES_MAX);
        values
    }
}
