//! Points-to analyses over a constraint graph: nodes are variables and fields, an edge says that what the one
//! points to the other does too, and only what a node gained since it was last looked at flows on.

use rows::Run;

use crate::table::{ByKey, Map, Set, at, by_key, pack, unpack};

/// Sets of objects by node, edges between nodes, and what is to be done.
#[derive(Default)]
struct Flow {
    known: Set<u64>,
    objects: ByKey,
    edges: Set<u64>,
    next: ByKey,
    /// Pairs of a node and an object that have not flowed on.
    work: Vec<u64>,
}

impl Flow {
    fn add(&mut self, node: u32, object: u32) {
        if self.known.insert(pack(node, object)) {
            self.objects.entry(node).or_default().push(object);
            self.work.push(pack(node, object));
        }
    }

    fn connect(&mut self, from: u32, to: u32) {
        if from == to || !self.edges.insert(pack(from, to)) {
            return;
        }
        self.next.entry(from).or_default().push(to);
        for place in 0..at(&self.objects, from).len() {
            let object = self.objects[&from][place];
            self.add(to, object);
        }
    }

    fn pop(&mut self) -> Option<[u32; 2]> {
        let [node, object] = unpack(self.work.pop()?);
        for place in 0..at(&self.next, node).len() {
            let to = self.next[&node][place];
            self.add(to, object);
        }
        Some([node, object])
    }
}

/// Andersen's analysis: `address(v, o)`, `copy(v, w)`, `load(v, w)` (v = *w), `store(v, w)` (*v = w).
pub fn points_to(run: &Run) {
    let loads = by_key(run.read::<2>("load").into_iter().map(|[v, w]| [w, v]));
    let stores = by_key(run.read::<2>("store"));
    let mut flow = Flow::default();
    for [v, w] in run.read::<2>("copy") {
        flow.connect(w, v);
    }
    for [v, o] in run.read::<2>("address") {
        flow.add(v, o);
    }
    while let Some([v, o]) = flow.pop() {
        at(&loads, v).iter().for_each(|&to| flow.connect(o, to));
        at(&stores, v).iter().for_each(|&from| flow.connect(from, o));
    }
    run.write("points", flow.known.into_iter().map(unpack));
}

/// Numbers for fields of objects, which are nodes like variables.
struct Fields {
    first: u32,
    numbers: Map<u64, u32>,
    names: Vec<u64>,
}

impl Fields {
    fn number(&mut self, object: u32, field: u32) -> u32 {
        let names = &mut self.names;
        let first = self.first;
        *self.numbers.entry(pack(object, field)).or_insert_with(|| {
            names.push(pack(object, field));
            first + names.len() as u32 - 1
        })
    }
}

/// Objects with fields, methods found by the type of the receiver, and only reachable methods count: see
/// `virtual_calls.bloom`.
pub fn virtual_calls(run: &Run) {
    let alloc = group3(run.read::<3>("alloc"));
    let mut calls_in = Map::<u32, Vec<[u32; 3]>>::default();
    for [call, base, name, method] in run.read::<4>("call") {
        calls_in.entry(method).or_default().push([call, base, name]);
    }
    let loads = group3(run.read::<3>("load"));
    let stores = group3(run.read::<3>("store"));
    let formals = group3(run.read::<3>("formal"));
    let actuals = group3(run.read::<3>("actual"));
    let types: Map<u32, u32> = run.read::<2>("type_of").into_iter().map(|[o, t]| (o, t)).collect();
    let lookup = run.read::<3>("lookup").into_iter();
    let lookup: Map<u64, u32> = lookup.map(|[t, s, m]| (pack(t, s), m)).collect();
    let this = by_key(run.read::<2>("this"));
    let results = by_key(run.read::<2>("result"));
    let targets = by_key(run.read::<2>("target"));
    let mut flow = Flow::default();
    for [to, from] in run.read::<2>("copy") {
        flow.connect(from, to);
    }
    let mut fields = Fields {
        // Variables are numbered below this.
        first: 1 << 30,
        numbers: Map::default(),
        names: Vec::new(),
    };
    let mut reachable = Set::default();
    let mut to_reach: Vec<u32> = run.read::<1>("main").into_iter().map(|[m]| m).collect();
    let mut calls = Set::default();
    // Calls on a variable, of methods that are reachable.
    let mut calls_on = Map::<u32, Vec<[u32; 2]>>::default();
    let mut pending: Vec<[u32; 3]> = Vec::new();
    loop {
        while let Some(method) = to_reach.pop() {
            if !reachable.insert(method) {
                continue;
            }
            for &[v, o] in at3(&alloc, method) {
                flow.add(v, o);
            }
            for &[call, base, name] in calls_in.get(&method).map_or(&[][..], Vec::as_slice) {
                calls_on.entry(base).or_default().push([call, name]);
                pending.extend(at(&flow.objects, base).iter().map(|&o| [call, name, o]));
            }
        }
        while let Some([call, name, o]) = pending.pop() {
            let Some(&method) = types.get(&o).and_then(|&t| lookup.get(&pack(t, name))) else {
                continue;
            };
            at(&this, method).iter().for_each(|&v| flow.add(v, o));
            if !calls.insert(pack(call, method)) {
                continue;
            }
            to_reach.push(method);
            for &[place, formal] in at3(&formals, method) {
                let given = at3(&actuals, call).iter().filter(|given| given[0] == place);
                given.for_each(|given| flow.connect(given[1], formal));
            }
            for &result in at(&results, method) {
                at(&targets, call).iter().for_each(|&to| flow.connect(result, to));
            }
        }
        if !to_reach.is_empty() {
            continue;
        }
        let Some([v, o]) = flow.pop() else { break };
        for &[field, to] in at3(&loads, v) {
            let from = fields.number(o, field);
            flow.connect(from, to);
        }
        for &[field, from] in at3(&stores, v) {
            let to = fields.number(o, field);
            flow.connect(from, to);
        }
        if let Some(on) = calls_on.get(&v) {
            pending.extend(on.iter().map(|&[call, name]| [call, name, o]));
        }
    }
    let pairs = |is_field: bool| {
        let all = flow.known.iter().copied().map(unpack);
        all.filter(move |&[node, _]| (node >= 1 << 30) == is_field)
    };
    run.write("points", pairs(false));
    run.write("field_points", pairs(true).map(|[node, o]| {
        let [base, field] = unpack(fields.names[(node - (1 << 30)) as usize]);
        [base, field, o]
    }));
    run.write("calls", calls.into_iter().map(unpack));
    run.write("reachable", reachable.into_iter().map(|m| [m]));
}

type ByKey3 = Map<u32, Vec<[u32; 2]>>;

fn group3(rows: Vec<[u32; 3]>) -> ByKey3 {
    let mut table = ByKey3::default();
    for [key, a, b] in rows {
        table.entry(key).or_default().push([a, b]);
    }
    table
}

fn at3(table: &ByKey3, key: u32) -> &[[u32; 2]] {
    table.get(&key).map_or(&[], Vec::as_slice)
}
