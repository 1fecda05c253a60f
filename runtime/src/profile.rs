//! Where a node's time goes, for whoever asks: a tree of spans, each a place below the place it was entered from.
//!
//! A node knows no clock; whoever drives it may lend it one ([`Clock`]), and only then is anything measured.
//! Invariant: every moment between the first and the last reading of the clock is the `own` time of exactly one
//! span, so that the times of all spans add up to the whole.
//!
//! Single probes are too short to be timed each: all are counted, and of every `SAMPLE` of an index one is
//! timed, without what reading the clock takes. The times of probes are therefore estimates, and part of the
//! time of the version that makes them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use bloom_plan::plan::{AggregateId, IndexId, RelationId, VersionId};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// Tells how time passes.
pub trait Clock: Debug + Send + Sync {
    /// Nanoseconds since some moment, always the same; never less than before.
    fn nanoseconds(&self) -> u64;
}

/// Of so many probes of an index one is timed.
const SAMPLE: u64 = 64;
/// Readings of the clock from which follows what one costs.
const READINGS: usize = 64;

/// What a node does at a time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Place {
    /// A tick, and what of it is nothing else.
    Tick,
    /// Making the changes that the last tick deferred.
    Changes,
    /// Reclaiming values that no row holds.
    Sweep,
    /// Taking arrivals in.
    Arrivals,
    /// A stratum: beside versions, bringing kept rows up to date.
    Stratum(u32),
    /// What comes after all strata.
    Closing,
    /// Making machine code for versions that have something to do for the first time.
    Code,
    /// Machine code of a version, and its probes.
    Version(VersionId),
    /// Bringing an index up to date before it is read.
    Index(IndexId),
    /// Taking derived rows, which drops those that are there.
    Derived(RelationId),
    /// Putting groups together.
    Groups(AggregateId),
    /// Making what an iteration derived visible.
    Merge(RelationId),
    /// Settling deferred changes and putting the output together.
    Output,
}

/// Time at a place that was entered from another.
#[derive(Clone, Debug)]
pub struct Span {
    /// The span that it was entered from: one with a lesser number.
    pub parent: Option<usize>,
    pub place: Place,
    /// Nanoseconds here and not in a span below.
    pub own: u64,
    /// How often it was entered.
    pub times: u64,
    /// Of a version: rows that its scans went through.
    pub read: u64,
    /// Of a version: derivations.
    pub derived: u64,
    /// Of a version: derived rows with new keys.
    pub new: u64,
    /// Of a version.
    pub probes: BTreeMap<IndexId, Probes>,
}

/// Probes of an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    pub count: u64,
    /// Those that found something.
    pub hits: u64,
    timed: u64,
    timed_nanoseconds: u64,
}

impl Probes {
    /// What all of them took, as far as those that were timed tell.
    pub fn nanoseconds(&self) -> u64 {
        let all = u128::from(self.timed_nanoseconds) * u128::from(self.count);
        let estimate = all / u128::from(self.timed.max(1));
        u64::try_from(estimate).unwrap_or(u64::MAX)
    }

    /// Counts those of another as well.
    pub fn add(&mut self, other: Probes) {
        self.count += other.count;
        self.hits += other.hits;
        self.timed += other.timed;
        self.timed_nanoseconds += other.timed_nanoseconds;
    }
}

/// What one thread's run of a version counts.
#[derive(Clone, Debug)]
pub struct Counts {
    clock: Arc<dyn Clock>,
    /// Nanoseconds that a reading of the clock takes.
    reading: u64,
    /// By index of the plan.
    probes: Vec<Probes>,
    pub read: u64,
    pub derived: u64,
}

impl Counts {
    /// Begins a probe of an index: the time, if it is to be timed.
    #[inline]
    pub fn begin(&mut self, index: u64) -> Option<u64> {
        let probes = &mut self.probes[index as usize];
        probes.count += 1;
        (probes.count % SAMPLE == 1).then(|| self.clock.nanoseconds())
    }

    /// Ends it.
    #[inline]
    pub fn end(&mut self, index: u64, begin: Option<u64>, is_hit: bool) {
        let probes = &mut self.probes[index as usize];
        probes.hits += u64::from(is_hit);
        if let Some(begin) = begin {
            probes.timed += 1;
            let passed = self.clock.nanoseconds() - begin;
            probes.timed_nanoseconds += passed.saturating_sub(self.reading);
        }
    }

    /// As many threads' counts are to begin with.
    pub fn fresh(&self) -> Counts {
        Counts {
            clock: Arc::clone(&self.clock),
            reading: self.reading,
            probes: vec![Probes::default(); self.probes.len()],
            read: 0,
            derived: 0,
        }
    }

    /// Counts what one of so many threads did, which ran side by side.
    pub fn add(&mut self, other: &Counts, threads: u64) {
        self.read += other.read;
        self.derived += other.derived;
        for (own, other) in self.probes.iter_mut().zip(&other.probes) {
            own.add(Probes {
                timed_nanoseconds: other.timed_nanoseconds / threads.max(1),
                ..*other
            });
        }
    }
}

/// What was measured of a node.
#[derive(Clone, Debug)]
pub struct Profile {
    spans: Vec<Span>,
    by_place: HashMap<(usize, Place), usize, FxBuildHasher>,
    /// The span that the node is in.
    at: Option<usize>,
    /// When it came there.
    since: u64,
    /// Of the version that runs.
    pub counts: Counts,
}

