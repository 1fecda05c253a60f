//! B5 and B6: nodes that are fed tick by tick in one process. Times are the processor's, of the ticks alone; what a
//! tick answered is compared with what the hand-written program did.

use std::fmt::Write;
use std::path::Path;

use super::answers::{Answers, Outputs};
use super::inputs::{self, Facts};
use super::options::Options;
use super::peers::{self, Peer, Profile, Run};
use super::process::measure;
use super::results::{median, met, reached};

const ANSWER: Outputs = &[("answer", 2)];
const JOINED: Outputs = &[("answer", 3)];

/// A work at one size.
pub struct Work {
    pub program: &'static str,
    outputs: Outputs,
    /// Rows that are there before.
    pub size: usize,
    ticks: usize,
    per_tick: usize,
    peers: &'static [Peer],
}

impl Work {
    fn generate(&self, facts: &mut Facts<'_>) -> std::io::Result<()> {
        match self.program {
            "store" => inputs::store(facts, self.size, self.ticks, self.per_tick),
            "not_probe" => inputs::not_probe(facts, self.size, self.ticks),
            "live_count" => inputs::live_count(facts, self.size, self.ticks),
            "live_join" => inputs::live_join(facts, self.size, self.ticks),
            "live_paths" => inputs::live_paths(facts, self.size, self.ticks),
            other => unreachable!("{other} is in the list of works"),
        }
    }

    /// Of its input, which is generated once.
    fn name(&self) -> String {
        let Work {
            program,
            size,
            ticks,
            per_tick,
            ..
        } = self;
        format!("{program}-{size}-{ticks}x{per_tick}")
    }

    fn runs(&self, options: &Options) -> usize {
        match self.size {
            RUN_ONCE_ROWS.. => 1,
            RUN_THRICE_ROWS.. => options.runs.min(3),
            _ => options.runs,
        }
    }
}

/// Nanoseconds a tick, by peer.
type Times = Vec<(Peer, f64)>;

/// Rows from which on a work is run once by each: loading them takes many times as long as the ticks.
const RUN_ONCE_ROWS: usize = 10_000_000;
/// Rows from which on it is run three times at most.
const RUN_THRICE_ROWS: usize = 1_000_000;

/// What the runs of a work have shown.
#[derive(Default)]
pub struct Measured {
    /// Nanoseconds a tick of each run, by peer.
    runs: Vec<(Peer, Vec<f64>)>,
    /// How many rows of its view a tick changes, where that is counted.
    changed: Option<f64>,
    right: Option<Answers>,
}

impl Measured {
    fn note(&mut self, peer: Peer, time: f64) {
        match self.runs.iter_mut().find(|(other, _)| *other == peer) {
            Some((_, times)) => times.push(time),
            None => self.runs.push((peer, vec![time])),
        }
    }

    fn medians(&self) -> Times {
        let runs = self.runs.iter();
        runs.map(|(peer, times)| (*peer, median(times))).collect()
    }
}

/// What a run tells on standard output: how many ticks there were, how many of them were timed, the nanoseconds that
/// these took, and how many rows of its view they all have changed, if it counts these.
struct Told {
    ticks: u64,
    timed: u64,
    nanoseconds: u64,
    changed: Option<u64>,
}

impl Told {
    fn parse(text: &str) -> Option<Told> {
        let numbers: Result<Vec<u64>, _> = text.split_whitespace().map(str::parse).collect();
        let numbers = numbers.ok()?;
        let &[ticks, timed, nanoseconds, ref changed @ ..] = numbers.as_slice() else {
            return None;
        };
        Some(Told {
            ticks,
            timed,
            nanoseconds,
            changed: changed.first().copied(),
        })
    }
}

/// Runs works by all of these that can, in turns, so that what else the machine does weighs on all alike: the ticks of
/// one run take milliseconds.
fn run_in_turns(
    root: &Path,
    works: &[Work],
    peers: &[Peer],
    options: &Options,
) -> Result<Vec<Measured>, String> {
    let mut measured: Vec<Measured> = works.iter().map(|_| Measured::default()).collect();
    for turn in 0..options.runs {
        for (work, measured) in works.iter().zip(&mut measured) {
            if turn < work.runs(options) {
                run(root, Profile::Release, work, peers, options, measured)?;
            }
        }
    }
    Ok(measured)
}

