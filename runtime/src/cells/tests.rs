//! Rows in order against a sort of their values.

use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_plan::value::{Row, Value};

use super::{Cell, Form, Packing, Rows};
use crate::context::Context;
use crate::context::testing::context;
use crate::report;
use crate::rows::hash;

/// Numbers whose spread is so many bits, around zero and at the ends of the range.
fn number(state: u64, bits: u32, base: i64) -> u64 {
    let spread = if bits == 0 { 0 } else { state >> (64 - bits) };
    base.wrapping_add(spread as i64) as u64
}

fn forms_of(context: &Context, types: &[TypeId]) -> Vec<Form> {
    let table = context.store.types().table();
    types.iter().map(|&ty| Form::of(table, ty)).collect()
}

#[test]
fn rows_of_numbers_come_in_the_order_of_their_values() {
    let mut types = TypeTable::default();
    let int = types.intern(Type::Int);
    let least = types.intern(Type::Min(int));
    let context = context(types);
    let mut state = 7;
    for (bits, count) in [
        (0, 3),
        (3, 100),
        (13, 5000),
        (20, 5000),
        (32, 3000),
        (40, 3000),
        (64, 2000),
    ] {
        for base in [0, -4, i64::MIN, i64::MAX - 3] {
            let mut total = Vec::new();
            for step in 0..count {
                state = hash([state, step]);
                total.push(number(state, bits, base));
                total.push(number(hash([state]), bits, -base.saturating_abs()));
            }
            let types = [int, least];
            let forms = forms_of(&context, &types);
            let rows = Rows::new(&context.store, &types, &forms, &total);
            assert_eq!(rows.forms(), [Form::Number, Form::Number]);
            let mut expected: Vec<Row> = total
                .chunks_exact(2)
                .map(|row| report::values(&context.store, &types, row))
                .collect();
            expected.sort();
            assert!(
                rows.values().eq(expected.iter().cloned()),
                "{bits} bits from {base}"
            );
            let Some(packing) = Packing::new(&forms, &total, None) else {
                // There numbers go on at the least.
                let wraps = base == i64::MAX - 3;
                assert!(bits >= 32 || wraps, "{bits} bits from {base}");
                continue;
            };
            let rows = Rows::of_own(&context.store, &types, &forms, total, packing, None);
            assert!(rows.values().eq(expected), "{bits} bits from {base}");
        }
    }
}

#[test]
fn rows_with_texts_come_in_the_order_of_their_values() {
    let mut types = TypeTable::default();
    let (int, string) = (types.intern(Type::Int), types.intern(Type::String));
    let bool = types.intern(Type::Bool);
    let mut context = context(types);
    let mut total = Vec::new();
    for n in 0..300_u64 {
        let text = format!("text {}", hash([n]) % 50);
        total.extend([context.store.make_string(&text), n.wrapping_sub(150), n & 1]);
    }
    let types = [string, int, bool];
    let forms = forms_of(&context, &types);
    let rows = Rows::new(&context.store, &types, &forms, &total);
    let mut expected: Vec<Row> = total
        .chunks_exact(3)
        .map(|row| report::values(&context.store, &types, row))
        .collect();
    expected.sort();
    assert!(rows.values().eq(expected.iter().cloned()));
    let mut words = [0; 3];
    rows.part(0..1).read(0, &mut words);
    assert_eq!(rows.cell(0, words[0]), Cell::Text("text 0"));
    assert_eq!(rows.cell(2, words[2]), Cell::Other(expected[0][2].clone()));
}

#[test]
fn a_collection_without_rows_or_columns_is_in_order() {
    let mut types = TypeTable::default();
    let int = types.intern(Type::Int);
    let context = context(types);
    assert!(Rows::new(&context.store, &[int, int], &[Form::Number; 2], &[]).is_empty());
    let (types, forms) = ([int, int], [Form::Number; 2]);
    let packing = Packing::new(&forms, &[], None).expect("nothing fits anywhere");
    assert!(Rows::of_own(&context.store, &types, &forms, Vec::new(), packing, None).is_empty());
    let (types, forms) = ([int], [Form::Number]);
    let packing = Packing::new(&forms, &[5, 3, 4], None).expect("it fits");
    let one = Rows::of_own(&context.store, &types, &forms, vec![5, 3, 4], packing, None);
    let expected = [3, 4, 5].map(|n| vec![Value::Int(n)]);
    assert_eq!(one.values().collect::<Vec<Row>>(), expected);
    let unit = Rows::new(&context.store, &[], &[], &[0]);
    assert_eq!(unit.values().collect::<Vec<Row>>(), [Row::new()]);
}
