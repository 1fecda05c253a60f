//! Durable tables of one node on disk.
//!
//! One file: a magic line, then records, each `length (u32), checksum (u64), body`. The first record is a
//! snapshot of all durable tables; each later one is what a tick changed, and is on disk before anything
//! else of that tick leaves the node. Opening reads the whole file, drops a torn last record, and writes
//! the state as the snapshot of a new file that replaces the old one in one rename.
//!
//! Invariant: what `open` returns is the state after some prefix of the appended ticks that contains every
//! tick whose `append` returned.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bloom_plan::plan::{Plan, RelationKind, Role};
use bloom_plan::value::{Row, Value};
use bloom_runtime::DurableChange;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

const MAGIC: &[u8] = b"bloom store 1\n";
/// Length and checksum.
const HEADER_BYTES: usize = 12;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: another process runs a node on this data", .0.display())]
    Locked(PathBuf),
    #[error("{}: this is no store of durable tables, or its beginning is damaged", .0.display())]
    Damaged(PathBuf),
}

/// All durable tables: by name, rows by key.
type Tables = BTreeMap<SmolStr, BTreeMap<Row, Row>>;

/// What [`Store::open`] found: the rows of each table; none at the first start.
pub type Restored = Option<Vec<(SmolStr, Vec<Row>)>>;

/// The open file of a running node.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    file: File,
    /// Held while the store is open.
    _lock: File,
}

#[derive(Serialize, Deserialize)]
enum Record {
    Snapshot(Vec<(SmolStr, Vec<Row>)>),
    Tick(Vec<Change>),
}

#[derive(Serialize, Deserialize)]
struct Change {
    table: SmolStr,
    deletes: Vec<Row>,
    upserts: Vec<Row>,
}

impl Store {
    /// Opens the store in `folder`, which it creates if there is none.
    pub fn open(folder: &Path, plan: &Plan) -> Result<(Store, Restored), StoreError> {
        let failed = |source| StoreError::Io {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let path = folder.join("tables");
        let tables = match fs::read(&path) {
            Ok(bytes) => {
                Some(replay(&bytes, plan).ok_or_else(|| StoreError::Damaged(path.clone()))?)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let restored = tables.map(|tables| {
            let rows = |(name, rows): (SmolStr, BTreeMap<Row, Row>)| {
                (name, rows.into_values().collect::<Vec<Row>>())
            };
            tables.into_iter().map(rows).collect::<Vec<_>>()
        });
        let snapshot = Record::Snapshot(restored.clone().unwrap_or_default());
        let file = rewrite(folder, &path, &snapshot).map_err(|source| StoreError::Io {
            path: path.clone(),
            source,
        })?;
        Ok((
            Store {
                path,
                file,
                _lock: lock,
            },
            restored,
        ))
    }

    /// Returns once the changes of a tick are on disk.
    pub fn append(&mut self, changes: &[DurableChange]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let changes = changes.iter().map(|change| Change {
            table: change.table.clone(),
            deletes: change.deletes.clone(),
            upserts: change.upserts.clone(),
        });
        let record = encode(&Record::Tick(changes.collect()));
        self.file
            .write_all(&record)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| StoreError::Io {
                path: self.path.clone(),
                source,
            })
    }
}

/// Puts a file of one snapshot in place of `path`, open for appending.
fn rewrite(folder: &Path, path: &Path, snapshot: &Record) -> io::Result<File> {
    let fresh = folder.join("tables.new");
    let mut file = File::create(&fresh)?;
    file.write_all(MAGIC)?;
    file.write_all(&encode(snapshot))?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}

fn encode(record: &Record) -> Vec<u8> {
    let body = postcard::to_stdvec(record).expect("rows have no shape that postcard lacks");
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(checksum(&body).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// The state after the whole records of a file; none if it has no whole snapshot.
fn replay(bytes: &[u8], plan: &Plan) -> Option<Tables> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let Record::Snapshot(snapshot) = next_record(&mut rest)? else {
        return None;
    };
    let mut tables = Tables::new();
    for relation in &plan.relations {
        if relation.kind == (RelationKind::Table { durable: true }) {
            tables.insert(relation.name.clone(), BTreeMap::new());
        }
    }
    for (table, rows) in snapshot {
        let change = Change {
            table,
            deletes: Vec::new(),
            upserts: rows,
        };
        apply(&mut tables, plan, change);
    }
    while let Some(record) = next_record(&mut rest) {
        let Record::Tick(changes) = record else {
            return None;
        };
        for change in changes {
            apply(&mut tables, plan, change);
        }
    }
    Some(tables)
}

fn next_record(rest: &mut &[u8]) -> Option<Record> {
    let (header, after) = rest.split_at_checked(HEADER_BYTES)?;
    let length = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
    let sum = u64::from_le_bytes(header[4..].try_into().ok()?);
    let (body, after) = after.split_at_checked(length)?;
    if checksum(body) != sum {
        return None;
    }
    *rest = after;
    postcard::from_bytes(body).ok()
}

fn apply(tables: &mut Tables, plan: &Plan, change: Change) {
    let keys: Option<Vec<usize>> = plan
        .relations
        .iter()
        .find(|relation| relation.name == change.table)
        .map(|relation| {
            let is_key = |&i: &usize| relation.columns[i].role == Role::Key;
            (0..relation.columns.len()).filter(is_key).collect()
        });
    // Of a table that the program does not have (any more) whole rows are the keys; the node refuses it.
    let key = |row: &Row| -> Vec<Value> {
        match &keys {
            Some(keys) => keys.iter().filter_map(|&i| row.get(i)).cloned().collect(),
            None => row.clone(),
        }
    };
    let table = tables.entry(change.table).or_default();
    for row in &change.deletes {
        table.remove(&key(row));
    }
    for row in change.upserts {
        table.insert(key(&row), row);
    }
}

/// FNV-1a, 64 bits: tells a torn or damaged record from a whole one.
fn checksum(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}
