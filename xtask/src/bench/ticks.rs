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

    fn name(&self) -> String {
        format!("{}-{}-{}", self.program, self.size, self.per_tick)
    }
}

/// Nanoseconds a tick, by peer.
type Times = Vec<(Peer, f64)>;

/// Rows from which on a work is run once by each: loading them takes many times as long as the ticks.
const RUN_ONCE_ROWS: usize = 10_000_000;
/// Rows from which on it is run three times at most.
const RUN_THRICE_ROWS: usize = 1_000_000;

/// Runs a work by all of these that can, and checks their answers; as many ticks as each did in the time it had.
pub fn run(
    root: &Path,
    profile: Profile,
    work: &Work,
    peers: &[Peer],
    options: &Options,
) -> Result<Times, String> {
    let name = work.name();
    let facts = inputs::facts(root, &name, options, |facts| work.generate(facts))?;
    let folder = facts.parent().expect("facts are in the folder of the work");
    let out = folder.join("out");
    let mut times: Vec<(Peer, Vec<f64>)> = Vec::new();
    let mut right = None;
    let runs = match work.size {
        RUN_ONCE_ROWS.. => 1,
        RUN_THRICE_ROWS.. => options.runs.min(3),
        _ => options.runs,
    };
    for _ in 0..runs {
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
            let mut told = cost.stdout.split_whitespace().map(str::parse::<u64>);
            let (Some(Ok(ticks)), Some(Ok(timed)), Some(Ok(nanoseconds))) =
                (told.next(), told.next(), told.next())
            else {
                return Err(wrong(format!("told `{}` of its ticks", cost.stdout.trim())));
            };
            let mut answers = Answers::read(&out, work.outputs).map_err(wrong)?;
            let questions = ticks * work.per_tick as u64;
            answers.keep_below(questions);
            let mut expected: Answers = right.get_or_insert_with(|| answers.clone()).clone();
            expected.keep_below(questions);
            answers.compare(&expected).map_err(wrong)?;
            let time = nanoseconds as f64 / timed.max(1) as f64;
            println!(
                "{name}, {}: {:.2} µs a tick, {ticks} ticks, {} answers, {} MiB",
                peer.name(),
                time / 1e3,
                answers.count(),
                cost.peak_bytes >> 20
            );
            match times.iter_mut().find(|(other, _)| *other == peer) {
                Some((_, times)) => times.push(time),
                None => times.push((peer, vec![time])),
            }
        }
    }
    let _ = std::fs::remove_dir_all(&out);
    Ok(times
        .into_iter()
        .map(|(peer, times)| (peer, median(&times)))
        .collect())
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
    for (per_tick, most, goal) in promises {
        let work = Work {
            program: "store",
            outputs: ANSWER,
            size: options.size(1_000_000).max(per_tick * 4),
            ticks: options.size(1_000_000 / per_tick).clamp(20, 200_000),
            per_tick,
            peers: &PEERS,
        };
        let times = run(root, Profile::Release, &work, &ready.peers, options)?;
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

const GROWTH: [(&str, &str, Outputs, &[Peer]); 5] = [
    ("store", "get or put in a store", ANSWER, &PEERS),
    (
        "not_probe",
        "`not` probe of a table that grows",
        ANSWER,
        &PEERS,
    ),
    ("live_count", "live count of 100 groups", ANSWER, &PEERS),
    ("live_join", "join of two tables that grow", JOINED, &PEERS),
    (
        "live_paths",
        "paths over edges that come and go",
        ANSWER,
        &[Peer::Differential],
    ),
];

const SIZES: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
/// Ticks that are timed, if there is time.
const TICKS: usize = 20_000;

/// The works of B6 at one size.
pub fn growth_works(size: usize, ticks: usize) -> impl Iterator<Item = Work> {
    GROWTH
        .into_iter()
        .map(move |(program, _, outputs, peers)| Work {
            program,
            outputs,
            size,
            ticks,
            per_tick: 1,
            peers,
        })
}

/// B6: ticks of one row, state of different sizes.
pub fn section_of_growth(root: &Path, options: &Options) -> Result<String, String> {
    let ready = prepare(root, options)?;
    let mut text = String::from(
        "Microseconds of processor time a tick, medians, with so many rows there before.\n\n\
         | work | program | 10³ | 10⁴ | 10⁵ | 10⁶ | 10⁷ | most / least | at most 2 | goal 1.2 |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |\n",
    );
    for (place, (program, title, _, peers)) in GROWTH.into_iter().enumerate() {
        if !options.has_work(program) {
            continue;
        }
        let mut by_size = Vec::new();
        for size in SIZES.map(|size| options.size(size).max(200)) {
            let work = growth_works(size, TICKS)
                .nth(place)
                .expect("a work for each program");
            by_size.push(run(root, Profile::Release, &work, &ready.peers, options)?);
        }
        for &peer in [Peer::Bloom, Peer::Hand].iter().chain(peers) {
            let times: Vec<f64> = by_size
                .iter()
                .filter_map(|times| time(times, peer))
                .collect();
            if times.len() < SIZES.len() {
                continue;
            }
            let most = times.iter().copied().fold(f64::MIN, f64::max);
            let ratio = most / times.iter().copied().fold(f64::MAX, f64::min);
            let columns: Vec<String> = by_size.iter().map(|times| shown(times, peer)).collect();
            let columns = columns.join(" | ");
            let held = match peer {
                Peer::Bloom => format!("{} | {}", met(ratio <= 2.0), reached(ratio <= 1.2)),
                _ => " |".to_owned(),
            };
            let line = format!(
                "| {title} | {} | {columns} | {ratio:.1} | {held} |",
                peer.name()
            );
            writeln!(text, "{line}").expect("writing to a string never fails");
        }
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
