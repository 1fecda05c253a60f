//! The works in DFIR that it can express: a tick of DFIR is a tick of ours. Paths over edges that come and go are none
//! of them, since it keeps no recursive results from tick to tick.
//!
//! A source hands all that a tick is given to it at once. (One that is a channel of tokio would hand on 128 items at
//! most.) The side of a join that stays is folded by the operator, and only questions pass through: the set join would drop
//! equal questions of one tick.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::Poll;

use dfir_rs::dfir_pipes::pull::{Fold, Reduce};
use dfir_rs::dfir_syntax;
use dfir_rs::futures::Stream;
use dfir_rs::futures::stream::poll_fn;
use dfir_rs::rustc_hash::FxHashSet;
use rows::{Op, Run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Pair = (u32, u32);

fn main() {
    let run = Run::from_arguments();
    match run.work.as_str() {
        "store" => store(&run),
        "not_probe" => not_probe(&run),
        "live_count" => live_count(&run),
        "live_join" => live_join(&run),
        other => panic!("no work `{other}`"),
    }
}

/// What waits for the next tick.
struct Queue<T>(Rc<RefCell<VecDeque<T>>>);

impl<T> Queue<T> {
    fn new() -> Queue<T> {
        Queue(Rc::default())
    }

    fn push(&self, item: T) {
        self.0.borrow_mut().push_back(item);
    }

    /// The items, as a source takes them.
    fn stream(&self) -> impl Stream<Item = T> + Unpin + use<T> {
        let queue = Rc::clone(&self.0);
        poll_fn(move |_| match queue.borrow_mut().pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None => Poll::Pending,
        })
    }
}

/// The last put of a key wins, from the next tick on.
fn store(run: &Run) {
    let (put, get) = (Queue::<Pair>::new(), Queue::<Pair>::new());
    let (puts, gets) = (put.stream(), get.stream());
    let found = Rc::new(RefCell::new(Vec::new()));
    let into = Rc::clone(&found);
    let mut flow = dfir_syntax! {
        source_stream(puts) -> [0]lookup;
        source_stream(gets) -> [1]lookup;
        lookup = join_fused_lhs::<'static, 'tick>(Reduce::new(|old: &mut u32, new: u32| *old = new))
            -> for_each(|(_key, (value, req)): (u32, (u32, u32))| into.borrow_mut().push([req, value]));
    };
    run.read::<2>("store").into_iter().for_each(|[key, value]| put.push((key, value)));
    flow.run_tick_sync();
    run.drive(|ops, answers| {
        ops.iter().filter(|op| op.kind == 1).for_each(|op| get.push((op.b, op.a)));
        flow.run_tick_sync();
        // Seen by the questions of the next tick.
        ops.iter().filter(|op| op.kind == 0).for_each(|op| put.push((op.a, op.b)));
        answers.append(&mut found.borrow_mut());
    });
}

fn not_probe(run: &Run) {
    let (seen, ask) = (Queue::<u32>::new(), Queue::<Pair>::new());
    let (seens, asks) = (seen.stream(), ask.stream());
    let found = Rc::new(RefCell::new(Vec::new()));
    let into = Rc::clone(&found);
    let mut flow = dfir_syntax! {
        source_stream(asks) -> [pos]fresh;
        source_stream(seens) -> [neg]fresh;
        fresh = anti_join::<'tick, 'static>()
            -> for_each(|(x, req): (u32, u32)| into.borrow_mut().push([req, x]));
    };
    run.read::<1>("seen").into_iter().for_each(|[x]| seen.push(x));
    flow.run_tick_sync();
    run.drive(|ops, answers| {
        ops.iter().for_each(|op| ask.push((op.b, op.a)));
        flow.run_tick_sync();
        ops.iter().for_each(|op| seen.push(op.b));
        answers.append(&mut found.borrow_mut());
    });
}

