//! Reads a recording. Ticks are decoded one by one, so that only the file itself is held whole.

use std::path::{Path, PathBuf};

use bloom_plan::plan::RelationId;
use bloom_runtime::{Input, Message};
use smol_str::SmolStr;

use super::digest::Digest;
use super::{MAGIC, Name, RecordingError, START_TAG, Start, TICK_TAG, Tick, VERSION_TAG, Written};
use bloom_store::records::{Body, next_body};

/// A recording, as far as it is whole.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    bytes: Vec<u8>,
    runs: Vec<Run>,
    /// Bytes at the end that a crash had torn, and which are not read.
    pub torn: u64,
}

/// A run, and where its ticks are.
#[derive(Debug)]
struct Run {
    version: String,
    start: Start,
    ticks: std::ops::Range<usize>,
}

/// Where the whole records of a file end.
pub(super) fn whole(path: &Path, bytes: &[u8]) -> Result<u64, RecordingError> {
    let mut records = Records::new(path, bytes)?;
    while records.next()?.is_some() {}
    Ok(records.at() as u64)
}

impl Recording {
    pub fn read(path: &Path) -> Result<Recording, RecordingError> {
        let bytes = std::fs::read(path).map_err(|source| RecordingError::Io {
            path: path.to_owned(),
            source,
        })?;
        let mut runs: Vec<Run> = Vec::new();
        let mut records = Records::new(path, &bytes)?;
        let mut version = String::new();
        while let Some((tag, body)) = records.next()? {
            let before = records.before;
            match (tag, runs.last_mut()) {
                (VERSION_TAG, _) => {
                    let read = postcard::from_bytes(body);
                    version = read.map_err(|_| records.damaged(before))?;
                }
                (START_TAG, _) => {
                    let start = postcard::from_bytes(body);
                    let start = start.map_err(|_| RecordingError::Version {
                        path: path.to_owned(),
                        recorded: version.clone(),
                    })?;
                    let at = records.at();
                    runs.push(Run {
                        version: version.clone(),
                        start,
                        ticks: at..at,
                    });
                }
                (TICK_TAG, Some(run)) => run.ticks.end = records.at(),
                _ => return Err(records.damaged(before)),
            }
        }
        let torn = (bytes.len() - records.at()) as u64;
        Ok(Recording {
            path: path.to_owned(),
            torn,
            runs,
            bytes,
        })
    }

    /// How many runs there are.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    pub fn start(&self, run: usize) -> &Start {
        &self.runs[run].start
    }

    /// The version of Bloom that recorded the run, if it is not this one.
    pub fn other_version(&self, run: usize) -> Option<&str> {
        let version = self.runs[run].version.as_str();
        (version != super::VERSION).then_some(version)
    }

    /// The ticks of a run, in order.
    pub fn ticks(&self, run: usize) -> Ticks<'_> {
        let Run { start, ticks, .. } = &self.runs[run];
        Ticks {
            start,
            records: Records {
                path: &self.path,
                bytes: &self.bytes[..ticks.end],
                rest: &self.bytes[ticks.clone()],
                before: ticks.start,
            },
        }
    }
}

/// The ticks of a run.
#[derive(Debug)]
pub struct Ticks<'r> {
    start: &'r Start,
    records: Records<'r>,
}

impl Iterator for Ticks<'_> {
    type Item = Result<Tick, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        let body = match self.records.next() {
            Ok(record) => record?.1,
            Err(error) => return Some(Err(error)),
        };
        let tick = tick(self.start, body);
        Some(tick.ok_or_else(|| self.records.damaged(self.records.before)))
    }
}

fn tick(start: &Start, body: &[u8]) -> Option<Tick> {
    let (written, digest) = postcard::take_from_bytes::<Written>(body).ok()?;
    let beginning = start.nodes.get(written.node as usize)?;
    let plan = start.plans.get(beginning.kind)?;
    let relation = |id: u32| (plan.relations.len() > id as usize).then_some(RelationId(id));
    let mut input = Input {
        now: written.now,
        alive: written.alive,
        stdin: written.stdin,
        ..Input::default()
    };
    for (id, row) in written.rows {
        input.rows.push((relation(id)?, row));
    }
    for (id, key) in written.seals {
        input.seals.push((relation(id)?, key));
    }
    for (from, channel, row) in written.messages {
        let member = |place: usize| Some(beginning.cluster.get(place)?.0.clone());
        let named = |place: usize| Some(plan.relations.get(place)?.name.clone());
        input.messages.push(Message {
            from: name(from, member)?,
            to: beginning.address.clone(),
            channel: name(channel, named)?,
            row,
        });
    }
    Some(Tick {
        node: written.node as usize,
        input,
        chance: written.chance,
        did: Digest(u64::from_le_bytes(digest.try_into().ok()?)),
    })
}

fn name(name: Name, known: impl FnOnce(usize) -> Option<SmolStr>) -> Option<SmolStr> {
    match name {
        Name::Known(place) => known(place as usize),
        Name::Other(name) => Some(name),
    }
}

/// The records of a file.
#[derive(Debug)]
struct Records<'r> {
    path: &'r Path,
    bytes: &'r [u8],
    rest: &'r [u8],
    /// Where the last record began.
    before: usize,
}

impl<'r> Records<'r> {
    fn new(path: &'r Path, bytes: &'r [u8]) -> Result<Records<'r>, RecordingError> {
        let rest = bytes.strip_prefix(MAGIC);
        Ok(Records {
            path,
            bytes,
            rest: rest.ok_or_else(|| RecordingError::Foreign(path.to_owned()))?,
            before: 0,
        })
    }

    fn at(&self) -> usize {
        self.bytes.len() - self.rest.len()
    }

    fn damaged(&self, at: usize) -> RecordingError {
        RecordingError::Damaged {
            path: self.path.to_owned(),
            at: at as u64,
        }
    }

    /// The next whole record, tag and rest; none at the end, or where a crash has torn the last.
    fn next(&mut self) -> Result<Option<(u8, &'r [u8])>, RecordingError> {
        self.before = self.at();
        match next_body(&mut self.rest) {
            Body::Whole([tag, rest @ ..]) => Ok(Some((*tag, rest))),
            Body::Whole([]) => Err(self.damaged(self.before)),
            Body::End | Body::Torn => Ok(None),
            Body::Damaged => Err(self.damaged(self.before)),
        }
    }
}
