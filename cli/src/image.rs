//! A compiled program at the end of an executable: how it is put there, and how it is found again at the start.
//!
//! The file is the runtime, the program, and a trailer of fixed size: how long the two are, a SHA-256 over the program
//! and the trailer itself, and a magic word. The runtime has a mark in its own data that says whether there must be a
//! program, so that a file that lost its end is refused and not taken for plain `bloom`.
//!
//! Invariant: a program runs only if its checksum is right. The runtime itself is not covered; to read all of it at
//! every start would cost more than to start.

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, SeekFrom};

use bloom_plan::artifact::Artifact;
use bloom_plan::plan::Plan;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::args::Coordination;
use crate::run::Subject;

/// Says of an executable that it is `bloom` itself. [`mark`] changes the byte at [`MARKED_AT`] in a copy.
#[used]
static MARK: [u8; 40] = *b"bloom: no program is in this executable.";
const MARKED_AT: usize = 7;
const MARKED: u8 = b'N';

const MAGIC: [u8; 8] = *b"bloomimg";
/// Lengths of the runtime and the program, checksum, magic word.
const TRAILER_BYTES: usize = 8 + 8 + 32 + 8;

/// A program, compiled for each coordination.
#[derive(Serialize, Deserialize)]
pub(crate) struct Image {
    name: String,
    is_dedalus: bool,
    /// Unless another is asked for.
    coordination: Coordination,
    /// Most programs are the same with and without, and then stand here once.
    programs: Vec<Vec<(Plan, Artifact)>>,
    /// In the order of `Auto`, `Off`, `Order`.
    modes: Vec<Stored>,
}

#[derive(Serialize, Deserialize)]
enum Stored {
    Program {
        number: usize,
        unsettled: Vec<(String, String)>,
    },
    Refused(String),
}

/// What the compiler said to a coordination.
pub(crate) enum Mode {
    Fine(Subject),
    /// With this text.
    Refused(String),
}

impl Image {
    pub(crate) fn new(name: &str, is_dedalus: bool, coordination: Coordination) -> Self {
        Image {
            name: name.to_owned(),
            is_dedalus,
            coordination,
            programs: Vec::new(),
            modes: Vec::new(),
        }
    }

    /// Adds the next mode, in the order of `Auto`, `Off`, `Order`.
    pub(crate) fn add(&mut self, mode: Mode) {
        let stored = match mode {
            Mode::Refused(text) => Stored::Refused(text),
            Mode::Fine(subject) => {
                let same = self
                    .programs
                    .iter()
                    .position(|kinds| *kinds == subject.kinds);
                let number = same.unwrap_or_else(|| {
                    self.programs.push(subject.kinds);
                    self.programs.len() - 1
                });
                Stored::Program {
                    number,
                    unsettled: subject.unsettled,
                }
            }
        };
        self.modes.push(stored);
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn coordination(&self) -> Coordination {
        self.coordination
    }

    /// The program with this coordination, or why it is refused.
    pub(crate) fn subject(mut self, coordination: Coordination) -> Result<Subject, String> {
        let place = match coordination {
            Coordination::Auto => 0,
            Coordination::Off => 1,
            Coordination::Order => 2,
        };
        match self.modes.swap_remove(place) {
            Stored::Refused(text) => Err(text),
            Stored::Program { number, unsettled } => Ok(Subject {
                kinds: self.programs.swap_remove(number),
                unsettled,
                is_dedalus: self.is_dedalus,
            }),
        }
    }

    /// Puts the program behind a runtime.
    pub(crate) fn append(&self, runtime: &mut Vec<u8>) {
        let runtime_bytes = runtime.len() as u64;
        let program = postcard::to_stdvec(self).expect("plans are plain data");
        let lengths = lengths(runtime_bytes, program.len() as u64);
        let checksum = checksum(&program, &lengths);
        for part in [&program[..], &lengths, &checksum, &MAGIC] {
            runtime.extend_from_slice(part);
        }
    }
}

/// Marks a copy of this executable as one with a program.
pub(crate) fn mark(runtime: &mut [u8]) -> Result<(), &'static str> {
    let found = |from: usize| {
        let rest = runtime.get(from..)?;
        let at = rest
            .windows(MARK.len())
            .position(|window| window == black_box(&MARK))?;
        Some(from + at)
    };
    match (found(0), found(0).and_then(|at| found(at + 1))) {
        (Some(at), None) => {
            runtime[at + MARKED_AT] = MARKED;
            Ok(())
        }
        _ => Err(
            "this executable of bloom was changed after it was built; programs are not built from it",
        ),
    }
}

