//! Workers that each load their share of the rows and keep what they derived.

use std::cell::RefCell;
use std::rc::Rc;

use differential_dataflow::input::Input;
use differential_dataflow::lattice::Lattice;
use differential_dataflow::{Data, ExchangeData, VecCollection};
use rows::Run;
use timely::dataflow::Scope;

pub type Rows<'scope, T, D> = VecCollection<'scope, T, D, isize>;
pub type Pair = (u32, u32);
pub type Triple = (u32, u32, u32);

/// The scope of a batch: one time for all.
pub type Once<'scope> = Scope<'scope, u32>;

/// One output's rows, as a worker found them.
pub struct Found<D>(Rc<RefCell<Vec<D>>>);

impl<D: ExchangeData + std::hash::Hash> Found<D> {
    pub fn of<T>(rows: Rows<'_, T, D>) -> Found<D>
    where
        T: timely::progress::Timestamp + Lattice,
    {
        let found = Found(Rc::new(RefCell::new(Vec::new())));
        let into = found.0.clone();
        rows.consolidate().inspect(move |(row, _, difference)| {
            assert_eq!(*difference, 1, "all that comes at one time is a set");
            into.borrow_mut().push(row.clone());
        });
        found
    }

    pub fn take(self) -> Vec<D> {
        self.0.take()
    }
}

/// What a worker is, while its dataflow is built.
#[derive(Clone, Copy)]
pub struct Share {
    index: usize,
    workers: usize,
}

impl Share {
    /// Its part of some rows.
    pub fn load<'scope, D: Data>(self, scope: Once<'scope>, rows: &[D]) -> Rows<'scope, u32, D> {
        let own: Vec<D> = rows.iter().skip(self.index).step_by(self.workers).cloned().collect();
        scope.new_collection_from(own).1
    }
}

/// Builds the dataflow on each worker, runs it to its end, and gives all that was found, worker by worker.
pub fn run_all<F: 'static, R: Send + 'static>(
    run: &Run,
    build: impl Fn(Once<'_>, Share) -> F + Send + Sync + 'static,
    take: impl Fn(F) -> R + Send + Sync + 'static,
) -> Vec<R> {
    let config = match run.workers {
        1 => timely::Config::thread(),
        workers => timely::Config::process(workers),
    };
    let guards = timely::execute(config, move |worker| {
        let share = Share {
            index: worker.index(),
            workers: worker.peers(),
        };
        let found = worker.dataflow::<u32, _, _>(|scope| build(scope, share));
        while worker.has_dataflows() {
            worker.step_or_park(None);
        }
        take(found)
    });
    let results = guards.expect("workers start").join();
    results.into_iter().map(|result| result.expect("no worker fails")).collect()
}

pub fn pairs(run: &Run, name: &str) -> Vec<Pair> {
    run.read::<2>(name).into_iter().map(|[a, b]| (a, b)).collect()
}

pub fn triples(run: &Run, name: &str) -> Vec<Triple> {
    run.read::<3>(name).into_iter().map(|[a, b, c]| (a, b, c)).collect()
}

pub fn write_pairs(run: &Run, name: &str, found: impl IntoIterator<Item = Vec<Pair>>) {
    run.write(name, found.into_iter().flatten().map(|(a, b)| [a, b]));
}
