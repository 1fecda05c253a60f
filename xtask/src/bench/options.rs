//! The command line of `cargo xtask bench`.

pub const USAGE: &str = "\
usage: cargo xtask bench [ID]… [OPTION]…

  ID             B1 B2 …: which benchmarks; all unless told
  --runs N       runs of each program, of which the median counts (5)
  --scale F      sizes of inputs relative to the full ones (1)
  --seed N       what inputs are generated from (1)
  --work TEXT    only works whose name has TEXT in it; results.md is not written
  --peers A,B    only these beside bloom and hand; results.md is not written
  --no-write     do not write results.md
  --resume       only those that were not measured at the commit that is checked out
  --smoke        small inputs, debug builds, bloom against hand alone: answers count, times do not

Peers: ascent, crepe, datafrog, differential, dfir, and souffle if it is on the PATH.
";

/// Runs whose median nobody could place.
const RUNS_MAX: usize = 1000;

#[derive(Debug)]
pub struct Options {
    ids: Vec<String>,
    pub runs: usize,
    pub scale: f64,
    pub seed: u64,
    pub work: Option<String>,
    pub peers: Option<Vec<String>>,
    pub smoke: bool,
    pub resume: bool,
    no_write: bool,
}

impl Options {
    /// None if help is asked for.
    pub fn parse(arguments: &[&str]) -> Result<Option<Options>, String> {
        let mut options = Options {
            ids: Vec::new(),
            runs: 5,
            scale: 1.0,
            seed: 1,
            work: None,
            peers: None,
            smoke: false,
            resume: false,
            no_write: false,
        };
        let mut rest = arguments.iter().copied();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or(format!("{argument} takes a value"));
            match argument {
                "--help" => return Ok(None),
                "--smoke" => options.smoke = true,
                "--resume" => options.resume = true,
                "--no-write" => options.no_write = true,
                "--runs" => options.runs = number(argument, value()?)?,
                "--scale" => options.scale = number(argument, value()?)?,
                "--seed" => options.seed = number(argument, value()?)?,
                "--work" => options.work = Some(value()?.to_owned()),
                "--peers" => {
                    let names = value()?.split(',').filter(|name| !name.is_empty());
                    options.peers = Some(names.map(str::to_owned).collect());
                }
                id if super::SECTIONS.iter().any(|(known, _)| *known == id) => {
                    options.ids.push(id.to_owned());
                }
                other => return Err(format!("no benchmark and no option: {other}\n\n{USAGE}")),
            }
        }
        if !(1..=RUNS_MAX).contains(&options.runs) {
            return Err(format!("--runs takes a number from 1 to {RUNS_MAX}"));
        }
        if !(options.scale > 0.0 && options.scale <= 100.0) {
            return Err("--scale takes a number above 0, to 100".to_owned());
        }
        Ok(Some(options))
    }

    pub fn takes(&self, id: &str) -> bool {
        self.ids.is_empty() || self.ids.iter().any(|given| given == id)
    }

    /// Whether the named peer is to be run.
    pub fn has_peer(&self, name: &str) -> bool {
        let peers = self.peers.as_ref();
        peers.is_none_or(|peers| peers.iter().any(|given| given == name))
    }

    pub fn has_work(&self, name: &str) -> bool {
        self.work.as_ref().is_none_or(|text| name.contains(text))
    }

    /// Whether the results are to be kept.
    pub fn is_whole(&self) -> bool {
        !self.no_write && self.work.is_none() && self.peers.is_none()
    }

    /// A size at this scale, of something that grows in proportion to it.
    pub fn size(&self, full: usize) -> usize {
        ((full as f64 * self.scale).round() as usize).max(1)
    }

    /// Of something whose square grows in proportion to the scale.
    pub fn side(&self, full: usize) -> usize {
        ((full as f64 * self.scale.sqrt()).round() as usize).max(2)
    }
}

fn number<T: std::str::FromStr>(option: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{option} takes a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_the_scale() {
        let options = Options::parse(&["B1", "--scale", "0.25"]).expect("it is right");
        let options = options.expect("no help was asked for");
        assert_eq!((options.size(400), options.side(400)), (100, 200));
        assert!(options.takes("B1") && !options.takes("B2"));
    }

    #[test]
    fn what_is_unknown_is_refused() {
        assert!(Options::parse(&["B77"]).is_err());
        assert!(Options::parse(&["--scale", "0"]).is_err());
        assert!(Options::parse(&["--runs"]).is_err());
    }
}
