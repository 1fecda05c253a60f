//! The laws of every built-in lattice, on all triples of some of its values.

use std::sync::Arc;

use bloom_plan::types::{Field, LatticeKind, Type, TypeId, TypeTable};

use super::Context;
use crate::context::testing::context;

/// Some values of a type: the bottom of a lattice, and values from those of its parts.
fn samples(context: &mut Context, ty: TypeId) -> Vec<u64> {
    let types = Arc::clone(context.store.types());
    let mut found = match types.get(ty) {
        Type::Int => return vec![1, 2, u64::MAX],
        Type::Bool | Type::Or | Type::And => return vec![0, 1],
        Type::String => ["", "a", "b"]
            .map(|t| context.store.make_string(t))
            .to_vec(),
        Type::Max(t) | Type::Min(t) => samples(context, *t),
        Type::Set(t) => {
            let elements = samples(context, *t);
            let sets = [&elements[..1], &elements[1..], &elements[..]];
            sets.map(|e| context.store.make(ty, e)).to_vec()
        }
        Type::Bag(t) => {
            let e = samples(context, *t);
            let bags = [vec![e[0], 2], vec![e[0], 1, e[1], 3], vec![e[1], 1]];
            bags.map(|words| context.store.make(ty, &words)).to_vec()
        }
        Type::Map(k, v) => {
            let (k, v) = (samples(context, *k), samples(context, *v));
            let maps = [
                vec![k[0], v[0]],
                vec![k[0], v[1], k[1], v[0]],
                vec![k[1], v[1]],
            ];
            maps.map(|words| context.store.make(ty, &words)).to_vec()
        }
        Type::Lex(a, b) | Type::Lww(a, b) => {
            let (a, b) = (samples(context, *a), samples(context, *b));
            let mut pairs = Vec::new();
            for &x in &a {
                pairs.extend(b.iter().map(|&y| context.store.make(ty, &[x, y])));
            }
            pairs
        }
        Type::Once(t) => {
            let values = samples(context, *t);
            let mut all = vec![context.store.make(ty, &[2])];
            all.extend(values.iter().map(|&v| context.store.make(ty, &[1, v])));
            all
        }
        Type::Sealed(t) => {
            let values = samples(context, *t);
            let closed = |c: &mut Context, n: usize| c.store.make(ty, &[n as u64 % 2, values[n]]);
            (0..values.len()).map(|n| closed(context, n)).collect()
        }
        Type::Lattice { fields, .. } => {
            let (a, b) = (
                samples(context, fields[0].ty),
                samples(context, fields[1].ty),
            );
            let mut pairs = Vec::new();
            for &x in &a {
                pairs.extend(b.iter().map(|&y| context.store.make(ty, &[x, y])));
            }
            pairs
        }
        _ => unreachable!("not sampled here"),
    };
    if types.table().is_lattice(ty) {
        found.push(context.bottom(ty).expect("a built-in lattice has a bottom"));
    }
    found
}

fn check_laws(context: &mut Context, ty: TypeId) {
    let name = context.store.types().name(ty);
    let bottom = context.bottom(ty).expect("a built-in lattice has a bottom");
    let values = samples(context, ty);
    let mut join = |a, b| context.join(ty, a, b).expect("built-in joins do not fail");
    for &a in &values {
        assert_eq!(join(a, a), a, "{name}: idempotent");
        assert_eq!(join(a, bottom), a, "{name}: bottom is the identity");
        assert_eq!(join(bottom, a), a, "{name}: bottom is the identity");
        for &b in &values {
            assert_eq!(join(a, b), join(b, a), "{name}: commutative");
            for &c in &values {
                let (ab, bc) = (join(a, b), join(b, c));
                assert_eq!(join(ab, c), join(a, bc), "{name}: associative");
            }
        }
    }
}

#[test]
fn lattices_keep_their_laws() {
    let mut t = TypeTable::default();
    let int = t.intern(Type::Int);
    let string = t.intern(Type::String);
    let max = t.intern(Type::Max(int));
    let min = t.intern(Type::Min(string));
    let set = t.intern(Type::Set(int));
    let field = |name: &str, ty| Field {
        name: name.into(),
        ty,
    };
    let mut lattices = vec![max, min, set];
    for ty in [
        Type::Or,
        Type::And,
        Type::Max(string),
        Type::Min(int),
        Type::Bag(string),
        Type::Map(string, max),
        Type::Map(int, set),
        Type::Lex(max, set),
        Type::Lex(set, max),
        Type::Lww(int, string),
        Type::Once(string),
        Type::Sealed(set),
        Type::Lattice {
            name: "Product".into(),
            kind: LatticeKind::Product,
            fields: vec![field("a", set), field("b", min)],
        },
        Type::Lattice {
            name: "Lexical".into(),
            kind: LatticeKind::Lex,
            fields: vec![field("a", max), field("b", max)],
        },
    ] {
        lattices.push(t.intern(ty));
    }
    let mut context = context(t);
    for ty in lattices {
        check_laws(&mut context, ty);
    }
}
