//! What a tick gave out, as a number: enough to tell that another run of the tick did the same, and if it did not,
//! which part differs.

use std::hash::{Hash, Hasher};

use bloom_plan::plan::Plan;
use bloom_runtime::Output;
use rustc_hash::FxHasher;

/// A quarter of the bits for each of [`PARTS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest(pub u64);

/// What a digest tells apart.
pub const PARTS: [&str; 4] = [
    "what it sends",
    "rows of its outputs",
    "changes of durable tables",
    "lines, errors and how it ended",
];

const PART_BITS: u32 = 16;

impl Digest {
    /// Of what a node of this plan gave out: by the names of its collections, so that programs which differ
    /// elsewhere can be compared.
    pub fn of(plan: &Plan, output: &Output) -> Digest {
        let mut sends = FxHasher::default();
        output.sends.hash(&mut sends);
        let mut outputs = FxHasher::default();
        for (relation, rows) in &output.outputs {
            plan.relations[relation.0 as usize].name.hash(&mut outputs);
            rows.hash(&mut outputs);
        }
        let mut durable = FxHasher::default();
        for change in &output.durable {
            change.table.hash(&mut durable);
            change.deletes.hash(&mut durable);
            change.upserts.hash(&mut durable);
        }
        let mut rest = FxHasher::default();
        output.tick.hash(&mut rest);
        output.stdout.hash(&mut rest);
        output.stderr.hash(&mut rest);
        output.halt.hash(&mut rest);
        output.errors.hash(&mut rest);
        if let Some(conflict) = &output.halted_by_conflict {
            conflict.to_string().hash(&mut rest);
        }
        if let Some(stopped) = &output.stopped {
            stopped.to_string().hash(&mut rest);
        }
        let parts = [sends, outputs, durable, rest].map(|hasher| folded(hasher.finish()));
        Digest(parts.iter().fold(0, |all, part| all << PART_BITS | part))
    }

    /// The parts in which two ticks differ.
    pub fn differing(self, other: Digest) -> Vec<&'static str> {
        let differs = |place: usize| {
            let shift = (PARTS.len() - 1 - place) as u32 * PART_BITS;
            (self.0 ^ other.0) >> shift & ((1 << PART_BITS) - 1) != 0
        };
        let places = 0..PARTS.len();
        places
            .filter(|&place| differs(place))
            .map(|place| PARTS[place])
            .collect()
    }
}

/// Sixteen bits on which all of the hash have a bearing.
fn folded(hash: u64) -> u64 {
    let half = hash ^ hash >> 32;
    (half ^ half >> PART_BITS) & ((1 << PART_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use bloom_plan::types::TypeTable;
    use bloom_plan::value::Value;
    use bloom_runtime::Message;

    use super::*;

    #[test]
    fn the_part_that_differs_is_named() {
        let plan = Plan::empty("K", TypeTable::default());
        let mut output = Output {
            tick: 3,
            ..Output::default()
        };
        let before = Digest::of(&plan, &output);
        output.sends.push(Message {
            from: "a".into(),
            to: "b".into(),
            channel: "c".into(),
            row: vec![Value::Int(1)],
        });
        let sent = Digest::of(&plan, &output);
        assert_eq!(before.differing(sent), [PARTS[0]]);
        output.stdout.push("x".to_owned());
        assert_eq!(
            before.differing(Digest::of(&plan, &output)),
            [PARTS[0], PARTS[3]]
        );
        assert!(sent.differing(sent).is_empty());
    }
}
