//! The service of benchmark B9 in its three variants: what it is fed, what it must answer, and a run of it.
//! Time counts only for a run whose answers were right.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use bloom_stdx::random::Random;

mod deployment;

use deployment::{Deployment, Said};

const REPLICAS: usize = 3;
const ADS: usize = 50;
/// No run takes longer, on however busy a machine.
const TIME_MAX: Duration = Duration::from_secs(300);

/// What makes answers wait for seals, and what stands there where nothing does.
const WITHOUT_SEALS: [(&str, &str); 4] = [
    (" sealed by window;", ";"),
    (
        "  seal click{to: at, window} <~ ended{window}, replicas{at};\n",
        "",
    ),
    (
        "<= asked{window}, click.sealed{window}, not told{window};",
        "<= ask{window};",
    ),
    ("  told{window}          <+ due{window};\n", ""),
];

/// How replicas come to their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// With what has come by then.
    Uncoordinated,
    /// When every server has sealed the window.
    Sealed,
    /// From one log of clicks and questions.
    Ordered,
}

impl Variant {
    pub const ALL: [Variant; 3] = [Variant::Uncoordinated, Variant::Sealed, Variant::Ordered];

    pub fn name(self) -> &'static str {
        match self {
            Variant::Uncoordinated => "uncoordinated",
            Variant::Sealed => "sealed",
            Variant::Ordered => "ordered",
        }
    }

    /// The program of this variant, from the one that seals.
    pub fn program(self, sealed: &str) -> Result<String, String> {
        let mut text = sealed.to_owned();
        if self == Variant::Sealed {
            return Ok(text);
        }
        for (with, without) in WITHOUT_SEALS {
            if text.matches(with).count() != 1 {
                return Err(format!("the program has not one `{}`", with.trim()));
            }
            text = text.replacen(with, without, 1);
        }
        if self == Variant::Ordered {
            text = text.replace("#[once]", "#[ordered(\"report\")]");
        }
        Ok(text)
    }

    /// The replicas to which a server sends. One is enough where a log brings rows to all.
    fn receivers(self, server: usize) -> Vec<usize> {
        match self {
            Variant::Uncoordinated | Variant::Sealed => (0..REPLICAS).collect(),
            Variant::Ordered => vec![server % REPLICAS],
        }
    }
}

/// How much is clicked.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub servers: usize,
    /// Beside the first, with which a run warms up.
    pub windows: usize,
    /// Of a server in a window.
    pub pages: usize,
    /// Of a page.
    pub clicks: usize,
}

impl Size {
    fn window(self) -> usize {
        self.servers * self.pages * self.clicks
    }

    /// That are measured.
    pub fn rows(self) -> usize {
        self.windows * self.window()
    }
}

type Counts = BTreeSet<(i64, i64, i64)>;

/// Lines for each server by windows, and how often each ad is clicked in each.
struct Input {
    lines: Vec<Vec<String>>,
    counts: Counts,
}

impl Input {
    fn new(size: Size, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut counts = BTreeMap::<(i64, i64), i64>::new();
        let mut lines = vec![Vec::new(); size.servers];
        for window in 0..=size.windows {
            for (server, lines) in lines.iter_mut().enumerate() {
                let mut text = String::new();
                for page in 0..size.pages {
                    let ads: Vec<usize> = (0..size.clicks).map(|_| random.below(ADS)).collect();
                    for ad in &ads {
                        *counts.entry((window as i64, *ad as i64)).or_default() += 1;
                    }
                    let row = format!("[{window},{page},{ads:?}]");
                    fed(&mut text, "page", &row);
                }
                fed(&mut text, "ended", &format!("[{window}]"));
                if server == 0 {
                    fed(&mut text, "question", &format!("[{window}]"));
                }
                lines.push(text);
            }
        }
        let counts = counts.into_iter().map(|((window, ad), n)| (window, ad, n));
        Self {
            lines,
            counts: counts.collect(),
        }
    }
}

