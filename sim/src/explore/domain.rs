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
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::{Row, Value};
use smol_str::SmolStr;

/// Values of one column.
const VALUES_MAX: usize = 6;
/// Rows of one collection, without those made at random.
const ROWS_MAX: usize = 12;
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
                Op::Each { .. } | Op::Range { .. } => {}
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

/// Rows from the values of their columns: the first of all, then those that differ from it in one
/// column, then in more.
pub fn rows(columns: &[Vec<Value>]) -> Vec<Row> {
    let mut choices: Vec<Vec<usize>> = vec![Vec::new()];
    for values in columns {
        let longer = choices.iter().flat_map(|choice| {
            (0..values.len()).map(|value| {
                let mut longer = choice.clone();
                longer.push(value);
                longer
            })
        });
        choices = longer.collect();
        // Those that differ least come first; the others are not worth their number.
        choices.sort_by_key(|choice| weight(choice));
        choices.truncate(4 * ROWS_MAX);
    }
    choices.truncate(ROWS_MAX);
    let row = |choice: &Vec<usize>| {
        let values = choice.iter().zip(columns);
        values
            .map(|(&value, values)| values[value].clone())
            .collect()
    };
    choices.iter().map(row).collect()
}

fn weight(choice: &[usize]) -> (usize, usize) {
    let changed = choice.iter().filter(|&&value| value > 0).count();
    (changed.max(choice.iter().sum()), changed)
}

/// A value of a type that is a word by itself.
fn word_value(ty: &Type, word: u64) -> Option<Value> {
    match ty {
        Type::Bool | Type::Or | Type::And => Some(Value::Bool(word == 1)),
        Type::Int => Some(Value::Int(word as i64)),
        Type::Float => Some(Value::Float(f64::from_bits(word))),
        Type::Time => Some(Value::Time(word as i64)),
        Type::Duration => Some(Value::Duration(word as i64)),
        Type::Req => Some(Value::Req(word as i64)),
        Type::String
        | Type::Bytes
        | Type::Addr
        | Type::Tuple(_)
        | Type::List(_)
        | Type::Record { .. }
        | Type::Enum { .. }
        | Type::FrozenSet(_)
        | Type::FrozenBag(_)
        | Type::FrozenMap(..)
        | Type::Function { .. }
        | Type::Max(_)
        | Type::Min(_)
        | Type::Set(_)
        | Type::PosSet(_)
        | Type::Bag(_)
        | Type::Map(..)
        | Type::Lex(..)
        | Type::Lww(..)
        | Type::Once(_)
        | Type::Sealed(_)
        | Type::Lattice { .. } => None,
    }
}

/// Whether a constant of a class can stand in a column of it: the class may hold both a lattice and
/// what it is made of.
fn fits(plan: &Plan, ty: TypeId, value: &Value) -> bool {
    match (plan.types.get(ty), value) {
        (Type::Max(inner) | Type::Min(inner), _) => fits(plan, *inner, value),
        (Type::Bool | Type::Or | Type::And, Value::Bool(_))
        | (Type::Int, Value::Int(_))
        | (Type::Float, Value::Float(_))
        | (Type::String, Value::String(_))
        | (Type::Bytes, Value::Bytes(_))
        | (Type::Time, Value::Time(_))
        | (Type::Duration, Value::Duration(_))
        | (Type::Req, Value::Req(_))
        | (Type::Enum { .. }, Value::Variant(..))
        | (Type::List(_), Value::List(_))
        | (Type::Tuple(_) | Type::Record { .. }, Value::Tuple(_)) => true,
        _ => false,
    }
}

