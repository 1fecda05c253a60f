//! What is run: Bloom itself, and what a user would pick instead. Those that come as crates are a workspace of their
//! own in `bench/peers`; Soufflé is taken if it is on the PATH.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::figures::{cargo, output};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Bloom,
    Hand,
    Ascent,
    Crepe,
    Datafrog,
    Differential,
    Dfir,
    Souffle,
}

/// How Bloom and the hand-written programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    Release,
    Debug,
}

impl Peer {
    pub const ALL: [Peer; 8] = [
        Peer::Bloom,
        Peer::Hand,
        Peer::Ascent,
        Peer::Crepe,
        Peer::Datafrog,
        Peer::Differential,
        Peer::Dfir,
        Peer::Souffle,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Peer::Bloom => "bloom",
            Peer::Hand => "hand",
            Peer::Ascent => "ascent",
            Peer::Crepe => "crepe",
            Peer::Datafrog => "datafrog",
            Peer::Differential => "differential",
            Peer::Dfir => "dfir",
            Peer::Souffle => "souffle",
        }
    }

    /// Its package in `bench/peers`.
    fn package(self) -> Option<&'static str> {
        match self {
            Peer::Bloom | Peer::Souffle => None,
            Peer::Hand => Some("hand"),
            Peer::Ascent => Some("peer-ascent"),
            Peer::Crepe => Some("peer-crepe"),
            Peer::Datafrog => Some("peer-datafrog"),
            Peer::Differential => Some("peer-differential"),
            Peer::Dfir => Some("peer-dfir"),
        }
    }

    /// Whether it can be run here at all.
    pub fn is_there(self) -> bool {
        self != Peer::Souffle || output(Command::new("souffle").arg("--version")).is_ok()
    }

    /// Which version of what it is.
    pub fn version(self, root: &Path) -> Result<String, String> {
        let crates: &[&str] = match self {
            Peer::Bloom => {
                return output(Command::new(bloom(root, Profile::Release)).arg("--version"));
            }
            Peer::Souffle => return output(Command::new("souffle").arg("--version")),
            Peer::Hand => &["hashbrown", "rustc-hash"],
            Peer::Ascent => &["ascent"],
            Peer::Crepe => &["crepe"],
            Peer::Datafrog => &["datafrog"],
            Peer::Differential => &["differential-dataflow", "timely"],
            Peer::Dfir => &["dfir_rs"],
        };
        let path = root.join("bench/peers/Cargo.lock");
        let lock =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let version = |name: &&str| {
            // The newest of a name comes last.
            let (_, rest) = lock.rsplit_once(&format!("name = \"{name}\"\nversion = \""))?;
            Some(format!("{name} {}", rest.split('"').next()?))
        };
        let versions: Vec<String> = crates.iter().filter_map(version).collect();
        match self {
            Peer::Hand => Ok(format!("hand-written with {}", versions.join(" and "))),
            _ => Ok(versions.join(" and ")),
        }
    }
}

pub fn build_bloom(root: &Path, profile: Profile) -> Result<(), String> {
    let mut arguments = vec!["build", "--locked"];
    arguments.extend(["--package", "bloom-cli", "--package", "bloom-tests"]);
    arguments.extend(["--bin", "bloom", "--bin", "ticks", "--bin", "memory"]);
    if profile == Profile::Release {
        arguments.push("--release");
    }
    cargo(root, &arguments)
}

/// Those that are to be run and can be, and why the others cannot.
#[derive(Debug, Default)]
pub struct Ready {
    pub peers: Vec<Peer>,
    pub missing: Vec<String>,
}

impl Ready {
    pub fn has(&self, peer: Peer) -> bool {
        self.peers.contains(&peer)
    }

    /// What they are, and what is not there.
    pub fn described(&self, root: &Path) -> Result<String, String> {
        let mut text = String::from("\n");
        for peer in self.peers.iter().filter(|peer| **peer != Peer::Bloom) {
            text += &format!("{}: {}. ", peer.name(), peer.version(root)?);
        }
        for missing in &self.missing {
            text += &format!("Not measured: {missing}. ");
        }
        Ok(text.trim_end().to_owned() + "\n")
    }
}

/// Builds what will run. It is no error if a peer cannot be built or is not there, but for the hand-written
/// programs, whose answers are what others are held to.
pub fn prepare(root: &Path, peers: &[Peer], profile: Profile) -> Result<Ready, String> {
    let mut ready = Ready::default();
    // All at once is faster.
    let all = build(root, peers, profile);
    for &peer in peers {
        let built = match (&all, peer) {
            (_, Peer::Souffle) if peer.is_there() => Ok(()),
            (_, Peer::Souffle) => Err("it is not on the PATH".to_owned()),
            (Ok(()), _) => Ok(()),
            (Err(_), _) => build(root, &[peer], profile),
        };
        match built {
            Ok(()) => ready.peers.push(peer),
            Err(why) if peer == Peer::Hand => return Err(why),
            Err(why) => ready.missing.push(format!("{}: {why}", peer.name())),
        }
    }
    Ok(ready)
}