fn fed(text: &mut String, collection: &str, row: &str) {
    writeln!(text, r#"{{"collection":"{collection}","row":{row}}}"#)
        .expect("writing to a string never fails");
}

/// What one replica has said.
#[derive(Default)]
struct Heard {
    answers: Vec<(i64, i64, i64)>,
    answered: BTreeSet<i64>,
    full: BTreeSet<i64>,
    found: Counts,
    /// Since when nothing but `found` was missing.
    last: Option<Instant>,
}

impl Heard {
    fn take(&mut self, said: Said) -> Result<(), String> {
        let row = (said.number("window")?, said.collection.as_str());
        match row {
            (window, "answered") => drop(self.answered.insert(window)),
            (window, "full") => drop(self.full.insert(window)),
            (window, "answer") => {
                let row = (window, said.number("ad")?, said.number("n")?);
                self.answers.push(row);
            }
            (window, "found") => {
                let row = (window, said.number("ad")?, said.number("n")?);
                self.found.insert(row);
                return Ok(());
            }
            (_, other) => return Err(format!("a row of `{other}`, which nobody reads")),
        }
        self.last = Some(said.at);
        Ok(())
    }

    fn has(&self, windows: usize) -> bool {
        self.answered.len() == windows && self.full.len() == windows
    }
}

/// Runs a variant of the program of `folder` as processes of `bloom`, holds its answers to what is right, and
/// gives the time from the first row fed until the last answer stood at every replica.
pub fn run(
    bloom: &Path,
    folder: &Path,
    sealed: &str,
    variant: Variant,
    size: Size,
    seed: u64,
) -> Result<Duration, String> {
    let text = variant.program(sealed)?;
    let program = folder.join(format!("{}.bloom", variant.name()));
    std::fs::write(&program, text).map_err(|e| format!("{}: {e}", program.display()))?;
    let input = Input::new(size, seed);
    let mut deployment = Deployment::start(bloom, &program, REPLICAS, size.servers, size.window())?;
    let mut heard: Vec<Heard> = (0..REPLICAS).map(|_| Heard::default()).collect();
    let within = Instant::now() + TIME_MAX;
    let mut hear = |deployment: &mut Deployment, done: &dyn Fn(&Heard) -> bool| {
        while !heard.iter().all(done) {
            let (replica, said) = deployment.hear(within)?;
            heard[replica].take(said)?;
        }
        Ok::<_, String>(heard.iter().filter_map(|heard| heard.last).max())
    };
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for (server, lines) in input.lines.iter().enumerate() {
        let mut text = String::new();
        for replica in variant.receivers(server) {
            fed(
                &mut text,
                "replica",
                &format!("[\"{}\"]", deployment.replica(replica)),
            );
        }
        first.push(text + &lines[0]);
        rest.push(lines[1..].concat());
    }
    deployment.feed_servers(first);
    hear(&mut deployment, &|heard| heard.has(1))?;
    let begin = Instant::now();
    deployment.feed_servers(rest);
    let end = hear(&mut deployment, &|heard| heard.has(size.windows + 1))?;
    let audit: String = (0..=size.windows).fold(String::new(), |mut text, window| {
        fed(&mut text, "audit", &format!("[{window}]"));
        text
    });
    deployment.feed_replicas(&audit);
    let found = input.counts.len();
    let end = hear(&mut deployment, &|heard| heard.found.len() >= found)?.max(end);
    deployment.stop()?;
    check(variant, &heard, &input.counts)?;
    end.map(|end| end.duration_since(begin))
        .ok_or_else(|| "no answer".into())
}

fn check(variant: Variant, heard: &[Heard], counts: &Counts) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{}: {what}", variant.name()));
    if heard.iter().any(|heard| heard.found != *counts) {
        return wrong("a replica has not counted what was clicked");
    }
    let mut answers: Vec<Vec<(i64, i64, i64)>> =
        heard.iter().map(|heard| heard.answers.clone()).collect();
    for answers in &mut answers {
        answers.sort_unstable();
    }
    let right: Vec<(i64, i64, i64)> = counts.iter().copied().collect();
    match variant {
        Variant::Uncoordinated => Ok(()),
        Variant::Sealed if answers.iter().any(|answers| *answers != right) => {
            wrong("a replica answered otherwise than was right")
        }
        Variant::Ordered if answers.iter().any(|other| *other != answers[0]) => {
            wrong("two replicas answered differently")
        }
        Variant::Sealed | Variant::Ordered => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(answers: &[(i64, i64, i64)], found: &[(i64, i64, i64)]) -> Heard {
        Heard {
            answers: answers.to_vec(),
            found: found.iter().copied().collect(),
            ..Heard::default()
        }
    }

    #[test]
    fn the_same_seed_clicks_the_same_and_counts_all() {
        let size = Size {
            servers: 3,
            windows: 2,
            pages: 4,
            clicks: 5,
        };
        let (one, two) = (Input::new(size, 7), Input::new(size, 7));
        assert_eq!(one.lines, two.lines);
        assert_ne!(one.lines, Input::new(size, 8).lines);
        let clicks: i64 = one.counts.iter().map(|(_, _, n)| n).sum();
        assert_eq!(clicks as usize, size.rows() + size.window());
    }

    #[test]
    fn wrong_answers_are_found() {
        let right = [(1, 7, 2)];
        let early = [(1, 7, 1)];
        let counts: Counts = right.into_iter().collect();
        let same = [heard(&early, &right), heard(&early, &right)];
        let differ = [heard(&early, &right), heard(&right, &right)];
        let lost = [heard(&right, &early)];
        assert!(check(Variant::Uncoordinated, &differ, &counts).is_ok());
        assert!(check(Variant::Ordered, &same, &counts).is_ok());
        assert!(check(Variant::Ordered, &differ, &counts).is_err());
        assert!(check(Variant::Sealed, &same, &counts).is_err());
        for variant in Variant::ALL {
            assert!(check(variant, &lost, &counts).is_err());
        }
    }
}