/// Runs a work once by all of these that can, and checks their answers; as many ticks as each did in the time it had.
pub fn run(
    root: &Path,
    profile: Profile,
    work: &Work,
    peers: &[Peer],
    options: &Options,
    measured: &mut Measured,
) -> Result<(), String> {
    let name = work.name();
    let facts = inputs::facts(root, &name, options, |facts| work.generate(facts))?;
    let folder = facts.parent().expect("facts are in the folder of the work");
    let out = folder.join("out");
    let others = work.peers.iter().copied();
    let others = others.filter(|peer| peers.contains(peer));
    for peer in [Peer::Hand, Peer::Bloom].into_iter().chain(others) {
        let command = Run {
            root,
            profile,
            work: work.program,
            facts: &facts,
            out: &out,
            workers: 1,
        }
        .ticks(peer);
        let cost = measure(&command, folder)?;
        let wrong = |e: String| format!("{name}, {}: {e}", peer.name());
        let told = Told::parse(&cost.stdout);
        let told = told.ok_or_else(|| wrong(format!("told `{}` of ticks", cost.stdout.trim())))?;
        let mut answers = Answers::read(&out, work.outputs).map_err(wrong)?;
        let questions = told.ticks * work.per_tick as u64;
        answers.keep_below(questions);
        let mut expected: Answers = measured
            .right
            .get_or_insert_with(|| answers.clone())
            .clone();
        expected.keep_below(questions);
        answers.compare(&expected).map_err(wrong)?;
        let time = told.nanoseconds as f64 / told.timed.max(1) as f64;
        println!(
            "{name}, {}: {:.2} µs a tick, {} ticks, {} answers, {} MiB",
            peer.name(),
            time / 1e3,
            told.ticks,
            answers.count(),
            cost.peak_bytes >> 20
        );
        if let Some(changed) = told.changed {
            measured.changed = Some(changed as f64 / told.ticks.max(1) as f64);
        }
        measured.note(peer, time);
    }
    let _ = std::fs::remove_dir_all(&out);
    Ok(())
}

fn time(times: &Times, peer: Peer) -> Option<f64> {
    times
        .iter()
        .find(|(other, _)| *other == peer)
        .map(|(_, time)| *time)
}

fn shown(times: &Times, peer: Peer) -> String {
    time(times, peer).map_or(String::new(), |time| format!("{:.2}", time / 1e3))
}

/// Those that B5 and B6 name beside the hand-written program.
const PEERS: [Peer; 2] = [Peer::Dfir, Peer::Differential];

/// B5: one store, ticks of different sizes.
pub fn section_of_sizes(root: &Path, options: &Options) -> Result<String, String> {
    let ready = prepare(root, options)?;
    let mut text = String::from(
        "10⁶ keys; each row puts or gets, half each, a key by chance. Microseconds of processor time a tick, medians.\n\n\
         | rows a tick | bloom | hand | dfir | differential | bloom / hand | at most | | goal | | bloom / dfir |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | --- | ---: |\n",
    );
    let promises = [
        (1, Some(5.0), Some(2.0)),
        (10, None, None),
        (100, Some(3.0), Some(1.2)),
        (1_000, None, None),
    ];
    let works = promises.map(|(per_tick, ..)| Work {
        program: "store",
        outputs: ANSWER,
        size: options.size(1_000_000).max(per_tick * 4),
        ticks: options.size(1_000_000 / per_tick).clamp(20, 200_000),
        per_tick,
        peers: &PEERS,
    });
    let measured = run_in_turns(root, &works, &ready.peers, options)?;
    for ((per_tick, most, goal), measured) in promises.into_iter().zip(&measured) {
        let times = measured.medians();
        let over = |peer| {
            let own = time(&times, Peer::Bloom).unwrap_or(f64::NAN);
            time(&times, peer).map(|time| own / time)
        };
        let ratio = over(Peer::Hand).unwrap_or(f64::NAN);
        let held = |bound: Option<f64>, told: fn(bool) -> &'static str| match bound {
            Some(bound) => format!("{bound} | {}", told(ratio <= bound)),
            None => " |".to_owned(),
        };
        let columns = [Peer::Bloom, Peer::Hand, Peer::Dfir, Peer::Differential];
        let columns: Vec<String> = columns.map(|peer| shown(&times, peer)).into();
        let columns = columns.join(" | ");
        let (most, goal) = (held(most, met), held(goal, reached));
        let dfir = over(Peer::Dfir).map_or(String::new(), |ratio| format!("{ratio:.2}"));
        let line = format!("| {per_tick} | {columns} | {ratio:.2} | {most} | {goal} | {dfir} |");
        writeln!(text, "{line}").expect("writing to a string never fails");
    }
    Ok(text + &ready.described(root)?)
}

/// A work of B6.
struct Growth {
    program: &'static str,
    title: &'static str,
    outputs: Outputs,
    peers: &'static [Peer],
    /// Ticks that are timed, if there is time. Fewer where they make what is there larger.
    ticks: usize,
    promise: Promise,
}

/// What is promised of a tick's time as what is there grows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    /// It stays as it is.
    Flat,
    /// It follows how much of its view a tick changes.
    WithinChange,
}

const GROWTH: [Growth; 5] = [
    Growth {
        program: "store",
        title: "get or put in a store",
        outputs: ANSWER,
        peers: &PEERS,
        ticks: TICKS,
        promise: Promise::Flat,
    },
    Growth {
        program: "not_probe",
        title: "`not` probe of a table that grows",
        outputs: ANSWER,
        peers: &PEERS,
        ticks: TICKS_THAT_GROW,
        promise: Promise::Flat,
    },
    Growth {
        program: "live_count",
        title: "live count of 100 groups",
        outputs: ANSWER,
        peers: &PEERS,
        ticks: TICKS,
        promise: Promise::Flat,
    },
    Growth {
        program: "live_join",
        title: "join of two tables whose rows come and go",
        outputs: JOINED,
        peers: &PEERS,
        ticks: TICKS,
        promise: Promise::Flat,
    },
    Growth {
        program: "live_paths",
        title: "paths over edges that come and go",
        outputs: ANSWER,
        peers: &[Peer::Differential],
        ticks: TICKS,
        promise: Promise::WithinChange,
    },
];

