//! A log of cart actions as lines of JSON, the same for the same seed on every machine. It ends
//! with a count of all carts at each of three replicas, and the question whether they agree.

use std::io::Write;

use bloom_stdx::random::Random;

const ITEMS: [&str; 12] = [
    "apron", "basil", "candle", "drum", "easel", "flour", "globe", "honey", "ink", "jar", "kettle",
    "lamp",
];
const SESSIONS: usize = 400;
const REPLICAS: [&str; 3] = ["n1", "n2", "n3"];

/// Writes the log of so many actions.
pub fn write(out: &mut impl Write, actions: u64, seed: u64) -> std::io::Result<()> {
    let mut random = Random::new(seed);
    for id in 1..=actions {
        let replica = REPLICAS[random.below(3)];
        let session = random.below(SESSIONS);
        let item = ITEMS[random.below(ITEMS.len())];
        // Two in three put something in.
        let quantity = match random.below(6) {
            0 | 1 => -1,
            n => n as i64 - 1,
        };
        writeln!(
            out,
            r#"{{"node": "{replica}", "collection": "action", "row": {{"id": {id}, "session": {session}, "item": "{item}", "quantity": {quantity}}}}}"#
        )?;
    }
    for (request, collection) in [(1, "count_carts"), (2, "compare")] {
        writeln!(out, r#"{{"settle": true}}"#)?;
        for replica in REPLICAS {
            writeln!(
                out,
                r#"{{"node": "{replica}", "collection": "{collection}", "row": {{"request": {request}}}}}"#
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_log() {
        let log = |seed| {
            let mut out = Vec::new();
            write(&mut out, 100, seed).expect("a vector takes everything");
            out
        };
        assert_eq!(log(1), log(1));
        assert_ne!(log(1), log(2));
        assert_eq!(log(1).iter().filter(|&&b| b == b'\n').count(), 108);
    }
}
