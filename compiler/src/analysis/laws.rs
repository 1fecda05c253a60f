//! The laws of lattices with their own merge: associative, commutative, idempotent, and the bottom
//! its identity. Tested, not proved: exhaustively over the least values of the fields, then over
//! random ones from a fixed seed. The first counterexample of the enumeration is the smallest.

use std::collections::BTreeSet;

use bloom_plan::display;
use bloom_plan::plan::RowError;
use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_plan::value::Value;
use bloom_stdx::random::Random;

use crate::base::{Diagnostic, codes};
use crate::eval::Evaluator;
use crate::hir::Program;
use crate::typing::{OwnLattice, Typed};

/// Values of one field, and of the lattice, that are tried against each other.
const FIELD_VALUES_MAX: usize = 7;
const VALUES_MAX: usize = 24;
const RANDOM_TRIPLES: usize = 300;
const SEED: u64 = 0x0062_6c6f_6f6d;

/// Reports the first law that each declared lattice breaks.
pub(super) fn check(program: &Program, typed: &Typed, diagnostics: &mut Vec<Diagnostic>) {
    if typed.diagnostics.iter().any(Diagnostic::is_error) {
        return;
    }
    let mut seen = BTreeSet::new();
    for own in &typed.own_lattices {
        if own.bottom.is_none() || own.merge.is_none() || !seen.insert(own.def) {
            continue;
        }
        let trial = Trial {
            evaluator: Evaluator::new(program, typed),
            own,
        };
        if let Some((law, shown)) = trial.broken_law() {
            let def = &program.types[own.def];
            let place = program.file_span(def.loc);
            diagnostics.push(
                Diagnostic::new(
                    codes::E0405,
                    place,
                    format!("merge not {law}: {shown}"),
                    format!("`{}` is no lattice", def.name),
                )
                .with_help(format!(
                    "{}; else replicas that see the same may differ",
                    rule_of(law)
                )),
            );
        }
    }
}

fn rule_of(law: &str) -> &'static str {
    match law {
        "commutative" => "merge(a, b) must equal merge(b, a)",
        "associative" => "merge(merge(a, b), c) must equal merge(a, merge(b, c))",
        "idempotent" => "merge(a, a) must equal a",
        _ => "merge(bottom, a) must equal a",
    }
}

struct Trial<'a> {
    evaluator: Evaluator<'a>,
    own: &'a OwnLattice,
}