const SIZES: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const TICKS: usize = 100_000;
const TICKS_THAT_GROW: usize = 20_000;

impl Growth {
    fn work(&self, size: usize, ticks: usize) -> Work {
        Work {
            program: self.program,
            outputs: self.outputs,
            size,
            ticks,
            per_tick: 1,
            peers: self.peers,
        }
    }

    /// The lines of the table.
    fn lines(&self, by_size: &[Measured]) -> String {
        let mut text = String::new();
        let by_size: Vec<(Times, Option<f64>)> = by_size
            .iter()
            .map(|measured| (measured.medians(), measured.changed))
            .collect();
        let title = self.title;
        for &peer in [Peer::Bloom, Peer::Hand].iter().chain(self.peers) {
            let times = by_size.iter();
            let times: Option<Vec<f64>> = times.map(|(times, _)| time(times, peer)).collect();
            let Some(times) = times else { continue };
            let judged = peer == Peer::Bloom && self.promise == Promise::Flat;
            let ratio = most_by_least(&times);
            let columns = times.iter().map(|time| format!("{:.2}", time / 1e3));
            let columns = columns.collect::<Vec<_>>().join(" | ");
            let (name, held) = (peer.name(), held(ratio, judged));
            let line = format!("| {title} | {name} | {columns} | {ratio:.1} | {held} |");
            writeln!(text, "{line}").expect("writing to a string never fails");
        }
        if self.promise == Promise::WithinChange {
            text += &self.lines_of_change(&by_size);
        }
        text
    }

    /// How much of its view a tick changes, and how long it takes for each row of that.
    fn lines_of_change(&self, by_size: &[(Times, Option<f64>)]) -> String {
        let title = self.title;
        let changed: Option<Vec<f64>> = by_size.iter().map(|(_, changed)| *changed).collect();
        let changed = changed.unwrap_or_default();
        let times = by_size.iter().filter_map(|(t, _)| time(t, Peer::Bloom));
        let each: Vec<f64> = times
            .zip(&changed)
            .map(|(t, changed)| t / changed)
            .collect();
        let shown = |numbers: &[f64]| {
            let numbers = numbers.iter().map(|number| format!("{number:.2}"));
            numbers.collect::<Vec<_>>().join(" | ")
        };
        let micros: Vec<f64> = each.iter().map(|time| time / 1e3).collect();
        let (counts, ratio_of_counts) = (shown(&changed), most_by_least(&changed));
        let (each, ratio) = (shown(&micros), most_by_least(&each));
        let held = held(ratio, true);
        format!(
            "| {title}: rows of the view that a tick changes | counted | {counts} | {ratio_of_counts:.1} |  | |\n\
             | {title}, by row that changes | bloom | {each} | {ratio:.1} | {held} |\n"
        )
    }
}

fn most_by_least(all: &[f64]) -> f64 {
    let most = all.iter().copied().fold(f64::MIN, f64::max);
    most / all.iter().copied().fold(f64::MAX, f64::min)
}

/// The last two columns.
fn held(ratio: f64, judged: bool) -> String {
    match judged {
        true => format!("{} | {}", met(ratio <= 2.0), reached(ratio <= 1.2)),
        false => " |".to_owned(),
    }
}

/// The works of B6 at one size.
pub fn growth_works(size: usize, ticks: usize) -> impl Iterator<Item = Work> {
    GROWTH.iter().map(move |growth| growth.work(size, ticks))
}

/// B6: ticks of one row, state of different sizes.
pub fn section_of_growth(root: &Path, options: &Options) -> Result<String, String> {
    let ready = prepare(root, options)?;
    let mut text = String::from(
        "Microseconds of processor time a tick, medians, with so many rows there before. What a tick of the recursive \
         view costs is held to the rows of the view that it changes, all others to what they cost at other sizes.\n\n\
         | work | program | 10³ | 10⁴ | 10⁵ | 10⁶ | 10⁷ | most / least | at most 2 | goal 1.2 |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |\n",
    );
    for growth in &GROWTH {
        if !options.has_work(growth.program) {
            continue;
        }
        let works = SIZES.map(|size| growth.work(options.size(size).max(200), growth.ticks));
        text += &growth.lines(&run_in_turns(root, &works, &ready.peers, options)?);
    }
    Ok(text + &ready.described(root)?)
}

fn prepare(root: &Path, options: &Options) -> Result<peers::Ready, String> {
    let mut needed = vec![Peer::Hand];
    needed.extend(
        PEERS
            .into_iter()
            .filter(|peer| options.has_peer(peer.name())),
    );
    peers::prepare(root, &needed, Profile::Release)
}
