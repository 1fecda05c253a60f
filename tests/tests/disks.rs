//! The store of production on disks that fail: what it said is on disk is there after a crash, and what is there was
//! written, as a whole and in order. A store that forgets to sync is found out.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use bloom_delivery::packet::RaftEntry;
use bloom_delivery::{Saved, Write};
use bloom_plan::plan::{Column, Delivery, Plan, Relation, RelationKind, Role};
use bloom_plan::types::{Type, TypeTable};
use bloom_plan::value::{Row, Value};
use bloom_runtime::DurableChange;
use bloom_sim::disk::{DiskFault, SimDisk};
use bloom_stdx::random::Random;
use bloom_store::disk::{Disk, DiskFile, Lock};
use bloom_store::log::LogFile;
use bloom_store::{Opened, Store};

/// Disks that are tried, each with several lives of a node.
const SEEDS: u64 = 4_000;

const LIVES: usize = 5;

/// A node with `table kept(key: Int => val: Int) durable` and nothing else.
fn plan() -> Plan {
    let mut types = TypeTable::default();
    let int = types.intern(Type::Int);
    let column = |name: &str, role| Column {
        name: name.into(),
        ty: int,
        role,
        default: None,
    };
    Plan {
        relations: vec![Relation {
            name: "kept".into(),
            kind: RelationKind::Table { durable: true },
            columns: vec![column("key", Role::Key), column("val", Role::Value)],
            immutable: false,
            sealed_by: Vec::new(),
            public: false,
            delivery: Delivery::Free,
        }],
        ..Plan::empty("Keeper", types)
    }
}

type State = BTreeMap<i64, i64>;

fn row(key: i64, val: i64) -> Row {
    vec![Value::Int(key), Value::Int(val)]
}

/// What a tick changes, and the state after it.
fn step(state: &State, random: &mut Random) -> (Vec<DurableChange>, State) {
    let mut next = state.clone();
    let (mut deletes, mut upserts) = (Vec::new(), Vec::new());
    for _ in 0..1 + random.below(3) {
        let key = random.below(6) as i64;
        if let (Some(&val), true) = (state.get(&key), random.chance(1, 3)) {
            deletes.push(row(key, val));
            next.remove(&key);
        }
    }
    for _ in 0..1 + random.below(3) {
        let (key, val) = (random.below(6) as i64, random.below(1_000) as i64);
        upserts.retain(|row: &Row| row[0] != Value::Int(key));
        upserts.push(row(key, val));
        next.insert(key, val);
    }
    let change = DurableChange {
        table: "kept".into(),
        deletes,
        upserts,
    };
    (vec![change], next)
}

fn state_of(opened: &mut Opened<'_>) -> Option<State> {
    let tables = opened.restored.take()?;
    let rows = tables.into_iter().flat_map(|(_, rows)| rows);
    let pair = |row: Row| match row.as_slice() {
        [Value::Int(key), Value::Int(val)] => (*key, *val),
        other => panic!("{other:?} is no row of the table"),
    };
    Some(rows.map(pair).collect())
}

fn fault(random: &mut Random) -> Option<DiskFault> {
    let faults = [DiskFault::Lost, DiskFault::Unsure, DiskFault::Full];
    random.chance(1, 6).then(|| *random.pick(&faults))
}

/// Lives of one node, each ended by its disk or a crash. Gives what is wrong.
fn lives(seed: u64, on: &dyn Fn(SimDisk) -> Box<dyn Disk>) -> Result<(), String> {
    let mut random = Random::new(seed);
    let sim = SimDisk::new(seed);
    let disk = on(sim.clone());
    let (plan, folder) = (plan(), Path::new("data"));
    // States since the last that is known to be on disk, which is the first.
    let mut states: Vec<Option<State>> = vec![None];
    for _ in 0..LIVES {
        sim.set_fault(fault(&mut random));
        let opened = Store::open(&*disk, folder, &plan);
        let mut opened = match opened {
            Ok(opened) => opened,
            Err(_) if sim.has_fault() => {
                sim.crash();
                continue;
            }
            Err(error) => return Err(format!("it does not open: {error}")),
        };
        let found = state_of(&mut opened);
        // A first start that did not come to its end may have left an empty store.
        let is_empty = found.as_ref().is_some_and(State::is_empty);
        let is_known = states.contains(&found) || states[0].is_none() && is_empty;
        if !is_known {
            return Err(format!("{found:?} is there, and none of {states:?}"));
        }
        let state = found.unwrap_or_default();
        states.push(Some(state.clone()));
        sim.set_fault(fault(&mut random));
        if let Ok(mut store) = opened.accept() {
            states = vec![Some(state)];
            for _ in 0..random.below(8) {
                let before = states.last().cloned().flatten().unwrap_or_default();
                let (changes, next) = step(&before, &mut random);
                states.push(Some(next.clone()));
                sim.set_fault(fault(&mut random));
                if store.append(&changes).is_err() {
                    break;
                }
                states = vec![Some(next)];
            }
        }
        sim.crash();
    }
    Ok(())
}

