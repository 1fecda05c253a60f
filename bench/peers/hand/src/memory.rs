//! What a relation of two numbers holds in memory, with an index by its second column.

use rows::Run;

use crate::table::{ByKey, Map, Set, pack};

/// Prints bytes resident with a tenth of the rows, and with all. How many is the number in `size.facts`.
pub fn rows(run: &Run) {
    let [[size]] = run.read::<1>("size")[..] else {
        panic!("size.facts has one number");
    };
    let mut all = Set::default();
    let mut by_second = ByKey::default();
    let mut resident = Vec::new();
    for (from, to) in [(0, size / 10), (size / 10, size)] {
        for a in from..to {
            let b = a % (size / 10);
            if all.insert(pack(a, b)) {
                by_second.entry(b).or_default().push(a);
            }
        }
        resident.push(resident_bytes());
    }
    println!("{} {}", resident[0], resident[1]);
}

/// As [`rows`], of numbers of 64 bits, as an `Int` is.
pub fn wide_rows(run: &Run) {
    let [[size]] = run.read::<1>("size")[..] else {
        panic!("size.facts has one number");
    };
    let size = u64::from(size);
    let mut all = Set::<(u64, u64)>::default();
    let mut by_second = Map::<u64, Vec<u64>>::default();
    let mut resident = Vec::new();
    for (from, to) in [(0, size / 10), (size / 10, size)] {
        for a in from..to {
            let b = a % (size / 10);
            if all.insert((a, b)) {
                by_second.entry(b).or_default().push(a);
            }
        }
        resident.push(resident_bytes());
    }
    println!("{} {}", resident[0], resident[1]);
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
    kib.and_then(|kib| kib.trim().parse::<u64>().ok()).expect("in kB") * 1024
}
