//! Writes a recording while the nodes run. What a tick takes in is encoded before the node consumes it; the record
//! goes out in one write when the tick has ended, under a lock that the nodes of a process share.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;
use bloom_runtime::{Input, Message, Node, Output};
use rustc_hash::FxHashMap;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use smol_str::SmolStr;

use super::digest::Digest;
use super::{MAGIC, Name, RecordingError, START_TAG, Start, TICK_TAG, VERSION, VERSION_TAG, read};
use bloom_store::records::{HEADER_BYTES, encode, put_header};

/// A recording that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Arc<Mutex<File>>,
    /// Bytes that an earlier run had torn, and which were cut off.
    pub torn: u64,
}

impl Journal {
    /// Opens a file to go on behind what is in it; makes it if there is none.
    pub fn open(path: &Path) -> Result<Journal, RecordingError> {
        let failed = |source| RecordingError::Io {
            path: path.to_owned(),
            source,
        };
        let opened = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path);
        let mut file = opened.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RecordingError::Locked(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let length = bytes.len() as u64;
        let whole = match bytes.len() < MAGIC.len() && MAGIC.starts_with(&bytes) {
            // A crash may have come before the magic line was whole.
            true => 0,
            false => read::whole(path, &bytes)?,
        };
        if whole < length {
            file.set_len(whole).map_err(failed)?;
        }
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        if whole == 0 {
            file.write_all(MAGIC).map_err(failed)?;
        }
        Ok(Journal {
            path: path.to_owned(),
            file: Arc::new(Mutex::new(file)),
            torn: length - whole,
        })
    }

    /// Begins a run; one recorder a node, in order.
    pub fn begin(&self, start: &Start) -> Result<Vec<Recorder>, RecordingError> {
        let mut bytes = encode(&(VERSION_TAG, VERSION));
        bytes.extend(encode(&(START_TAG, start)));
        self.append(&bytes)?;
        let recorders = (0..).zip(&start.nodes).map(|(node, beginning)| {
            let members = (0..).zip(&beginning.cluster);
            let relations = (0..).zip(&start.plans[beginning.kind].relations);
            Recorder {
                path: self.path.clone(),
                file: Arc::clone(&self.file),
                node,
                address: beginning.address.clone(),
                members: members
                    .map(|(place, (address, _))| (address.clone(), place))
                    .collect(),
                relations: relations
                    .map(|(place, relation)| (relation.name.clone(), place))
                    .collect(),
                record: Vec::new(),
            }
        });
        Ok(recorders.collect())
    }

    fn append(&self, bytes: &[u8]) -> Result<(), RecordingError> {
        append(&self.file, &self.path, bytes)
    }
}

fn append(file: &Mutex<File>, path: &Path, bytes: &[u8]) -> Result<(), RecordingError> {
    // Whoever panicked while writing has left whole records or a torn one; readers can tell.
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    file.write_all(bytes).map_err(|source| RecordingError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Records the ticks of one node.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    file: Arc<Mutex<File>>,
    node: u32,
    address: SmolStr,
    members: FxHashMap<SmolStr, u32>,
    relations: FxHashMap<SmolStr, u32>,
    /// The record of the tick that runs.
    record: Vec<u8>,
}

impl Recorder {
    /// The node begins a tick, which takes this in beside what it was fed.
    pub fn takes_in(&mut self, node: &Node, input: &Input) {
        let fed: Vec<(RelationId, Row)> = node.fed().collect();
        let is_chancy = !node.program().is_deterministic();
        let mut record = std::mem::take(&mut self.record);
        record.clear();
        record.resize(HEADER_BYTES, 0);
        record.push(TICK_TAG);
        let taken = Taken {
            recorder: self,
            input,
            fed: &fed,
            chance: is_chancy.then(|| node.chance()),
        };
        let written = postcard::to_extend(&taken, record);
        self.record = written.expect("rows have no shape that postcard lacks");
    }

    /// The tick has ended. On return it is in the file.
    pub fn did(&mut self, node: &Node, output: &Output) -> Result<(), RecordingError> {
        let did = Digest::of(node.program().plan(), output);
        self.record.extend_from_slice(&did.0.to_le_bytes());
        put_header(&mut self.record);
        append(&self.file, &self.path, &self.record)
    }

    fn name(&self, names: &FxHashMap<SmolStr, u32>, name: &SmolStr) -> Name {
        match names.get(name) {
            Some(&place) => Name::Known(place),
            None => Name::Other(name.clone()),
        }
    }
}

/// Written as [`super::Written`] is read.
struct Taken<'t> {
    recorder: &'t Recorder,
    input: &'t Input,
    fed: &'t [(RelationId, Row)],
    chance: Option<u64>,
}

impl Serialize for Taken<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (recorder, input) = (self.recorder, self.input);
        let message = |message: &'_ Message| {
            debug_assert_eq!(message.to, recorder.address, "a node takes in its own");
            (
                recorder.name(&recorder.members, &message.from),
                recorder.name(&recorder.relations, &message.channel),
            )
        };
        let mut fields = serializer.serialize_struct("Written", 8)?;
        fields.serialize_field("node", &recorder.node)?;
        fields.serialize_field("now", &input.now)?;
        fields.serialize_field("chance", &self.chance)?;
        fields.serialize_field("rows", &Rows(self.fed, &input.rows))?;
        fields.serialize_field("messages", &Messages(&input.messages, &message))?;
        fields.serialize_field("alive", &input.alive)?;
        fields.serialize_field("stdin", &input.stdin)?;
        fields.serialize_field("seals", &Rows(&[], &input.seals))?;
        fields.end()
    }
}

struct Rows<'r>(&'r [(RelationId, Row)], &'r [(RelationId, Row)]);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.0.iter().chain(self.1);
        Sequence(
            self.0.len() + self.1.len(),
            rows.map(|(id, row)| (id.0, row)),
        )
        .serialize(serializer)
    }
}

type Names<'m> = &'m dyn Fn(&Message) -> (Name, Name);

struct Messages<'m>(&'m [Message], Names<'m>);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let messages = self.0.iter().map(|message| {
            let (from, channel) = (self.1)(message);
            (from, channel, &message.row)
        });
        Sequence(self.0.len(), messages).serialize(serializer)
    }
}

/// A sequence of a length that is known, as postcard asks for.
struct Sequence<I>(usize, I);

impl<I: Iterator<Item = T> + Clone, T: Serialize> Serialize for Sequence<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut sequence = serializer.serialize_seq(Some(self.0))?;
        for item in self.1.clone() {
            sequence.serialize_element(&item)?;
        }
        sequence.end()
    }
}
