//! Durable tables of one node on disk.
//!
//! One file: a magic line, then records, each a header (length of the body and its check, checksum of the
//! body) and a body. The first record is a snapshot of all durable tables with their shapes; each later
//! one is what a tick changed, and is on disk before anything else of that tick leaves the node. Opening
//! reads the whole file and writes the state as the snapshot of a new file, which replaces the old one in
//! one rename once the node has accepted the rows.
//!
//! A crash tears at most the last record, which is dropped. A file that is bad elsewhere is refused and
//! left as it is; so is one whose tables have other shapes than those of the program.
//!
//! Invariant: what `open` returns is the state after some prefix of the appended ticks that contains every
//! tick whose `append` returned.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bloom_plan::plan::{Plan, Relation, RelationKind, Role};
use bloom_plan::value::Row;
use bloom_runtime::DurableChange;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::schema::type_shape;

const MAGIC: &[u8] = b"bloom store 2\n";
/// The file that is to replace the store's.
const FRESH: &str = "tables.new";
/// Length, its check, checksum.
const HEADER_BYTES: usize = 20;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: another process runs a node on this data", .0.display())]
    Locked(PathBuf),
    #[error("{}: this is no store of durable tables, or it is damaged at byte {at}", path.display())]
    Damaged { path: PathBuf, at: u64 },
    #[error("{}: durable table `{table}` is stored as `{stored}`, the program has `{expected}`", path.display())]
    Shape {
        path: PathBuf,
        table: SmolStr,
        stored: String,
        expected: String,
    },
}

/// All durable tables by name.
type Tables = BTreeMap<SmolStr, Table>;

struct Table {
    shape: Shape,
    /// By key.
    rows: BTreeMap<Row, Row>,
}

/// The columns of a table as they are written down.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Shape {
    table: SmolStr,
    columns: Vec<ColumnShape>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ColumnShape {
    name: SmolStr,
    ty: String,
    key: bool,
}

/// What [`Store::open`] found: the rows of each table; none at the first start.
pub type Restored = Option<Vec<(SmolStr, Vec<Row>)>>;

/// What was read of a store. Nothing of it has changed before [`Opened::accept`].
#[derive(Debug)]
pub struct Opened {
    pub restored: Restored,
    /// Bytes of a torn record at the end, which are dropped.
    pub torn: u64,
    folder: PathBuf,
    store: Store,
}

/// The open file of a running node.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    file: File,
    /// Held while the store is open.
    _lock: File,
}

#[derive(Serialize, Deserialize)]
enum Record<'a> {
    Snapshot(Cow<'a, [(Shape, Vec<Row>)]>),
    Tick(Vec<Change>),
}

#[derive(Serialize, Deserialize)]
struct Change {
    table: SmolStr,
    deletes: Vec<Row>,
    upserts: Vec<Row>,
}