impl Trial<'_> {
    /// The law and the smallest counterexample found.
    fn broken_law(&self) -> Option<(&'static str, String)> {
        let values = self.values();
        let bottom = self.evaluator.bottom(self.own.ty).ok()?;
        for a in &values {
            if let Some(found) = self.one(&bottom, a) {
                return Some(found);
            }
        }
        // By the greater of the two, so that small ones come first.
        for (place, b) in values.iter().enumerate() {
            for a in &values[..=place] {
                if let Some(found) = self.two(a, b) {
                    return Some(found);
                }
            }
        }
        for (place, c) in values.iter().enumerate() {
            for b in &values[..=place] {
                for a in &values[..=place] {
                    let found = self.three(a, b, c).or_else(|| self.three(c, a, b));
                    if found.is_some() {
                        return found;
                    }
                }
            }
        }
        self.random(&bottom)
    }

    fn random(&self, bottom: &Value) -> Option<(&'static str, String)> {
        let mut random = Random::new(SEED);
        let types = self.evaluator.types();
        for _ in 0..RANDOM_TRIPLES {
            let [a, b, c] = [(); 3].map(|()| random_value(types, self.own.ty, &mut random, 0));
            let found = self
                .one(bottom, &a)
                .or_else(|| self.two(&a, &b))
                .or_else(|| self.three(&a, &b, &c));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn one(&self, bottom: &Value, a: &Value) -> Option<(&'static str, String)> {
        let same = self.merge(a, a).ok()?;
        if same != *a {
            let shown = format!(
                "merge(a, a) is {} for a = {}",
                self.show(&same),
                self.show(a)
            );
            return Some(("idempotent", shown));
        }
        for grown in [self.merge(bottom, a).ok()?, self.merge(a, bottom).ok()?] {
            if grown != *a {
                let (grown, a) = (self.show(&grown), self.show(a));
                let shown = format!("merge(bottom, a) is {grown} for a = {a}");
                return Some(("neutral for its bottom, which must be the identity", shown));
            }
        }
        None
    }

    fn two(&self, a: &Value, b: &Value) -> Option<(&'static str, String)> {
        let (one, other) = (self.merge(a, b).ok()?, self.merge(b, a).ok()?);
        (one != other).then(|| {
            let shown = format!(
                "merge(a, b) is {} and merge(b, a) is {} for a = {}, b = {}",
                self.show(&one),
                self.show(&other),
                self.show(a),
                self.show(b)
            );
            ("commutative", shown)
        })
    }

    fn three(&self, a: &Value, b: &Value, c: &Value) -> Option<(&'static str, String)> {
        let left = self.merge(&self.merge(a, b).ok()?, c).ok()?;
        let right = self.merge(a, &self.merge(b, c).ok()?).ok()?;
        (left != right).then(|| {
            let shown = format!(
                "merge(merge(a, b), c) is {} and merge(a, merge(b, c)) is {} for a = {}, b = {}, c = {}",
                self.show(&left),
                self.show(&right),
                self.show(a),
                self.show(b),
                self.show(c)
            );
            ("associative", shown)
        })
    }

    /// A merge that ends in a row error on these says nothing about the laws.
    fn merge(&self, a: &Value, b: &Value) -> Result<Value, RowError> {
        self.evaluator.join(self.own.ty, a, b)
    }

    fn show(&self, value: &Value) -> String {
        display::value(self.evaluator.types(), self.own.ty, value).to_string()
    }

    /// Values of the lattice, small ones first.
    fn values(&self) -> Vec<Value> {
        let mut values = small_values(self.evaluator.types(), self.own.ty, 0);
        values.truncate(VALUES_MAX);
        values
    }
}

/// Types are not recursive, but may be deep; beyond this only the first value is tried.
const DEPTH_MAX: usize = 6;

/// A few values of a type, the simplest first.
fn small_values(types: &TypeTable, ty: TypeId, depth: usize) -> Vec<Value> {
    if depth > DEPTH_MAX {
        return least(types, ty).into_iter().collect();
    }
    let inner = |ty: TypeId| small_values(types, ty, depth + 1);
    let ints = |make: fn(i64) -> Value| [0, 1, 2, -1, 3, i64::MAX, i64::MIN].map(make).to_vec();
    let mut values = match types.get(ty) {
        Type::Bool | Type::Or | Type::And => vec![Value::Bool(false), Value::Bool(true)],
        Type::Int => ints(Value::Int),
        Type::Time => ints(Value::Time),
        Type::Duration => ints(Value::Duration),
        Type::Req => ints(Value::Req),
        Type::Float => [0.0, 1.0, -1.0, 0.5, f64::INFINITY, f64::NAN]
            .map(Value::Float)
            .to_vec(),
        Type::String => ["", "a", "b"].map(Value::string).to_vec(),
        Type::Bytes => [&b""[..], b"a", b"b"]
            .map(|b| Value::Bytes(b.into()))
            .to_vec(),
        Type::Addr => ["a", "b"].map(|a| Value::Addr(a.into())).to_vec(),
        Type::Max(of) | Type::Min(of) => inner(*of),
        Type::Tuple(parts) => tuples(types, parts, depth),
        Type::Lex(a, b) | Type::Lww(a, b) => tuples(types, &[*a, *b], depth),
        Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
            let parts: Vec<TypeId> = fields.iter().map(|field| field.ty).collect();
            tuples(types, &parts, depth)
        }
        Type::Enum { variants, .. } => {
            let mut all = Vec::new();
            for (number, variant) in (0..).zip(variants) {
                let parts: Vec<TypeId> = variant.fields.iter().map(|field| field.ty).collect();
                for value in tuples(types, &parts, depth) {
                    if let Value::Tuple(fields) = value {
                        all.push(Value::Variant(number, fields));
                    }
                }
            }
            all
        }
        Type::List(of) => {
            let ones = inner(*of)
                .into_iter()
                .map(|value| Value::List([value].into()));
            [Value::List([].into())].into_iter().chain(ones).collect()
        }
        Type::Set(of) | Type::PosSet(of) | Type::FrozenSet(of) => {
            let elements = inner(*of);
            let ones = elements.iter().map(|value| Value::set([value.clone()]));
            let pair = Value::set(elements.iter().take(2).cloned());
            [Value::set([])]
                .into_iter()
                .chain(ones)
                .chain([pair])
                .collect()
        }
        Type::Bag(of) | Type::FrozenBag(of) => {
            let ones = inner(*of)
                .into_iter()
                .map(|value| Value::Bag([(value, 1)].into()));
            [Value::Bag([].into())].into_iter().chain(ones).collect()
        }
        Type::Map(key, value) | Type::FrozenMap(key, value) => {
            let entries = tuples(types, &[*key, *value], depth).into_iter();
            let ones = entries.filter_map(|entry| match entry {
                Value::Tuple(parts) => Some(Value::map([(parts[0].clone(), parts[1].clone())])),
                _ => None,
            });
            [Value::map([])].into_iter().chain(ones).collect()
        }
        Type::Once(of) => {
            let some = inner(*of)
                .into_iter()
                .map(|value| Value::Variant(1, [value].into()));
            let none = Value::Variant(0, [].into());
            [none].into_iter().chain(some).collect()
        }
        Type::Sealed(of) => {
            let open = inner(*of)
                .into_iter()
                .map(|value| [Value::Bool(false), value]);
            open.map(|parts| Value::Tuple(parts.into())).collect()
        }
        Type::Function { .. } => Vec::new(),
    };
    values.truncate(match depth {
        0 => VALUES_MAX,
        _ => FIELD_VALUES_MAX,
    });
    values
}