impl Profile {
    pub fn new(clock: Arc<dyn Clock>, indexes: usize) -> Profile {
        let readings: Vec<u64> = (0..READINGS).map(|_| clock.nanoseconds()).collect();
        let reading = readings.windows(2).map(|pair| pair[1] - pair[0]).min();
        Profile {
            spans: Vec::new(),
            by_place: HashMap::default(),
            at: None,
            since: 0,
            counts: Counts {
                reading: reading.unwrap_or_default(),
                clock,
                probes: vec![Probes::default(); indexes],
                read: 0,
                derived: 0,
            },
        }
    }

    /// The plan has so many indexes from now on.
    pub fn follow_indexes(&mut self, indexes: usize) {
        let probes = &mut self.counts.probes;
        probes.resize_with(indexes.max(probes.len()), Probes::default);
    }

    /// Each after the one that it was entered from.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Goes to a place; gives what to leave it with.
    pub fn enter(&mut self, place: Place) -> Option<usize> {
        self.pass();
        let outer = self.at;
        let new = self.spans.len();
        // No span has the number that stands for none.
        let key = (outer.unwrap_or(usize::MAX), place);
        let number = *self.by_place.entry(key).or_insert(new);
        if number == new {
            self.spans.push(Span {
                parent: outer,
                place,
                own: 0,
                times: 0,
                read: 0,
                derived: 0,
                new: 0,
                probes: BTreeMap::new(),
            });
        }
        self.spans[number].times += 1;
        self.at = Some(number);
        outer
    }

    /// Goes back to where a place was entered from.
    pub fn leave(&mut self, outer: Option<usize>) {
        self.pass();
        self.at = outer;
    }

    /// Counts rows of the running version that are new.
    pub fn count_new(&mut self, rows: u64) {
        if let Some(at) = self.at {
            self.spans[at].new += rows;
        }
    }

    /// Takes what was counted while a version ran, which probes no other indexes.
    pub fn end_version(&mut self, probed: &[IndexId]) {
        let counts = &mut self.counts;
        let Some(at) = self.at else {
            return;
        };
        let span = &mut self.spans[at];
        span.read += std::mem::take(&mut counts.read);
        span.derived += std::mem::take(&mut counts.derived);
        for &index in probed {
            let probes = std::mem::take(&mut counts.probes[index.0 as usize]);
            if probes.count > 0 {
                span.probes.entry(index).or_default().add(probes);
            }
        }
    }

    fn pass(&mut self) {
        let now = self.counts.clock.nanoseconds();
        if let Some(at) = self.at {
            self.spans[at].own += now - self.since;
        }
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use bloom_plan::plan::{IndexId, RelationId, VersionId};

    use super::{Clock, Place, Probes, Profile};

    /// Goes on by one with each look at it.
    #[derive(Debug, Default)]
    struct Steps(AtomicU64);

    impl Clock for Steps {
        fn nanoseconds(&self) -> u64 {
            self.0.fetch_add(1, Ordering::Relaxed)
        }
    }

    #[test]
    fn every_moment_is_in_one_span() {
        let clock = Arc::new(Steps::default());
        let mut profile = Profile::new(Arc::clone(&clock) as Arc<dyn Clock>, 0);
        let begin = clock.0.load(Ordering::Relaxed);
        for _ in 0..3 {
            let outside = profile.enter(Place::Tick);
            for version in [0, 1, 0] {
                let tick = profile.enter(Place::Version(VersionId(version)));
                let inside = profile.enter(Place::Derived(RelationId(7)));
                profile.leave(inside);
                profile.leave(tick);
            }
            profile.leave(outside);
        }
        let end = clock.0.load(Ordering::Relaxed);
        let spans = profile.spans();
        let times: Vec<(Option<usize>, Place, u64)> =
            spans.iter().map(|s| (s.parent, s.place, s.times)).collect();
        let derived = Place::Derived(RelationId(7));
        let version = |n| Place::Version(VersionId(n));
        assert_eq!(
            times,
            [
                (None, Place::Tick, 3),
                (Some(0), version(0), 6),
                (Some(1), derived, 6),
                (Some(0), version(1), 3),
                (Some(3), derived, 3),
            ]
        );
        // What passes between two ticks is in none.
        let between = 3;
        let whole: u64 = spans.iter().map(|span| span.own).sum();
        assert_eq!(whole, end - begin - between);
    }

    #[test]
    fn probes_are_counted_and_some_are_timed() {
        let mut profile = Profile::new(Arc::new(Steps::default()), 2);
        let outside = profile.enter(Place::Version(VersionId(0)));
        for probe in 0..200 {
            let begin = profile.counts.begin(1);
            // Each takes five steps beside the readings of the clock.
            if begin.is_some() {
                let passed: u64 = (0..5).map(|_| profile.counts.clock.nanoseconds()).sum();
                assert!(passed > 0);
            }
            profile.counts.end(1, begin, probe % 4 == 0);
        }
        profile.end_version(&[IndexId(0), IndexId(1)]);
        profile.leave(outside);
        let probes = &profile.spans()[0].probes;
        let right = Probes {
            count: 200,
            hits: 50,
            timed: 4,
            timed_nanoseconds: 20,
        };
        assert_eq!(probes.iter().collect::<Vec<_>>(), [(&IndexId(1), &right)]);
        assert_eq!(right.nanoseconds(), 1_000);
    }
}