impl Store {
    /// Reads the store in `folder`, which it creates if there is none.
    pub fn open(folder: &Path, plan: &Plan) -> Result<Opened, StoreError> {
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
        let (tables, torn) = match fs::read(&path) {
            Ok(bytes) => {
                let (tables, torn) = replay(&bytes).map_err(|at| StoreError::Damaged {
                    path: path.clone(),
                    at: at as u64,
                })?;
                (Some(tables), torn as u64)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => (None, 0),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let is_first = tables.is_none();
        let snapshot = fitted(tables.unwrap_or_default(), plan, &path)?;
        let file = write_fresh(folder, &snapshot).map_err(failed)?;
        let rows = snapshot
            .into_iter()
            .map(|(shape, rows)| (shape.table, rows));
        Ok(Opened {
            restored: (!is_first).then(|| rows.collect()),
            torn,
            folder: folder.to_owned(),
            store: Store {
                path,
                file,
                _lock: lock,
            },
        })
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

impl Opened {
    /// Puts the new file in place of the old one: the node runs on the rows that were restored.
    pub fn accept(self) -> Result<Store, StoreError> {
        let replace = || {
            fs::rename(self.folder.join(FRESH), &self.store.path)?;
            File::open(&self.folder)?.sync_all()
        };
        replace().map_err(|source| StoreError::Io {
            path: self.store.path.clone(),
            source,
        })?;
        Ok(self.store)
    }
}

impl Shape {
    fn of(plan: &Plan, relation: &Relation) -> Shape {
        let columns = relation.columns.iter().map(|column| ColumnShape {
            name: column.name.clone(),
            ty: type_shape(&plan.types, column.ty),
            key: column.role == Role::Key,
        });
        Shape {
            table: relation.name.clone(),
            columns: columns.collect(),
        }
    }

    fn key(&self, row: &Row) -> Row {
        let columns = self.columns.iter().zip(row);
        let keys = columns.filter(|(column, _)| column.key);
        keys.map(|(_, value)| value.clone()).collect()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |key: bool| {
            let columns = self.columns.iter().filter(|column| column.key == key);
            let texts = columns.map(|column| format!("{}: {}", column.name, column.ty));
            texts.collect::<Vec<String>>().join(", ")
        };
        write!(f, "{}({}", self.table, part(true))?;
        if self.columns.iter().any(|column| !column.key) {
            write!(f, " => {}", part(false))?;
        }
        f.write_str(")")
    }
}

/// The rows of all durable tables of the plan, and of others that have some, which the node refuses.
fn fitted(
    mut tables: Tables,
    plan: &Plan,
    path: &Path,
) -> Result<Vec<(Shape, Vec<Row>)>, StoreError> {
    let mut snapshot = Vec::new();
    for relation in &plan.relations {
        if relation.kind != (RelationKind::Table { durable: true }) {
            continue;
        }
        let shape = Shape::of(plan, relation);
        let mut rows = BTreeMap::new();
        if let Some(table) = tables.remove(&relation.name) {
            if table.shape != shape && !table.rows.is_empty() {
                return Err(StoreError::Shape {
                    path: path.to_owned(),
                    table: relation.name.clone(),
                    stored: table.shape.to_string(),
                    expected: shape.to_string(),
                });
            }
            rows = table.rows;
        }
        snapshot.push((shape, rows.into_values().collect()));
    }
    let others = tables.into_values().filter(|table| !table.rows.is_empty());
    snapshot.extend(others.map(|table| (table.shape, table.rows.into_values().collect())));
    Ok(snapshot)
}

/// Writes a file of one snapshot beside the store, open for appending.
fn write_fresh(folder: &Path, snapshot: &[(Shape, Vec<Row>)]) -> io::Result<File> {
    let mut file = File::create(folder.join(FRESH))?;
    file.write_all(MAGIC)?;
    file.write_all(&encode(&Record::Snapshot(Cow::Borrowed(snapshot))))?;
    file.sync_all()?;
    Ok(file)
}

fn encode(record: &Record<'_>) -> Vec<u8> {
    let body = postcard::to_stdvec(record).expect("rows have no shape that postcard lacks");
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend(header(body.len() as u64, checksum(&body)));
    bytes.extend(body);
    bytes
}

fn header(length: u64, sum: u64) -> [u8; HEADER_BYTES] {
    let length = length.to_le_bytes();
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&length);
    bytes[8..12].copy_from_slice(&(checksum(&length) as u32).to_le_bytes());
    bytes[12..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Length and checksum of a body; none if the length is not the one that was written.
fn parse_header(bytes: &[u8]) -> Option<(u64, u64)> {
    let length = bytes.get(..8)?;
    let check = u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?);
    let sum = u64::from_le_bytes(bytes.get(12..HEADER_BYTES)?.try_into().ok()?);
    let is_whole = checksum(length) as u32 == check;
    is_whole.then_some((u64::from_le_bytes(length.try_into().ok()?), sum))
}

/// The state after the whole records of a file, and how many bytes a torn one at its end has; or where
/// the file is damaged.
fn replay(bytes: &[u8]) -> Result<(Tables, usize), usize> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(0_usize)?;
    let Next::Record(Record::Snapshot(snapshot)) = next_record(&mut rest) else {
        return Err(MAGIC.len());
    };
    let mut tables = Tables::new();
    for (shape, rows) in snapshot.into_owned() {
        let rows = rows.into_iter().map(|row| (shape.key(&row), row)).collect();
        tables.insert(shape.table.clone(), Table { shape, rows });
    }
    loop {
        let at = bytes.len() - rest.len();
        match next_record(&mut rest) {
            Next::End => return Ok((tables, 0)),
            Next::Torn => return Ok((tables, rest.len())),
            Next::Record(Record::Tick(changes)) => {
                for change in changes {
                    apply(&mut tables, change).ok_or(at)?;
                }
            }
            Next::Record(Record::Snapshot(_)) | Next::Damaged => return Err(at),
        }
    }
}

enum Next {
    Record(Record<'static>),
    End,
    /// The last record, which a crash kept from being written whole.
    Torn,
    Damaged,
}

fn next_record(rest: &mut &[u8]) -> Next {
    if rest.is_empty() {
        return Next::End;
    }
    let Some((length, sum)) = parse_header(rest) else {
        // After a crash a file may have its new length but zeros for what was not written.
        let written = rest
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |i| i + 1);
        return if written < HEADER_BYTES {
            Next::Torn
        } else {
            Next::Damaged
        };
    };
    let after = &rest[HEADER_BYTES..];
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let Some((body, after)) = after.split_at_checked(length) else {
        return Next::Torn;
    };
    if checksum(body) != sum {
        return if after.is_empty() {
            Next::Torn
        } else {
            Next::Damaged
        };
    }
    *rest = after;
    postcard::from_bytes(body).map_or(Next::Damaged, Next::Record)
}

/// None if there is no such table.
fn apply(tables: &mut Tables, change: Change) -> Option<()> {
    let Table { shape, rows } = tables.get_mut(&change.table)?;
    for row in &change.deletes {
        rows.remove(&shape.key(row));
    }
    for row in change.upserts {
        rows.insert(shape.key(&row), row);
    }
    Some(())
}

/// FNV-1a, 64 bits: tells a torn or damaged record from a whole one.
fn checksum(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_may_be_longer_than_four_gibibytes() {
        let length = (1 << 32) + 5;
        assert_eq!(parse_header(&header(length, 7)), Some((length, 7)));
    }
}
