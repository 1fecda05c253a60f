//! A program of objects: classes that inherit methods, methods with locals, fields, and calls whose target depends
//! on the receiver.

use std::io;

use super::Facts;

const FIELDS: usize = 20;
const NAMES: usize = 40;
/// Of a method, its receiver, two parameters and its result among them.
const LOCALS: usize = 12;
const PLACES: usize = 2;

pub fn virtual_calls(facts: &mut Facts<'_>) -> io::Result<()> {
    let methods = facts.options.side(2_600).max(NAMES);
    let classes = methods / 20 + 1;
    let random = &mut facts.random;
    let this = |method: usize| method * LOCALS;
    let formal = |method: usize, place: usize| method * LOCALS + 1 + place;
    let result = |method: usize| method * LOCALS + 1 + PLACES;
    let mut alloc = Vec::new();
    let mut type_of = Vec::new();
    let (mut copy, mut load, mut store) = (Vec::new(), Vec::new(), Vec::new());
    let (mut call, mut actual, mut target) = (Vec::new(), Vec::new(), Vec::new());
    for method in 0..methods {
        let mut local = || method * LOCALS + random.below(LOCALS);
        for _ in 0..2 {
            let object = type_of.len();
            alloc.push([method, local(), object]);
            type_of.push([object, 0]);
        }
        for _ in 0..5 {
            copy.push([local(), local()]);
        }
        for _ in 0..2 {
            let (number, base) = (call.len(), local());
            for place in 0..PLACES {
                actual.push([number, place, local()]);
            }
            target.push([number, local()]);
            call.push([number, base, 0, method]);
        }
        let (loaded, stored) = ([local(), 0, local()], [local(), 0, local()]);
        load.push(loaded);
        store.push(stored);
    }
    let random = &mut facts.random;
    type_of
        .iter_mut()
        .for_each(|row| row[1] = random.below(classes));
    call.iter_mut().for_each(|row| row[2] = random.below(NAMES));
    load.iter_mut()
        .chain(&mut store)
        .for_each(|row| row[1] = random.below(FIELDS));
    let mut lookup = Vec::new();
    for class in 0..classes {
        for name in 0..NAMES {
            lookup.push([class, name, random.below(methods)]);
        }
    }
    facts.rows("main", (0..methods.min(5)).map(|method| [method]))?;
    facts.rows("alloc", alloc)?;
    facts.rows("type_of", type_of)?;
    facts.rows("copy", copy)?;
    facts.rows("load", load)?;
    facts.rows("store", store)?;
    facts.rows("call", call)?;
    facts.rows("actual", actual)?;
    facts.rows("target", target)?;
    facts.rows("lookup", lookup)?;
    facts.rows("this", (0..methods).map(|method| [method, this(method)]))?;
    let places = (0..methods).flat_map(|method| (0..PLACES).map(move |place| (method, place)));
    let formals = places.map(|(method, place)| [method, place, formal(method, place)]);
    facts.rows("formal", formals)?;
    facts.rows(
        "result",
        (0..methods).map(|method| [method, result(method)]),
    )
}
