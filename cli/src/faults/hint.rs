//! What might mend a program, read off the sets of faults that break it. A hint, and no proof.

use std::collections::BTreeSet;

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::{Ailment, Counterexample, Fault, Hypothesis, Minimal};

/// What to try; none where nothing is clear.
pub(super) fn hint(
    test: &FaultTest,
    found: &Counterexample,
    minimal: Option<&Minimal>,
) -> Option<String> {
    let set = &found.hypothesis;
    let name = |node: usize| test.nodes[node].name.as_str();
    if set.crashes() + set.losses() < set.len() {
        return Some(told_of_order(set));
    }
    match (set.crashes(), set.losses()) {
        (0, 0) => None,
        (0, 1) => {
            let channels = lost_channels(test, found);
            Some(format!(
                "one lost message suffices: send {channels} again until it is acknowledged"
            ))
        }
        (1, 0) => {
            let crashed: BTreeSet<usize> = minimal
                .into_iter()
                .flat_map(|minimal| &minimal.sets)
                .filter(|set| set.len() == 1)
                .flat_map(|set| set.0.iter())
                .filter_map(|fault| match fault {
                    Fault::Crash { node, .. } => Some(*node),
                    Fault::Loss { .. }
                    | Fault::Delay { .. }
                    | Fault::Duplicate { .. }
                    | Fault::Partition { .. }
                    | Fault::Node { .. } => None,
                })
                .collect();
            let names: Vec<&str> = crashed.into_iter().map(name).collect();
            Some(match names.as_slice() {
                [] => return None,
                [one] => format!(
                    "all depends on {one}: keep what it alone knows at other nodes before anybody relies on it"
                ),
                several => format!(
                    "the crash of one of {} suffices: let the others do without it",
                    several.join(", ")
                ),
            })
        }
        (_, 0) => Some(
            "crashes alone suffice: more nodes must hold it before anybody relies on it".to_owned(),
        ),
        (0, _) => {
            let links: BTreeSet<(usize, usize)> = set
                .0
                .iter()
                .filter_map(|fault| match fault {
                    Fault::Loss { from, to, .. } => Some((*from, *to)),
                    Fault::Crash { .. }
                    | Fault::Delay { .. }
                    | Fault::Duplicate { .. }
                    | Fault::Partition { .. }
                    | Fault::Node { .. } => None,
                })
                .collect();
            let channels = lost_channels(test, found);
            Some(match links.len() {
                1 => format!(
                    "one link suffices, if it loses {channels} often enough: resend without end, or go by another node"
                ),
                _ => format!(
                    "losses alone suffice: resend {channels} until acknowledged, and conclude nothing from silence that others may contradict"
                ),
            })
        }
        _ => Some(
            "what only the crashed node had is gone: let others hold it, or pass it on, before anybody relies on it"
                .to_owned(),
        ),
    }
}

/// Of sets in which messages are late, or arrive twice, or nodes are parted or come back.
fn told_of_order(set: &Hypothesis) -> String {
    if set.ailments(|what| what == Ailment::Restarted) > 0 {
        return "who comes back has forgotten what is in no durable table: declare durable what others rely on, or let it ask them first".to_owned();
    }
    let is_parted = set.partitions() > 0;
    let is_late = set
        .0
        .iter()
        .any(|fault| matches!(fault, Fault::Delay { .. }));
    let hint = match (is_parted, is_late) {
        (true, _) => "let the side with fewer nodes decide nothing by itself",
        (false, true) => {
            "a timer ends before a late message comes: conclude nothing from silence that others may contradict"
        }
        (false, false) => {
            "a message that comes twice does something twice: give it a number, and know which were seen"
        }
    };
    hint.to_owned()
}

fn lost_channels(test: &FaultTest, found: &Counterexample) -> String {
    let name = |node: usize| test.nodes[node].name.as_str();
    let mut channels = BTreeSet::new();
    for fault in &found.hypothesis.0 {
        if let Fault::Loss { from, to, tick } = *fault {
            channels.extend(found.execution.channels_lost(name(from), name(to), tick));
        }
    }
    let channels: Vec<String> = channels
        .into_iter()
        .map(|channel| format!("`{channel}`"))
        .collect();
    match channels.is_empty() {
        true => "messages".to_owned(),
        false => channels.join(" and "),
    }
}
