//! The benchmarks of `bench/` at a size where only answers count.

use std::path::Path;

use bloom_xtask::clicks::{self, Size, Variant};

use crate::support::Folder;

#[test]
fn clicks_are_counted_right_however_they_are_coordinated() {
    let folder = Folder::new();
    let bloom = Path::new(env!("CARGO_BIN_EXE_bloom"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/clicks.bloom");
    let program = std::fs::read_to_string(path).expect("the benchmark has its program");
    let size = Size {
        servers: 2,
        windows: 3,
        pages: 4,
        clicks: 5,
    };
    for variant in Variant::ALL {
        let time = clicks::run(bloom, &folder.path("."), &program, variant, size, 1);
        time.unwrap_or_else(|error| panic!("{}: {error}", variant.name()));
    }
}
