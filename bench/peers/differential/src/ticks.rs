//! Works that go tick by tick, on one worker: a tick is a time, and over when the probe has passed it. A question is a
//! row that is taken away with the next tick.

use std::cell::RefCell;
use std::rc::Rc;

use differential_dataflow::input::{Input, InputSession};
use differential_dataflow::operators::Iterate;
use rows::{Op, Run};
use timely::dataflow::operators::probe::Handle;
use timely::worker::Worker;

use crate::workers::{Pair, Rows, Triple};

type Session = InputSession<u32, Pair, isize>;
type Answers<const N: usize> = Rc<RefCell<Vec<[u32; N]>>>;

/// Keeps what is answered. What goes away again was a question of the tick before.
/// Of three columns the first N count.
fn keep<const N: usize>(rows: Rows<'_, u32, Triple>, probe: &Handle<u32>) -> Answers<N> {
    let answers = Answers::default();
    let into = answers.clone();
    rows.consolidate()
        .inspect(move |(row, _, difference)| {
            if *difference > 0 {
                let row = [row.0, row.1, row.2];
                into.borrow_mut().push(std::array::from_fn(|place| row[place]));
            }
        })
        .probe_with(probe);
    answers
}

/// Runs `body` on the only worker there is.
fn alone(run: &Run, body: impl FnOnce(&Run, &mut Worker) + Send + Sync + 'static) {
    let run = run.clone();
    timely::execute_directly(move |worker| body(&run, worker));
}

/// Inputs whose changes are seen from their tick on, questions, and the time.
struct Node<'w> {
    worker: &'w mut Worker,
    probe: Handle<u32>,
    sessions: Vec<Session>,
    ask: Session,
    asked: Vec<Pair>,
    time: u32,
}

impl Node<'_> {
    /// Ends the tick.
    fn finish(&mut self) {
        self.time += 1;
        for session in self.sessions.iter_mut().chain([&mut self.ask]) {
            session.advance_to(self.time);
            session.flush();
        }
        while self.probe.less_than(&self.time) {
            self.worker.step_or_park(None);
        }
    }

    /// Takes the questions of the last tick away and asks those of this.
    fn ask(&mut self, ops: &[Op]) {
        for question in self.asked.drain(..) {
            self.ask.remove(question);
        }
        for op in ops.iter().filter(|op| op.kind == 1) {
            self.ask.insert((op.b, op.a));
            self.asked.push((op.b, op.a));
        }
    }
}

