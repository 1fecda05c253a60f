//! B1 to B4: whole processes that load, evaluate and write, in turns, so that what else the machine does weighs on
//! all alike. Ratios are of processor time, which another's work disturbs less than it does wall time.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::answers::Answers;
use super::inputs;
use super::options::Options;
use super::peers::{self, Peer, Profile, Run};
use super::process::{Cost, measure};
use super::results::{median, met, reached};
use super::works::{WORKS, Work};

/// What was promised of a benchmark: processor time over that of the best peer, and over the hand-written program.
struct Promise {
    best_peer: f64,
    hand: f64,
}

fn promise(id: &str) -> Promise {
    match id {
        "B1" | "B2" => Promise {
            best_peer: 1.2,
            hand: 0.8,
        },
        _ => Promise {
            best_peer: 1.0,
            hand: 1.0,
        },
    }
}

/// Seconds of wall time that the runs of one program on one work may take, beyond the first of them. Slow peers
/// are run less often, for their times are far from the others'.
const RUNS_SECONDS_MAX: f64 = 15.0;

/// Who is to run a work, with how many workers, and how often at most.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub peer: Peer,
    pub workers: usize,
    pub runs: usize,
}

/// A work with the runs of all who did it.
pub struct Measured {
    pub work: &'static Work,
    pub rows: usize,
    /// In the order that they were given in.
    pub costs: Vec<(Peer, Vec<Cost>)>,
}

impl Measured {
    /// Processor time, the median.
    pub fn cpu(&self, peer: Peer) -> Option<Duration> {
        self.at(peer)
            .map(|place| self.median(place, |cost| cost.cpu))
    }

    /// Peak memory in bytes, the median.
    pub fn peak(&self, peer: Peer) -> Option<u64> {
        self.at(peer)
            .map(|place| self.median(place, |cost| cost.peak_bytes))
    }

    fn runs(&self, peer: Peer) -> usize {
        self.at(peer).map_or(0, |place| self.costs[place].1.len())
    }

    fn at(&self, peer: Peer) -> Option<usize> {
        self.costs.iter().position(|(other, _)| *other == peer)
    }

    /// The median of what cost the one who is at this place.
    pub fn median<T: Copy + PartialOrd>(&self, place: usize, of: impl Fn(&Cost) -> T) -> T {
        median(&self.costs[place].1.iter().map(of).collect::<Vec<T>>())
    }

    /// The fastest but Bloom and the hand-written program.
    fn best_peer(&self) -> Option<(Peer, Duration)> {
        let peers = self.costs.iter().map(|(peer, _)| *peer);
        let peers = peers.filter(|peer| !matches!(peer, Peer::Bloom | Peer::Hand));
        let timed = peers.filter_map(|peer| Some((peer, self.cpu(peer)?)));
        timed.min_by_key(|(_, time)| *time)
    }
}

pub fn section(root: &Path, id: &str, options: &Options) -> Result<String, String> {
    let works: Vec<&'static Work> = WORKS
        .iter()
        .filter(|work| work.id == id && options.has_work(work.name))
        .collect();
    let peers: Vec<Peer> = Peer::ALL
        .into_iter()
        .filter(|&peer| works.iter().any(|work| takes(work, peer, options)))
        .collect();
    let ready = peers::prepare(root, &peers, Profile::Release)?;
    if ready.has(Peer::Souffle) {
        for work in &works {
            peers::compile_souffle(root, work.program)?;
        }
    }
    let mut all = Vec::new();
    for work in works {
        let peers = ready.peers.iter().copied();
        let peers = peers.filter(|&peer| takes(work, peer, options));
        let entry = |peer| Entry {
            peer,
            workers: 1,
            runs: options.runs,
        };
        let entries: Vec<Entry> = peers.map(entry).collect();
        all.push(run(root, Profile::Release, work, &entries, options)?);
    }
    Ok(page(id, &all, &ready.peers) + &ready.described(root)?)
}

/// Whether a work is to be run by this peer.
fn takes(work: &Work, peer: Peer, options: &Options) -> bool {
    let is_asked = matches!(peer, Peer::Bloom | Peer::Hand) || options.has_peer(peer.name());
    is_asked && work.peers().any(|other| other == peer)
}