/// Who is a member is looked up before the flow, which adds one and takes one away.
fn live_count(run: &Run) {
    let (change, ask) = (Queue::<(u32, i32)>::new(), Queue::<Pair>::new());
    let (changes, asks) = (change.stream(), ask.stream());
    let found = Rc::new(RefCell::new(Vec::new()));
    let into = Rc::clone(&found);
    let mut flow = dfir_syntax! {
        source_stream(changes) -> [0]counts;
        source_stream(asks) -> [1]counts;
        counts = join_fused_lhs::<'static, 'tick>(Fold::new(|| 0, |count: &mut i32, change: i32| *count += change))
            -> for_each(|(_group, (count, req)): (u32, (i32, u32))| into.borrow_mut().push([req, count as u32]));
    };
    let mut members = FxHashSet::<Pair>::default();
    for [member, group] in run.read::<2>("member") {
        if members.insert((member, group)) {
            change.push((group, 1));
        }
    }
    flow.run_tick_sync();
    run.drive(|ops, answers| {
        for op in ops.iter().filter(|op| op.kind == 0) {
            if members.insert((op.a, op.b)) {
                change.push((op.b, 1));
            }
        }
        ops.iter().filter(|op| op.kind == 1).for_each(|op| ask.push((op.b, op.a)));
        flow.run_tick_sync();
        for op in ops.iter().filter(|op| op.kind == 2) {
            if members.remove(&(op.a, op.b)) {
                change.push((op.b, -1));
            }
        }
        answers.extend(found.borrow_mut().drain(..).filter(|[_, count]| *count > 0));
    });
}

/// A value of a key that comes (true) or goes.
type Change = (u32, (bool, u32));

/// A question passes through both sides; the join of all rows is not kept. The joins of DFIR keep what they are given, so
/// that a side is a fold over what comes and goes.
fn live_join(run: &Run) {
    let (left, right) = (Queue::<Change>::new(), Queue::<Change>::new());
    let ask = Queue::<Pair>::new();
    let (lefts, rights, asks) = (left.stream(), right.stream(), ask.stream());
    let found = Rc::new(RefCell::new(Vec::new()));
    let into = Rc::clone(&found);
    let mut flow = dfir_syntax! {
        source_stream(lefts) -> [0]of_left;
        source_stream(rights) -> [0]of_right;
        source_stream(asks) -> [1]of_left;
        of_left = join_fused_lhs::<'static, 'tick>(Fold::new(Vec::new, change_values))
            -> map(|(key, (lefts, req)): (u32, (Vec<u32>, u32))| (key, (req, lefts)))
            -> [1]of_right;
        of_right = join_fused_lhs::<'static, 'tick>(Fold::new(Vec::new, change_values))
            -> for_each(|(_key, (rights, (req, lefts))): (u32, (Vec<u32>, (u32, Vec<u32>)))| {
                let mut into = into.borrow_mut();
                for a in lefts {
                    into.extend(rights.iter().map(|&b| [req, a, b]));
                }
            });
    };
    run.read::<2>("left").into_iter().for_each(|[key, a]| left.push((key, (true, a))));
    run.read::<2>("right").into_iter().for_each(|[key, b]| right.push((key, (true, b))));
    flow.run_tick_sync();
    run.drive(|ops: &[Op], answers| {
        for op in ops {
            match op.kind {
                0 => left.push((op.a, (true, op.b))),
                1 => ask.push((op.b, op.a)),
                2 => right.push((op.a, (true, op.b))),
                _ => {}
            }
        }
        flow.run_tick_sync();
        // Gone for the questions of the next tick.
        for op in ops {
            match op.kind {
                3 => left.push((op.a, (false, op.b))),
                4 => right.push((op.a, (false, op.b))),
                _ => {}
            }
        }
        answers.append(&mut found.borrow_mut());
    });
}

fn change_values(values: &mut Vec<u32>, (comes, value): (bool, u32)) {
    if comes {
        values.push(value);
    } else if let Some(place) = values.iter().position(|there| *there == value) {
        values.swap_remove(place);
    }
}