/// A few values of a type, simple ones first.
fn made_up(plan: &Plan, ty: TypeId, addresses: &[Value], depth: usize) -> Vec<Value> {
    if depth == 0 {
        return Vec::new();
    }
    let inner = |ty: TypeId| made_up(plan, ty, addresses, depth - 1);
    let product = |types: &[TypeId]| -> Vec<Value> {
        let parts: Vec<Vec<Value>> = types.iter().map(|&ty| inner(ty)).collect();
        let rows = if parts.iter().any(Vec::is_empty) && !types.is_empty() {
            Vec::new()
        } else {
            rows(&parts)
        };
        let tuples = rows.into_iter().map(|row| Value::Tuple(row.into()));
        tuples.take(VALUES_MAX).collect()
    };
    let sets = |ty: TypeId| -> Vec<Value> {
        let elements = inner(ty);
        let one = elements.iter().map(|e| Value::set([e.clone()]));
        let two = Value::set(elements.iter().take(2).cloned());
        one.take(2).chain([two, Value::set([])]).collect()
    };
    match plan.types.get(ty) {
        Type::Bool | Type::Or | Type::And => [true, false].map(Value::Bool).into(),
        Type::Int => [1, 2, 3].map(Value::Int).into(),
        Type::Float => [1.0, 2.0].map(Value::Float).into(),
        Type::String => ["a", "b", "c"].map(Value::string).into(),
        Type::Bytes => ["a", "b"].map(|s| Value::Bytes(s.as_bytes().into())).into(),
        Type::Addr => addresses.to_vec(),
        Type::Time => [1, 2].map(Value::Time).into(),
        Type::Duration => [1_000_000_000, 2_000_000_000].map(Value::Duration).into(),
        Type::Req => [1, 2, 3].map(Value::Req).into(),
        Type::Tuple(parts) => product(parts),
        Type::Lex(a, b) | Type::Lww(a, b) => product(&[*a, *b]),
        Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
            product(&fields.iter().map(|field| field.ty).collect::<Vec<_>>())
        }
        Type::List(element) => {
            let elements = inner(*element);
            let list = |n: usize| Value::List(elements.iter().take(n).cloned().collect());
            let second = elements.get(1).map(|e| Value::List([e.clone()].into()));
            [list(2), list(1)]
                .into_iter()
                .chain(second)
                .chain([list(0)])
                .collect()
        }
        Type::FrozenSet(element) | Type::Set(element) | Type::PosSet(element) => sets(*element),
        Type::FrozenBag(element) | Type::Bag(element) => {
            let bags = inner(*element).into_iter();
            bags.map(|e| Value::Bag([(e, 1)].into())).take(2).collect()
        }
        Type::FrozenMap(key, value) | Type::Map(key, value) => {
            let (keys, values) = (inner(*key), inner(*value));
            let entry = |k: usize, v: usize| Some((keys.get(k)?.clone(), values.get(v)?.clone()));
            let places = [(0, 0), (0, 1), (1, 0)];
            let entries = places.iter().filter_map(|&(k, v)| entry(k, v));
            entries.map(|entry| Value::map([entry])).collect()
        }
        Type::Enum { variants, .. } => {
            let of_variant = |(number, variant): (usize, &bloom_plan::types::Variant)| {
                let fields: Vec<TypeId> = variant.fields.iter().map(|f| f.ty).collect();
                let fields = product(&fields).into_iter().take(2);
                let variants = fields.filter_map(move |fields| match fields {
                    Value::Tuple(fields) => Some(Value::Variant(number as u32, fields)),
                    _ => None,
                });
                variants.collect::<Vec<Value>>()
            };
            variants.iter().enumerate().flat_map(of_variant).collect()
        }
        Type::Max(of) | Type::Min(of) => inner(*of),
        Type::Once(of) => {
            let values = inner(*of).into_iter();
            values.map(|v| Value::Variant(1, [v].into())).collect()
        }
        Type::Sealed(of) => {
            let values = inner(*of).into_iter();
            values
                .map(|v| Value::Tuple([Value::Bool(false), v].into()))
                .collect()
        }
        Type::Function { .. } => Vec::new(),
    }
}
