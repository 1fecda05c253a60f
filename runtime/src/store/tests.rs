//! The store holds each value once, orders values as `Value` does, and forgets what is not kept.

use std::sync::Arc;

use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_plan::value::Value;

use super::{Store, Types};

struct Fixture {
    store: Store,
    int: TypeId,
    string: TypeId,
    set: TypeId,
    frozen: TypeId,
    map: TypeId,
}

fn fixture() -> Fixture {
    let mut table = TypeTable::default();
    let int = table.intern(Type::Int);
    let string = table.intern(Type::String);
    let set = table.intern(Type::Set(string));
    let frozen = table.intern(Type::FrozenSet(string));
    let max = table.intern(Type::Max(string));
    let map = table.intern(Type::Map(int, max));
    Fixture {
        store: Store::new(Arc::new(Types::new(table))),
        int,
        string,
        set,
        frozen,
        map,
    }
}

#[test]
fn equal_values_share_a_handle_across_a_class() {
    let mut f = fixture();
    let a = f.store.make_bytes(f.string, b"a");
    let b = f.store.make_bytes(f.string, b"b");
    let set = f.store.make(f.set, &[b, a, b]);
    assert_eq!(f.store.make(f.frozen, &[a, b]), set);
    assert_eq!(f.store.words(set), [a, b]);
    assert_eq!(f.store.len(), 3);
}

#[test]
fn values_survive_the_round_trip() {
    let mut f = fixture();
    let map = Value::map([
        (Value::Int(2), Value::string("x")),
        (Value::Int(-1), Value::Bottom),
    ]);
    let word = f.store.word(f.map, &map).expect("the value fits its type");
    assert_eq!(f.store.value(f.map, word), map);
    assert!(f.store.word(f.int, &map).is_err());
}

#[test]
fn order_is_that_of_values() {
    let mut f = fixture();
    let texts = ["", "a", "ab", "b"];
    let mut sets = vec![Value::set([])];
    for a in texts {
        for b in texts {
            sets.push(Value::set([Value::string(a), Value::string(b)]));
        }
    }
    for a in &sets {
        for b in &sets {
            let x = f.store.word(f.set, a).expect("a set of strings");
            let y = f.store.word(f.set, b).expect("a set of strings");
            assert_eq!(f.store.compare(f.set, x, y), a.cmp(b), "{a:?} {b:?}");
        }
    }
}

#[test]
fn a_sweep_keeps_what_is_reached_and_reuses_the_rest() {
    let mut f = fixture();
    let kept = Value::set([Value::string("kept"), Value::string("too")]);
    for n in 0..1000 {
        f.store
            .make_bytes(f.string, format!("garbage {n}").as_bytes());
    }
    let word = f.store.word(f.set, &kept).expect("a set of strings");
    let mut marks = f.store.mark();
    marks.keep(f.set, word);
    marks.finish();
    assert_eq!(f.store.len(), 3);
    assert_eq!(f.store.value(f.set, word), kept);
    assert_eq!(f.store.word(f.set, &kept), Ok(word));
    let fresh = f.store.make_bytes(f.string, b"fresh");
    assert!(fresh < 1003, "numbers are used again");
    assert_eq!(f.store.text(fresh), "fresh");
}

#[test]
fn types_are_named_as_written() {
    let f = fixture();
    assert_eq!(f.store.types().name(f.map), "Map<Int, Max<String>>");
}
