//! Durable tables of one node on disk.
//!
//! One file: a magic line, then records (module `records`). The first record is a snapshot of all durable tables with their shapes; each later
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
use std::io;
use std::path::{Path, PathBuf};

use bloom_plan::plan::{Plan, Relation, RelationKind, Role};
use bloom_plan::value::Row;
use bloom_runtime::DurableChange;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::disk::{Disk, DiskFile, Lock};
use crate::records::{Next, encode, next_record};
use crate::shape::type_shape;

const MAGIC: &[u8] = b"bloom store 2\n";
/// The file that is to replace the store's.
const FRESH: &str = "tables.new";

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

/// Through which entry of each ordered log a node has taken entries in.
pub type Applied = BTreeMap<SmolStr, u64>;

/// What was read of a store. Nothing of it has changed before [`Opened::accept`].
#[derive(Debug)]
pub struct Opened<'d> {
    pub restored: Restored,
    /// Through which entry of each ordered log the rows hold what entries did.
    pub applied: Applied,
    /// Bytes of a torn record at the end, which are dropped.
    pub torn: u64,
    disk: &'d dyn Disk,
    folder: PathBuf,
    store: Store,
}

/// The open file of a running node.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    /// Held while the store is open.
    _lock: Box<dyn Lock>,
}

#[derive(Serialize, Deserialize)]
enum Record<'a> {
    Snapshot(Cow<'a, [(Shape, Vec<Row>)]>),
    Tick(Vec<Change>),
    /// What a tick changed that took in an entry of an ordered log.
    Entry {
        log: SmolStr,
        index: u64,
        changes: Vec<Change>,
    },
}

#[derive(Serialize, Deserialize)]
struct Change {
    table: SmolStr,
    deletes: Vec<Row>,
    upserts: Vec<Row>,
}

impl Store {
    /// Reads the store in `folder`, which it creates if there is none.
    pub fn open<'d>(
        disk: &'d dyn Disk,
        folder: &Path,
        plan: &Plan,
    ) -> Result<Opened<'d>, StoreError> {
        let failed = |source| StoreError::Io {
            path: folder.to_owned(),
            source,
        };
        disk.make_folder(folder).map_err(failed)?;
        let lock = disk.lock(&folder.join("lock")).map_err(failed)?;
        let lock = lock.ok_or_else(|| StoreError::Locked(folder.to_owned()))?;
        let path = folder.join("tables");
        let (tables, applied, torn) = match disk.read(&path) {
            Ok(bytes) => {
                let replayed = replay(&bytes).map_err(|at| StoreError::Damaged {
                    path: path.clone(),
                    at: at as u64,
                })?;
                let Replayed {
                    tables,
                    applied,
                    torn,
                } = replayed;
                (Some(tables), applied, torn as u64)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => (None, Applied::new(), 0),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let is_first = tables.is_none();
        let snapshot = fitted(tables.unwrap_or_default(), plan, &path)?;
        let file = write_fresh(disk, folder, &snapshot, &applied).map_err(failed)?;
        let rows = snapshot
            .into_iter()
            .map(|(shape, rows)| (shape.table, rows));
        Ok(Opened {
            restored: (!is_first).then(|| rows.collect()),
            applied,
            torn,
            disk,
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
        self.write(&Record::Tick(owned(changes)))
    }

    /// Returns once the changes of a tick that took in an entry are on disk, and that it did.
    pub fn append_entry(
        &mut self,
        changes: &[DurableChange],
        log: &SmolStr,
        index: u64,
    ) -> Result<(), StoreError> {
        self.write(&Record::Entry {
            log: log.clone(),
            index,
            changes: owned(changes),
        })
    }

    fn write(&mut self, record: &Record<'_>) -> Result<(), StoreError> {
        let record = encode(record);
        self.file
            .write_all(&record)
            .and_then(|()| self.file.sync())
            .map_err(|source| StoreError::Io {
                path: self.path.clone(),
                source,
            })
    }
}

fn owned(changes: &[DurableChange]) -> Vec<Change> {
    let change = |change: &DurableChange| Change {
        table: change.table.clone(),
        deletes: change.deletes.clone(),
        upserts: change.upserts.clone(),
    };
    changes.iter().map(change).collect()
}

impl Opened<'_> {
    /// Puts the new file in place of the old one: the node runs on the rows that were restored.
    pub fn accept(self) -> Result<Store, StoreError> {
        let replace = || {
            let fresh = self.folder.join(FRESH);
            self.disk.rename(&fresh, &self.store.path)?;
            self.disk.sync_folder(&self.folder)
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
fn write_fresh(
    disk: &dyn Disk,
    folder: &Path,
    snapshot: &[(Shape, Vec<Row>)],
    applied: &Applied,
) -> io::Result<Box<dyn DiskFile>> {
    let mut file = disk.create(&folder.join(FRESH))?;
    file.write_all(MAGIC)?;
    file.write_all(&encode(&Record::Snapshot(Cow::Borrowed(snapshot))))?;
    for (log, &index) in applied {
        file.write_all(&encode(&Record::Entry {
            log: log.clone(),
            index,
            changes: Vec::new(),
        }))?;
    }
    file.sync()?;
    Ok(file)
}

struct Replayed {
    tables: Tables,
    applied: Applied,
    /// Bytes of a torn record at the end.
    torn: usize,
}

/// The state after the whole records of a file, or where the file is damaged.
fn replay(bytes: &[u8]) -> Result<Replayed, usize> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(0_usize)?;
    let Next::Record(Record::Snapshot(snapshot)) = next_record(&mut rest) else {
        return Err(MAGIC.len());
    };
    let mut replayed = Replayed {
        tables: Tables::new(),
        applied: Applied::new(),
        torn: 0,
    };
    for (shape, rows) in snapshot.into_owned() {
        let rows = rows.into_iter().map(|row| (shape.key(&row), row)).collect();
        let table = shape.table.clone();
        replayed.tables.insert(table, Table { shape, rows });
    }
    loop {
        let at = bytes.len() - rest.len();
        let changes = match next_record(&mut rest) {
            Next::End => return Ok(replayed),
            Next::Torn => {
                replayed.torn = rest.len();
                return Ok(replayed);
            }
            Next::Record(Record::Tick(changes)) => changes,
            Next::Record(Record::Entry {
                log,
                index,
                changes,
            }) => {
                replayed.applied.insert(log, index);
                changes
            }
            Next::Record(Record::Snapshot(_)) | Next::Damaged => return Err(at),
        };
        for change in changes {
            apply(&mut replayed.tables, change).ok_or(at)?;
        }
    }
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
