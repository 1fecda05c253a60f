//! A disk that fails: files in memory, with what is on them for good and what only seems to be.
//!
//! What was written since the last sync of a file may be gone after a crash, all of it or from some byte on, or be there
//! as zeros; names and renamings since the last sync of the folder may be gone, the latest first. A sync may fail, and
//! then nothing is known; there may be no room. What survives a crash is drawn from a seed.
//!
//! Source of what to expect of disks: Pillai et al., *All File Systems Are Not Created Equal*, OSDI 2014; Rebello et
//! al., *Can Applications Recover from fsync Failures?*, ATC 2020.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use bloom_stdx::random::Random;
use bloom_store::disk::{Disk, DiskFile, Lock};

/// How a disk fails when something is written next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DiskFault {
    /// The node crashes before what it wrote is synced: it is lost, or torn.
    Lost,
    /// The sync fails, and the node stops as it must; what it wrote is on disk all the same.
    Unsure,
    /// There is no room for all that is written.
    Full,
}

/// One disk; copies are the same disk.
#[derive(Clone, Debug)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    files: Vec<Contents>,
    names: BTreeMap<PathBuf, usize>,
    /// The names as they are on disk, and what was done to them since, in order.
    synced_names: BTreeMap<PathBuf, usize>,
    renamed: Vec<Naming>,
    locked: bool,
    fault: Option<DiskFault>,
    /// It has failed, and the node is to stop.
    failed: bool,
    random: Random,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    /// So many of them are on disk for good.
    synced: usize,
    /// Where it was cut off since the last sync: what is on disk if that is undone.
    before_cut: Option<Vec<u8>>,
    /// What a failed sync left is on no account there as a whole.
    torn: bool,
}

#[derive(Debug)]
enum Naming {
    Put(PathBuf, usize),
    Rename(PathBuf, PathBuf),
}

impl SimDisk {
    pub fn new(seed: u64) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(State {
            files: Vec::new(),
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            renamed: Vec::new(),
            locked: false,
            fault: None,
            failed: false,
            random: Random::new(seed),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no thread ends while it has the disk")
    }

    /// From now on the disk fails when something is written, or does not.
    pub fn set_fault(&self, fault: Option<DiskFault>) {
        self.state().fault = fault;
    }

    pub fn has_fault(&self) -> bool {
        self.state().fault.is_some()
    }

    /// The machine stops: what is not on disk for good may be gone.
    pub fn crash(&self) {
        let mut state = self.state();
        let State {
            files,
            names,
            synced_names,
            renamed,
            random,
            ..
        } = &mut *state;
        let kept = random.below(renamed.len() + 1);
        for naming in renamed.drain(..).take(kept) {
            naming.apply(synced_names);
        }
        names.clone_from(synced_names);
        for file in files {
            file.crash(random);
        }
        (state.locked, state.failed) = (false, false);
    }

    /// How many bytes the files have.
    pub fn size(&self) -> usize {
        let state = self.state();
        state
            .names
            .values()
            .map(|&file| state.files[file].bytes.len())
            .sum()
    }
}

impl Naming {
    fn apply(self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Naming::Put(path, file) => {
                names.insert(path, file);
            }
            Naming::Rename(from, to) => {
                if let Some(file) = names.remove(&from) {
                    names.insert(to, file);
                }
            }
        }
    }
}

impl Contents {
    fn sync(&mut self) {
        self.synced = self.bytes.len();
        self.before_cut = None;
    }

    fn cut(&mut self, length: usize) {
        if self.before_cut.is_none() {
            self.before_cut = Some(self.bytes[..self.synced].to_vec());
        }
        self.bytes.truncate(length);
        self.synced = self.synced.min(length);
    }

    fn crash(&mut self, random: &mut Random) {
        let torn = std::mem::take(&mut self.torn);
        if let Some(before) = self.before_cut.take()
            && random.chance(1, 2)
        {
            self.bytes = before;
            return self.sync();
        }
        let (written, new) = (self.bytes.len(), self.bytes.len() - self.synced);
        let kept = random.below((new + usize::from(!torn)).max(1));
        self.bytes.truncate(self.synced + kept);
        // It may have its new length without what was written.
        if kept < new && random.chance(1, 3) {
            self.bytes.resize(written, 0);
        }
        self.sync();
    }
}

impl State {
    fn file(&self, path: &Path) -> io::Result<usize> {
        let file = self.names.get(path).copied();
        file.ok_or_else(|| io::Error::from(ErrorKind::NotFound))
    }

    fn new_file(&mut self, path: &Path) -> usize {
        let file = self.files.len();
        self.files.push(Contents::default());
        self.names.insert(path.to_owned(), file);
        self.renamed.push(Naming::Put(path.to_owned(), file));
        file
    }

    /// Nothing more is done on a disk that has failed.
    fn check(&self) -> io::Result<()> {
        match self.failed {
            true => Err(io::Error::other("the disk has failed")),
            false => Ok(()),
        }
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    number: usize,
}

impl Disk for SimDisk {
    fn make_folder(&self, _: &Path) -> io::Result<()> {
        self.state().check()
    }

    fn lock(&self, _: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let mut state = self.state();
        let held = std::mem::replace(&mut state.locked, true);
        let lock = || -> Box<dyn Lock> { Box::new(Held(self.clone())) };
        Ok((!held).then(lock))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let state = self.state();
        Ok(state.files[state.file(path)?].bytes.clone())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.check()?;
        let number = state.new_file(path);
        let disk = self.clone();
        Ok(Box::new(SimFile { disk, number }))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.check()?;
        let number = match state.file(path) {
            Ok(number) => number,
            Err(_) => state.new_file(path),
        };
        let disk = self.clone();
        Ok(Box::new(SimFile { disk, number }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.check()?;
        state.file(from)?;
        let naming = || Naming::Rename(from.to_owned(), to.to_owned());
        naming().apply(&mut state.names);
        state.renamed.push(naming());
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.check()?;
        state.synced_names = state.names.clone();
        state.renamed.clear();
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        state.check()?;
        let is_full = state.fault == Some(DiskFault::Full);
        let room = if is_full {
            state.random.below(bytes.len().max(1))
        } else {
            bytes.len()
        };
        let file = &mut state.files[self.number];
        file.bytes
            .extend_from_slice(&bytes[..room.min(bytes.len())]);
        if is_full {
            state.failed = true;
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.check()?;
        let fault = state.fault;
        let file = &mut state.files[self.number];
        match fault {
            None => {
                file.sync();
                return Ok(());
            }
            Some(DiskFault::Unsure) => file.sync(),
            Some(DiskFault::Lost | DiskFault::Full) => file.torn = true,
        }
        state.failed = true;
        Err(io::Error::other("the sync has failed"))
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.check()?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        state.files[self.number].cut(length);
        Ok(())
    }
}

#[derive(Debug)]
struct Held(SimDisk);

impl Lock for Held {}

impl std::ops::Drop for Held {
    fn drop(&mut self) {
        self.0.state().locked = false;
    }
}