pub fn build(root: &Path, peers: &[Peer], profile: Profile) -> Result<(), String> {
    let packages: Vec<&str> = peers.iter().filter_map(|peer| peer.package()).collect();
    let mut arguments = vec!["build", "--locked"];
    if profile == Profile::Release {
        arguments.push("--release");
    }
    for package in &packages {
        arguments.extend(["--package", package]);
    }
    match packages.is_empty() {
        true => Ok(()),
        false => cargo(&root.join("bench/peers"), &arguments),
    }
}

fn folder(profile: Profile) -> &'static str {
    match profile {
        Profile::Release => "release",
        Profile::Debug => "debug",
    }
}

pub fn bloom(root: &Path, profile: Profile) -> PathBuf {
    root.join("target").join(folder(profile)).join("bloom")
}

/// The program that feeds a node tick by tick in its own process.
pub fn bloom_ticks(root: &Path, profile: Profile) -> PathBuf {
    root.join("target").join(folder(profile)).join("ticks")
}

/// The program that says how much memory a node holds.
pub fn bloom_memory(root: &Path) -> PathBuf {
    root.join("target/release/memory")
}

/// The hand-written programs.
pub fn hand(root: &Path) -> PathBuf {
    root.join("bench/peers/target/release/hand")
}

/// A work's program in Bloom.
pub fn program(root: &Path, work: &str) -> PathBuf {
    root.join("bench/programs").join(format!("{work}.bloom"))
}

/// What one run is: which work, on what, and where its answers go.
pub struct Run<'a> {
    pub root: &'a Path,
    pub profile: Profile,
    pub work: &'a str,
    pub facts: &'a Path,
    pub out: &'a Path,
    pub workers: usize,
}

impl Run<'_> {
    /// A run of a work that takes all its input at once.
    pub fn batch(&self, peer: Peer) -> Command {
        let workers = self.workers.to_string();
        match peer {
            Peer::Bloom => {
                let mut command = Command::new(bloom(self.root, self.profile));
                command.arg("run").arg(program(self.root, self.work));
                command
                    .arg("--facts")
                    .arg(self.facts)
                    .arg("--out")
                    .arg(self.out);
                command.args(["--workers", &workers]);
                command
            }
            Peer::Souffle => {
                let mut command = Command::new(souffle(self.root, self.work));
                command.arg("-F").arg(self.facts).arg("-D").arg(self.out);
                command.args(["-j", &workers]);
                command
            }
            Peer::Hand
            | Peer::Ascent
            | Peer::Crepe
            | Peer::Datafrog
            | Peer::Differential
            | Peer::Dfir => self.crate_command(peer),
        }
    }

    /// A run of a work that goes tick by tick.
    pub fn ticks(&self, peer: Peer) -> Command {
        match peer {
            Peer::Bloom => {
                let mut command = Command::new(bloom_ticks(self.root, self.profile));
                command.arg(program(self.root, self.work));
                command.arg(self.facts).arg(self.out);
                command
            }
            Peer::Souffle => unreachable!("Soufflé has no ticks"),
            Peer::Hand
            | Peer::Ascent
            | Peer::Crepe
            | Peer::Datafrog
            | Peer::Differential
            | Peer::Dfir => self.crate_command(peer),
        }
    }

    fn crate_command(&self, peer: Peer) -> Command {
        let package = peer.package().expect("it comes as a crate");
        let folder = self
            .root
            .join("bench/peers/target")
            .join(folder(self.profile));
        let mut command = Command::new(folder.join(package));
        command.arg(self.work).arg(self.facts).arg(self.out);
        command.arg(self.workers.to_string());
        command
    }
}

/// A work's program as Soufflé compiled it.
fn souffle(root: &Path, work: &str) -> PathBuf {
    root.join("target/bench/souffle").join(work)
}

/// Compiles a work's program with Soufflé. `-j2`, or it could not use two threads later.
pub fn compile_souffle(root: &Path, work: &str) -> Result<(), String> {
    let to = souffle(root, work);
    let from = root.join("bench/programs").join(format!("{work}.dl"));
    std::fs::create_dir_all(to.parent().expect("it is in a folder"))
        .map_err(|e| format!("{}: {e}", to.display()))?;
    let mut command = Command::new("souffle");
    command.args(["-j2", "-o"]).arg(&to).arg(&from);
    let done = command.output().map_err(|e| format!("souffle: {e}"))?;
    match done.status.success() {
        true => Ok(()),
        false => Err(format!(
            "souffle: {}",
            String::from_utf8_lossy(&done.stderr)
        )),
    }
}
