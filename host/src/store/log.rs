//! The ordered logs of one node on disk: a magic line, then records of what its endpoint wants written, each
//! on disk before anything that rests on it leaves the node. The file only grows.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use bloom_delivery::{Saved, Write};

use super::StoreError;
use super::records::{Next, encode, next_record};

const MAGIC: &[u8] = b"bloom logs 1\n";

/// The open file of a running node.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
}

impl LogFile {
    /// Reads the file in `folder`, which it creates if there is none. What a crash has torn is cut off.
    pub fn open(folder: &Path) -> Result<(LogFile, Saved), StoreError> {
        let path = folder.join("logs");
        let failed = |source| StoreError::Io {
            path: path.clone(),
            source,
        };
        let opened = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path);
        let mut file = opened.map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        // A crash may have come before the magic line was whole.
        if bytes.len() < MAGIC.len() && MAGIC.starts_with(&bytes) {
            begin(&mut file, folder).map_err(failed)?;
            return Ok((LogFile { path, file }, Saved::default()));
        }
        let (saved, whole) = replay(&bytes).map_err(|at| StoreError::Damaged {
            path: path.clone(),
            at: at as u64,
        })?;
        cut(&file, whole, bytes.len()).map_err(failed)?;
        Ok((LogFile { path, file }, saved))
    }

    /// Returns once all is on disk.
    pub fn append(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&encode(&writes));
        written
            .and_then(|()| self.file.sync_data())
            .map_err(|source| StoreError::Io {
                path: self.path.clone(),
                source,
            })
    }
}

fn begin(file: &mut File, folder: &Path) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(MAGIC)?;
    file.sync_all()?;
    File::open(folder)?.sync_all()
}

fn cut(file: &File, whole: usize, length: usize) -> io::Result<()> {
    if whole < length {
        file.set_len(whole as u64)?;
        file.sync_all()?;
    }
    Ok(())
}

/// What all whole records say, and where they end; or where the file is damaged.
fn replay(bytes: &[u8]) -> Result<(Saved, usize), usize> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(0_usize)?;
    let mut saved = Saved::default();
    loop {
        let at = bytes.len() - rest.len();
        match next_record::<Vec<Write>>(&mut rest) {
            Next::End | Next::Torn => return Ok((saved, at)),
            Next::Damaged => return Err(at),
            Next::Record(writes) => {
                for write in writes {
                    if !saved.record(write) {
                        return Err(at);
                    }
                }
            }
        }
    }
}