fn least(types: &TypeTable, ty: TypeId) -> Option<Value> {
    match types.get(ty) {
        Type::Int => Some(Value::Int(0)),
        Type::Bool | Type::Or | Type::And => Some(Value::Bool(false)),
        Type::String => Some(Value::string("")),
        Type::Set(_) | Type::FrozenSet(_) => Some(Value::set([])),
        _ => None,
    }
}

/// Combinations of values, those of small parts first: all whose places sum to 0, then to 1, ….
fn tuples(types: &TypeTable, parts: &[TypeId], depth: usize) -> Vec<Value> {
    let choices: Vec<Vec<Value>> = parts
        .iter()
        .map(|&part| small_values(types, part, depth + 1))
        .collect();
    let greatest: usize = choices.iter().map(|own| own.len().saturating_sub(1)).sum();
    let mut found = Vec::new();
    for sum in 0..=greatest {
        combine(&choices, sum, &mut Vec::new(), &mut found);
        if found.len() >= VALUES_MAX {
            break;
        }
    }
    found
}

fn combine(choices: &[Vec<Value>], sum: usize, chosen: &mut Vec<Value>, found: &mut Vec<Value>) {
    if found.len() >= VALUES_MAX {
        return;
    }
    let Some(own) = choices.get(chosen.len()) else {
        if sum == 0 {
            found.push(Value::Tuple(chosen.as_slice().into()));
        }
        return;
    };
    for (place, value) in own.iter().enumerate().take(sum + 1) {
        chosen.push(value.clone());
        combine(choices, sum - place, chosen, found);
        chosen.pop();
    }
}

/// A random value: parts anew, leaves from a wider range than the small ones.
fn random_value(types: &TypeTable, ty: TypeId, random: &mut Random, depth: usize) -> Value {
    let mut parts = |tys: &[TypeId]| {
        let parts = tys
            .iter()
            .map(|&ty| random_value(types, ty, random, depth + 1));
        Value::Tuple(parts.collect())
    };
    match types.get(ty) {
        Type::Int => Value::Int(random.below(2_000) as i64 - 1_000),
        Type::Tuple(tys) => parts(tys),
        Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
            let tys: Vec<TypeId> = fields.iter().map(|field| field.ty).collect();
            parts(&tys)
        }
        Type::Max(of) | Type::Min(of) if depth < DEPTH_MAX => {
            random_value(types, *of, random, depth + 1)
        }
        _ => {
            let values = small_values(types, ty, depth);
            match values.is_empty() {
                true => Value::Bottom,
                false => random.pick(&values).clone(),
            }
        }
    }
}
