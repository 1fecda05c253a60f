//! Generated inputs: rows of numbers in files `NAME.facts`, the same for the same seed and scale everywhere.

mod graphs;
mod objects;
mod ticks;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bloom_stdx::random::Random;

use super::options::Options;

pub use graphs::{
    chain, context_free, grid, layered_parents, links, points_to, random, sales, sparse, weighted,
};
pub use objects::virtual_calls;
pub use ticks::{live_count, live_join, live_paths, not_probe, store};

/// A folder of facts that is being written.
pub struct Facts<'a> {
    folder: PathBuf,
    pub options: &'a Options,
    pub random: Random,
}

pub type Generator = fn(&mut Facts<'_>) -> std::io::Result<()>;

impl Facts<'_> {
    pub fn rows<const N: usize>(
        &self,
        name: &str,
        rows: impl IntoIterator<Item = [usize; N]>,
    ) -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(self.folder.join(format!("{name}.facts")))?);
        for row in rows {
            for (place, number) in row.into_iter().enumerate() {
                let end = if place + 1 == N { '\n' } else { '\t' };
                write!(file, "{number}{end}")?;
            }
        }
        file.flush()
    }

    /// Pairs of numbers below a bound.
    pub fn pairs(&mut self, count: usize, bound: usize) -> Vec<[usize; 2]> {
        let random = &mut self.random;
        let pair = |_| [random.below(bound), random.below(bound)];
        (0..count).map(pair).collect()
    }
}

/// The folder with the input of a work, generated if it is not there yet.
pub fn facts(
    root: &Path,
    name: &str,
    options: &Options,
    generate: impl FnOnce(&mut Facts<'_>) -> std::io::Result<()>,
) -> Result<PathBuf, String> {
    let Options { scale, seed, .. } = options;
    let folder = root.join(format!("target/bench/{name}-{scale}-{seed}/facts"));
    let complete = folder.with_file_name("complete");
    if complete.exists() {
        return Ok(folder);
    }
    write(&folder, options, generate)
        .and_then(|()| fs::write(&complete, ""))
        .map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

fn write(
    folder: &Path,
    options: &Options,
    generate: impl FnOnce(&mut Facts<'_>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    generate(&mut Facts {
        folder: folder.to_owned(),
        options,
        random: Random::new(options.seed),
    })
}
