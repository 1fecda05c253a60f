//! B9, what coordination costs: runs of the release binary in three variants side by side, whose answers are checked
//! before their time counts.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use bloom_xtask::clicks::{self, Size, Variant};

use super::results::{met, reached};

const REPETITIONS: usize = 5;
const SEED: u64 = 1;
const SERVERS: [usize; 2] = [5, 10];

fn size(servers: usize) -> Size {
    Size {
        servers,
        windows: 20,
        pages: 20,
        clicks: 25,
    }
}

/// The runs of one size.
struct Runs {
    size: Size,
    /// From the fastest to the slowest, in the order of [`Variant::ALL`].
    times: [Vec<Duration>; 3],
}

impl Runs {
    /// How many times as many rows a second as `other`.
    fn ratio(&self, variant: Variant, other: Variant) -> f64 {
        self.time(other).as_secs_f64() / self.time(variant).as_secs_f64()
    }

    fn time(&self, variant: Variant) -> Duration {
        self.times[variant as usize][REPETITIONS / 2]
    }

    fn rows_a_second(&self, variant: Variant) -> f64 {
        self.size.rows() as f64 / self.time(variant).as_secs_f64()
    }
}

/// The section of the page.
pub(super) fn section(root: &Path) -> Result<String, String> {
    let bloom = root.join("target/release/bloom");
    let folder = root.join("target/bench/clicks");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let path = root.join("bench/clicks.bloom");
    let program = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut all = Vec::new();
    for servers in SERVERS {
        let size = size(servers);
        let mut times: [Vec<Duration>; 3] = Default::default();
        // In turns, so that what else the machine does weighs on all alike.
        for _ in 0..REPETITIONS {
            for variant in Variant::ALL {
                let time = clicks::run(&bloom, &folder, &program, variant, size, SEED)?;
                println!("{servers} servers, {}: {time:.2?}", variant.name());
                times[variant as usize].push(time);
            }
        }
        for times in &mut times {
            times.sort();
        }
        all.push(Runs { size, times });
    }
    Ok(page(&all))
}

fn page(all: &[Runs]) -> String {
    let mut page = format!(
        "`clicks.bloom`: servers send clicks to three replicas of a report, all of them processes that talk over TCP\n\
         on loopback. Time goes from the first click fed to the last answer at the last replica; medians of\n\
         {REPETITIONS} runs, in turns.\n\n\
         | servers | variant | clicks | time | clicks a second | fastest to slowest |\n\
         | ---: | --- | ---: | ---: | ---: | --- |\n"
    );
    for runs in all {
        for variant in Variant::ALL {
            let (servers, clicks) = (runs.size.servers, runs.size.rows());
            let (time, rate) = (runs.time(variant), runs.rows_a_second(variant));
            let name = variant.name();
            let all = &runs.times[variant as usize];
            let (fastest, slowest) = (all[0], all[REPETITIONS - 1]);
            let line = format!(
                "| {servers} | {name} | {clicks} | {time:.2?} | {rate:.0} | {fastest:.2?} to {slowest:.2?} |"
            );
            writeln!(page, "{line}").expect("writing to a string never fails");
        }
    }
    page.push_str("\n| servers | ratio of rates | measured | at least | | goal | |\n");
    page.push_str("| ---: | --- | ---: | ---: | --- | ---: | --- |\n");
    for runs in all {
        let pairs = [
            (Variant::Uncoordinated, 0.9, 0.97),
            (Variant::Ordered, 3.0, 10.0),
        ];
        for (other, least, goal) in pairs {
            let ratio = runs.ratio(Variant::Sealed, other);
            let line = format!(
                "| {} | sealed / {} | {ratio:.2} | {least} | {} | {goal} | {} |",
                runs.size.servers,
                other.name(),
                met(ratio >= least),
                reached(ratio >= goal)
            );
            writeln!(page, "{line}").expect("writing to a string never fails");
        }
    }
    page.push_str("\nThe ratio to `ordered` is promised for ten servers. A ratio says little where the runs of a variant differ\nby more than it.\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_is_missed() {
        let seconds = Duration::from_secs;
        let runs = Runs {
            size: size(10),
            times: [19, 20, 50].map(|time| vec![seconds(time); REPETITIONS]),
        };
        let page = page(&[runs]);
        assert!(
            page.contains("| 10 | sealed | 100000 | 20.00s | 5000 | 20.00s to 20.00s |"),
            "{page}"
        );
        let line = "| 10 | sealed / uncoordinated | 0.95 | 0.9 | met | 0.97 | not yet |";
        assert!(page.contains(line), "{page}");
        let line = "| 10 | sealed / ordered | 2.50 | 3 | **missed** | 10 | not yet |";
        assert!(page.contains(line), "{page}");
    }
}
