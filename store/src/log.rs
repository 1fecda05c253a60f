//! The ordered logs of one node on disk: a magic line, then records of what its endpoint wants written, each
//! on disk before anything that rests on it leaves the node. The file only grows.

use std::io;
use std::path::{Path, PathBuf};

use bloom_delivery::{Saved, Write};

use crate::disk::{Disk, DiskFile};
use crate::records::{Next, encode, next_record};
use crate::tables::StoreError;

const MAGIC: &[u8] = b"bloom logs 1\n";

/// The open file of a running node.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

impl LogFile {
    /// Reads the file in `folder`, which it creates if there is none. What a crash has torn is cut off.
    pub fn open(disk: &dyn Disk, folder: &Path) -> Result<(LogFile, Saved), StoreError> {
        let path = folder.join("logs");
        let failed = |source| StoreError::Io {
            path: path.clone(),
            source,
        };
        let mut file = disk.append(&path).map_err(failed)?;
        let bytes = disk.read(&path).map_err(failed)?;
        if is_unfinished(&bytes) {
            begin(disk, &mut *file, folder).map_err(failed)?;
            return Ok((LogFile { path, file }, Saved::default()));
        }
        let (saved, whole) = replay(&bytes).map_err(|at| StoreError::Damaged {
            path: path.clone(),
            at: at as u64,
        })?;
        cut(&mut *file, whole, bytes.len()).map_err(failed)?;
        Ok((LogFile { path, file }, saved))
    }

    /// Returns once all is on disk.
    pub fn append(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&encode(&writes));
        written
            .and_then(|()| self.file.sync())
            .map_err(|source| StoreError::Io {
                path: self.path.clone(),
                source,
            })
    }
}

/// Whether a crash came before the magic line was whole: what was not written may be missing, or be zeros.
fn is_unfinished(bytes: &[u8]) -> bool {
    let same = bytes
        .iter()
        .zip(MAGIC)
        .take_while(|(byte, magic)| byte == magic);
    let written = same.count();
    let rest_is_empty = bytes[written..].iter().all(|&byte| byte == 0);
    written < MAGIC.len() && bytes.len() <= MAGIC.len() && rest_is_empty
}

fn begin(disk: &dyn Disk, file: &mut dyn DiskFile, folder: &Path) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(MAGIC)?;
    file.sync()?;
    disk.sync_folder(folder)
}

fn cut(file: &mut dyn DiskFile, whole: usize, length: usize) -> io::Result<()> {
    if whole < length {
        file.set_len(whole as u64)?;
        file.sync()?;
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