/// Runs a work by all, and checks that they answer alike.
pub fn run(
    root: &Path,
    profile: Profile,
    work: &'static Work,
    all: &[Entry],
    options: &Options,
) -> Result<Measured, String> {
    let name = work.name.replace([' ', ','], "-");
    let facts = inputs::facts(root, &name, options, work.generate)?;
    let folder = facts.parent().expect("facts are in the folder of the work");
    let mut costs: Vec<(Peer, Vec<Cost>)> =
        all.iter().map(|entry| (entry.peer, Vec::new())).collect();
    let mut right = None;
    for round in 0..options.runs {
        // The hand-written program first: its answers are what others are held to.
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by_key(|&place| all[place].peer != Peer::Hand);
        for place in order {
            let Entry {
                peer,
                workers,
                runs,
            } = all[place];
            let passed: Duration = costs[place].1.iter().map(|cost| cost.wall).sum();
            let is_slow = passed.as_secs_f64() > RUNS_SECONDS_MAX && peer != Peer::Bloom;
            if round >= runs || is_slow {
                continue;
            }
            let out = folder.join(format!("out-{}", peer.name()));
            let command = Run {
                root,
                profile,
                work: work.program,
                facts: &facts,
                out: &out,
                workers,
            }
            .batch(peer);
            std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
            let cost = measure(&command, folder)?;
            let wrong = |e: String| format!("{}, {}: {e}", work.name, peer.name());
            let answers = Answers::read(&out, work.outputs).map_err(wrong)?;
            answers
                .compare(right.get_or_insert_with(|| answers.clone()))
                .map_err(wrong)?;
            let (cpu, wall, mebibytes) = (cost.cpu, cost.wall, cost.peak_bytes >> 20);
            println!(
                "{}, {} rows, {} ({workers}): {cpu:.2?} of {wall:.2?}, {mebibytes} MiB",
                work.name,
                answers.count(),
                peer.name()
            );
            costs[place].1.push(cost);
            // It would fill the disk.
            std::fs::remove_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
        }
    }
    Ok(Measured {
        work,
        rows: right.map_or(0, |answers| answers.count()),
        costs,
    })
}

fn page(id: &str, all: &[Measured], peers: &[Peer]) -> String {
    let mut text = String::from(
        "Processor seconds of the whole process with one worker, medians; in brackets over the hand-written program,\n\
         and peak memory in MiB, and of how many runs if they were fewer than Bloom's.\n\n| work | rows out |",
    );
    let mut put = |line: std::fmt::Arguments<'_>| {
        text.write_fmt(line)
            .expect("writing to a string never fails");
    };
    for peer in peers {
        put(format_args!(" {} |", peer.name()));
    }
    put(format_args!(
        "\n| --- | ---: |{}\n",
        " ---: |".repeat(peers.len())
    ));
    for measured in all {
        put(format_args!(
            "| {} | {} |",
            measured.work.name, measured.rows
        ));
        let hand = measured
            .cpu(Peer::Hand)
            .map_or(f64::NAN, |time| time.as_secs_f64());
        for &peer in peers {
            match (measured.cpu(peer), measured.peak(peer)) {
                (Some(time), Some(peak)) => {
                    let seconds = time.as_secs_f64();
                    let ratio = seconds / hand;
                    let fewer = match measured.runs(peer) {
                        1 if measured.runs(Peer::Bloom) > 1 => ", 1 run".to_owned(),
                        runs if runs < measured.runs(Peer::Bloom) => format!(", {runs} runs"),
                        _ => String::new(),
                    };
                    let mebibytes = peak >> 20;
                    put(format_args!(
                        " {seconds:.3} ({ratio:.2}), {mebibytes}{fewer} |"
                    ));
                }
                _ => put(format_args!(" |")),
            }
        }
        put(format_args!("\n"));
    }
    let Promise { best_peer, hand } = promise(id);
    put(format_args!(
        "\n| work | bloom / best peer | at most {best_peer} | bloom / hand | goal {hand} |\n| --- | ---: | --- | ---: | --- |\n"
    ));
    for measured in all {
        let Some(own) = measured.cpu(Peer::Bloom) else {
            continue;
        };
        put(format_args!("| {} |", measured.work.name));
        match measured.best_peer() {
            Some((peer, time)) => {
                let ratio = own.as_secs_f64() / time.as_secs_f64();
                let is_met = met(ratio <= best_peer);
                put(format_args!(" {ratio:.2} ({}) | {is_met} |", peer.name()));
            }
            None => put(format_args!(" | |")),
        }
        let by_hand = measured.cpu(Peer::Hand).unwrap_or(own).as_secs_f64();
        let ratio = own.as_secs_f64() / by_hand;
        put(format_args!(" {ratio:.2} | {} |\n", reached(ratio <= hand)));
    }
    text
}