/// The program of this executable; none of `bloom` itself.
pub(crate) fn own() -> Result<Option<Image>, String> {
    // What the compiler knows of the mark is not what the file may say by now.
    if black_box(&MARK)[MARKED_AT] != MARKED {
        return Ok(None);
    }
    let path = std::env::current_exe().map_err(|e| format!("cannot find this executable: {e}"))?;
    let mut file = File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    read(&mut file)
        .map(Some)
        .map_err(|damage| format!("{}: {damage}; build it again", path.display()))
}

/// The program at the end of a file.
fn read(file: &mut (impl Read + Seek)) -> Result<Image, String> {
    let lost = || {
        "the program that was built into this executable is not at its end any more: it was stripped, truncated or \
         added to"
            .to_owned()
    };
    let total = file.seek(SeekFrom::End(0)).map_err(|e| e.to_string())?;
    let trailer_at = total.checked_sub(TRAILER_BYTES as u64).ok_or_else(lost)?;
    let mut trailer = [0; TRAILER_BYTES];
    let mut read = |at: u64, into: &mut [u8]| {
        let done = file
            .seek(SeekFrom::Start(at))
            .and_then(|_| file.read_exact(into));
        done.map_err(|e| e.to_string())
    };
    read(trailer_at, &mut trailer)?;
    let (lengths, rest) = trailer.split_at(16);
    let (stated, magic) = rest.split_at(32);
    if magic != MAGIC {
        return Err(lost());
    }
    let length = |at: usize| {
        let bytes = lengths[at..at + 8].try_into().expect("eight bytes");
        u64::from_le_bytes(bytes)
    };
    let (runtime_bytes, program_bytes) = (length(0), length(8));
    if runtime_bytes.checked_add(program_bytes) != Some(trailer_at) {
        return Err("its parts are not as long as they were when it was built".to_owned());
    }
    let mut program = vec![0; usize::try_from(program_bytes).map_err(|_| lost())?];
    read(runtime_bytes, &mut program)?;
    if checksum(&program, lengths) != stated {
        return Err("the program in it is damaged: its checksum is wrong".to_owned());
    }
    postcard::from_bytes(&program).map_err(|e| format!("the program in it cannot be read: {e}"))
}

fn lengths(runtime: u64, program: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&runtime.to_le_bytes());
    bytes[8..].copy_from_slice(&program.to_le_bytes());
    bytes
}

fn checksum(program: &[u8], lengths: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(env!("CARGO_PKG_VERSION"))
        .chain_update(lengths)
        .chain_update(program)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn built() -> Vec<u8> {
        let mut image = Image::new("small", false, Coordination::Auto);
        for _ in 0..3 {
            image.add(Mode::Refused("no".into()));
        }
        let mut bytes = b"the runtime".to_vec();
        image.append(&mut bytes);
        bytes
    }

    #[test]
    fn a_program_is_found_as_it_was_put() {
        let image = read(&mut Cursor::new(built())).expect("it is whole");
        assert_eq!((image.name(), image.modes.len()), ("small", 3));
    }

    #[test]
    fn every_changed_byte_behind_the_runtime_is_noticed() {
        let whole = built();
        for at in b"the runtime".len()..whole.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                assert!(
                    read(&mut Cursor::new(damaged)).is_err(),
                    "bit {bit} of byte {at}"
                );
            }
        }
    }

    #[test]
    fn what_is_cut_or_added_is_noticed() {
        let whole = built();
        for length in 0..whole.len() {
            assert!(
                read(&mut Cursor::new(&whole[..length])).is_err(),
                "{length} bytes"
            );
        }
        assert!(read(&mut Cursor::new([&whole[..], b"x"].concat())).is_err());
        assert!(read(&mut Cursor::new([b"x", &whole[..]].concat())).is_err());
    }

    #[test]
    fn a_mark_is_set_once() {
        let mut runtime = [b"before ".as_slice(), &MARK, b" after"].concat();
        assert_eq!(mark(&mut runtime), Ok(()));
        assert!(mark(&mut runtime).is_err(), "it is marked");
        assert!(
            mark(&mut [MARK, MARK].concat()).is_err(),
            "it is there twice"
        );
    }
}