#[test]
fn what_was_said_to_be_on_disk_is_there_after_a_crash() {
    for seed in 0..SEEDS {
        let done = lives(seed, &|disk| Box::new(disk));
        assert_eq!(done, Ok(()), "seed {seed}");
    }
}

/// A disk on which a store does not sync what it should.
#[derive(Debug)]
struct Careless {
    disk: SimDisk,
    files: bool,
    folders: bool,
}

#[derive(Debug)]
struct CarelessFile(Box<dyn DiskFile>);

impl Careless {
    fn file(&self, file: io::Result<Box<dyn DiskFile>>) -> io::Result<Box<dyn DiskFile>> {
        match self.files {
            true => Ok(Box::new(CarelessFile(file?))),
            false => file,
        }
    }
}

impl Disk for Careless {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.disk.make_folder(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        self.disk.lock(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.disk.read(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(self.disk.create(path))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(self.disk.append(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        match self.folders {
            true => Ok(()),
            false => self.disk.sync_folder(path),
        }
    }
}

impl DiskFile for CarelessFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

/// Seeds until a store that is careless is found out.
fn found_in(files: bool, folders: bool) -> u64 {
    let careless = |disk| -> Box<dyn Disk> {
        Box::new(Careless {
            disk,
            files,
            folders,
        })
    };
    let found = (0..SEEDS).find(|&seed| lives(seed, &careless).is_err());
    found.expect("it loses what it said is on disk")
}

#[test]
fn a_store_that_does_not_sync_is_found_out() {
    assert!(found_in(true, false) < 20, "files are not synced");
    assert!(found_in(false, true) < 50, "folders are not synced");
}

/// What the first batches of writes say together.
fn said(batches: &[Vec<Write>]) -> Saved {
    let mut saved = Saved::default();
    for write in batches.iter().flatten() {
        assert!(saved.record(write.clone()));
    }
    saved
}

fn batch(number: usize) -> Vec<Write> {
    let log = || "l".into();
    if number == 0 {
        return vec![Write::Begin {
            log: log(),
            disk: 9,
        }];
    }
    let index = number as u64;
    let entry = RaftEntry {
        term: 1,
        index,
        data: vec![number as u8; 5],
    };
    vec![Write::Append {
        log: log(),
        entries: vec![entry],
    }]
}

#[test]
fn ordered_logs_are_there_after_a_crash() {
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        let disk = SimDisk::new(seed);
        let mut batches: Vec<Vec<Write>> = Vec::new();
        let mut known = 0;
        for _ in 0..LIVES {
            disk.set_fault(fault(&mut random));
            let (mut file, saved) = match LogFile::open(&disk, Path::new("data")) {
                Ok(opened) => opened,
                Err(_) if disk.has_fault() => {
                    disk.crash();
                    continue;
                }
                Err(error) => panic!("seed {seed}: it does not open: {error}"),
            };
            let there = (known..=batches.len()).find(|&count| said(&batches[..count]) == saved);
            known = there.unwrap_or_else(|| panic!("seed {seed}: {saved:?}, not from {known} on"));
            batches.truncate(known);
            for _ in 0..random.below(6) {
                batches.push(batch(batches.len()));
                disk.set_fault(fault(&mut random));
                if file.append(&batches[batches.len() - 1]).is_err() {
                    break;
                }
                known = batches.len();
            }
            disk.crash();
        }
    }
}