/// Loads, drives, and writes what was answered since.
fn drive<const N: usize>(
    run: &Run,
    mut node: Node<'_>,
    answers: Answers<N>,
    mut tick: impl FnMut(&mut Node<'_>, &[Op]),
) {
    node.finish();
    answers.borrow_mut().clear();
    run.drive(|ops, out| {
        node.ask(ops);
        tick(&mut node, ops);
        out.append(&mut answers.borrow_mut());
    });
}

pub fn store(run: &Run) {
    alone(run, |run, worker| {
        let probe = Handle::new();
        let (mut put, ask, answers) = worker.dataflow(|scope| {
            let (put, store) = scope.new_collection::<Pair, isize>();
            let (ask, asked) = scope.new_collection::<Pair, isize>();
            let found = asked.join_map(store, |_key, &req, &value| (req, value, 0));
            (put, ask, keep(found, &probe))
        });
        let mut now = std::collections::HashMap::new();
        for [key, value] in run.read::<2>("store") {
            put.insert((key, value));
            now.insert(key, value);
        }
        let node = Node { worker, probe, sessions: vec![put], ask, asked: Vec::new(), time: 0 };
        let mut later: Vec<Op> = Vec::new();
        drive::<2>(run, node, answers, move |node, ops| {
            // What the last tick put.
            for op in later.drain(..) {
                if let Some(before) = now.insert(op.a, op.b) {
                    node.sessions[0].remove((op.a, before));
                }
                node.sessions[0].insert((op.a, op.b));
            }
            later.extend(ops.iter().filter(|op| op.kind == 0));
            node.finish();
        });
    });
}

pub fn not_probe(run: &Run) {
    alone(run, |run, worker| {
        let probe = Handle::new();
        let (mut seen_in, ask, answers) = worker.dataflow(|scope| {
            let (seen_in, seen) = scope.new_collection::<Pair, isize>();
            let (ask, asked) = scope.new_collection::<Pair, isize>();
            let fresh = asked.antijoin(seen.map(|(x, _)| x).distinct());
            (seen_in, ask, keep(fresh.map(|(x, req)| (req, x, 0)), &probe))
        });
        run.read::<1>("seen").into_iter().for_each(|[x]| seen_in.insert((x, 0)));
        let node = Node { worker, probe, sessions: vec![seen_in], ask, asked: Vec::new(), time: 0 };
        let mut later: Vec<Op> = Vec::new();
        drive::<2>(run, node, answers, move |node, ops| {
            later.drain(..).for_each(|op| node.sessions[0].insert((op.b, 0)));
            later.extend(ops);
            node.finish();
        });
    });
}

/// Who is a member is looked up before the dataflow, which counts how often a row was added.
pub fn live_count(run: &Run) {
    alone(run, |run, worker| {
        let probe = Handle::new();
        let (mut member, ask, answers) = worker.dataflow(|scope| {
            let (member, members) = scope.new_collection::<Pair, isize>();
            let (ask, asked) = scope.new_collection::<Pair, isize>();
            let size = members.map(|(_, group)| group).count();
            let found = asked.join_map(size, |_group, &req, &n| (req, n as u32, 0));
            (member, ask, keep(found, &probe))
        });
        let mut members = std::collections::HashSet::new();
        for [id, group] in run.read::<2>("member") {
            if members.insert((id, group)) {
                member.insert((id, group));
            }
        }
        let node = Node { worker, probe, sessions: vec![member], ask, asked: Vec::new(), time: 0 };
        let mut later: Vec<Op> = Vec::new();
        drive::<2>(run, node, answers, move |node, ops| {
            for op in later.drain(..) {
                if members.remove(&(op.a, op.b)) {
                    node.sessions[0].remove((op.a, op.b));
                }
            }
            for op in ops {
                match op.kind {
                    0 if members.insert((op.a, op.b)) => node.sessions[0].insert((op.a, op.b)),
                    2 => later.push(*op),
                    _ => {}
                }
            }
            node.finish();
        });
    });
}

pub fn live_join(run: &Run) {
    alone(run, |run, worker| {
        let probe = Handle::new();
        let (mut left, mut right, ask, answers) = worker.dataflow(|scope| {
            let (left, left_rows) = scope.new_collection::<Pair, isize>();
            let (right, right_rows) = scope.new_collection::<Pair, isize>();
            let (ask, asked) = scope.new_collection::<Pair, isize>();
            let joined = left_rows.join_map(right_rows, |&key, &a, &b| (key, (a, b)));
            let found = asked.join_map(joined, |_key, &req, &(a, b)| (req, a, b));
            (left, right, ask, keep(found, &probe))
        });
        run.read::<2>("left").into_iter().for_each(|[key, a]| left.insert((key, a)));
        run.read::<2>("right").into_iter().for_each(|[key, b]| right.insert((key, b)));
        let node = Node { worker, probe, sessions: vec![left, right], ask, asked: Vec::new(), time: 0 };
        let mut later: Vec<Op> = Vec::new();
        drive::<3>(run, node, answers, move |node, ops| {
            for op in later.drain(..) {
                node.sessions[op.kind as usize - 3].remove((op.a, op.b));
            }
            for op in ops {
                match op.kind {
                    0 => node.sessions[0].insert((op.a, op.b)),
                    2 => node.sessions[1].insert((op.a, op.b)),
                    3 | 4 => later.push(*op),
                    _ => {}
                }
            }
            node.finish();
        });
    });
}

pub fn live_paths(run: &Run) {
    alone(run, |run, worker| {
        let probe = Handle::new();
        let (mut edge, ask, answers) = worker.dataflow(|scope| {
            let (edge, edges) = scope.new_collection::<Pair, isize>();
            let (ask, asked) = scope.new_collection::<Pair, isize>();
            let ends = edges.clone().map(|(x, y)| (y, x));
            let path = ends.clone().iterate(|inner, path| {
                let longer = path.join_map(edges.enter(inner), |_y, &x, &z| (z, x));
                longer.concat(ends.enter(inner)).distinct()
            });
            let found = asked.join_map(path.map(|(y, x)| (x, y)), |_x, &req, &y| (req, y, 0));
            (edge, ask, keep(found, &probe))
        });
        run.read::<2>("edge").into_iter().for_each(|[x, y]| edge.insert((x, y)));
        let node = Node { worker, probe, sessions: vec![edge], ask, asked: Vec::new(), time: 0 };
        let mut later: Vec<Op> = Vec::new();
        drive::<2>(run, node, answers, move |node, ops| {
            for op in later.drain(..) {
                match op.kind {
                    0 => node.sessions[0].insert((op.a, op.b)),
                    _ => node.sessions[0].remove((op.a, op.b)),
                }
            }
            later.extend(ops.iter().filter(|op| op.kind != 1));
            node.finish();
        });
    });
}
