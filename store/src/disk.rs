//! What a store needs of a disk.
//!
//! What is written may be gone after a crash, as a whole or from some byte on, until the file is synced; and so may a
//! new name or a renaming, until the folder is. After a failed sync nothing is known of what was written.

use std::fmt::Debug;
use std::io;
use std::path::Path;

pub trait Disk: Debug {
    /// Makes a folder, unless there is it.
    fn make_folder(&self, path: &Path) -> io::Result<()>;
    /// Keeps others from opening what the file stands for, as long as the value lives; none if another does.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>>;
    /// All bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// An empty file in the place of the one with this name.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// A file to write on at its end; an empty one if there is none.
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name, in the place of the file that had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Returns once the names in a folder are on disk.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
}

/// A file that is open for writing at its end.
pub trait DiskFile: Debug + Send {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns once all that was written is on disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file off.
    fn set_len(&mut self, length: u64) -> io::Result<()>;
}

/// What is held while a store is open.
pub trait Lock: Debug + Send {}
