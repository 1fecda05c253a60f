//! What may ail one node for some ticks: all that is neither a crash for good nor about one link.

use crate::world::DiskFault;

/// By how many ticks what a slow node sends is late, where the bounds do not say.
pub const SLOW_TICKS: u32 = 2;

/// What ails a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ailment {
    /// Having crashed it comes back in the first tick, with what its disk holds.
    Restarted,
    /// It does nothing, and what arrives waits.
    Paused,
    /// What it sends is so many ticks late.
    Slow { by: u32 },
    /// In each tick its clock goes on by so many halves of a tick: two are right.
    Clock { halves: u32 },
    /// Its disk fails in a tick in which it writes, and with it the node.
    Disk(DiskFault),
    /// Nothing that others send it arrives.
    Deaf,
    /// Nothing that it sends others arrives.
    Mute,
}

impl Ailment {
    /// One word, which [`Ailment::read`] reads again.
    pub fn word(self) -> String {
        match self {
            Ailment::Restarted => "restarted".to_owned(),
            Ailment::Paused => "paused".to_owned(),
            Ailment::Slow { by } => format!("slow:{by}"),
            Ailment::Clock { halves } => format!("clock:{halves}"),
            Ailment::Disk(DiskFault::Lost) => "disk-lost".to_owned(),
            Ailment::Disk(DiskFault::Unsure) => "disk-unsure".to_owned(),
            Ailment::Disk(DiskFault::Full) => "disk-full".to_owned(),
            Ailment::Deaf => "deaf".to_owned(),
            Ailment::Mute => "mute".to_owned(),
        }
    }

    pub fn read(word: &str) -> Option<Ailment> {
        let (kind, number) = match word.split_once(':') {
            Some((kind, number)) => (kind, Some(number.parse().ok()?)),
            None => (word, None),
        };
        Some(match (kind, number) {
            ("restarted", None) => Ailment::Restarted,
            ("paused", None) => Ailment::Paused,
            ("slow", Some(by)) => Ailment::Slow { by },
            ("clock", Some(halves)) => Ailment::Clock { halves },
            ("disk-lost", None) => Ailment::Disk(DiskFault::Lost),
            ("disk-unsure", None) => Ailment::Disk(DiskFault::Unsure),
            ("disk-full", None) => Ailment::Disk(DiskFault::Full),
            ("deaf", None) => Ailment::Deaf,
            ("mute", None) => Ailment::Mute,
            _ => return None,
        })
    }

    /// What is told of a node: "is paused in ticks 2 to 3".
    pub fn in_words(self, first: u32, last: u32) -> String {
        let when = match first == last {
            true => format!("in tick {first}"),
            false => format!("in ticks {first} to {last}"),
        };
        match self {
            Ailment::Restarted => format!("comes back {when}, with what its disk holds"),
            Ailment::Paused => format!("is paused {when}"),
            Ailment::Slow { by: 1 } => format!("is slow {when}: what it sends is 1 tick late"),
            Ailment::Slow { by } => format!("is slow {when}: what it sends is {by} ticks late"),
            Ailment::Clock { halves: 0 } => format!("has a clock that stands still {when}"),
            Ailment::Clock { halves: 1 } => format!("has a clock of half speed {when}"),
            Ailment::Clock { halves } if first == last && halves > 4 => {
                format!(
                    "has a clock that jumps ahead by {} ticks {when}",
                    halves / 2
                )
            }
            Ailment::Clock { halves } => {
                let times = f64::from(halves) / 2.0;
                format!("has a clock of {times} times the speed {when}")
            }
            Ailment::Disk(DiskFault::Lost) => {
                format!("crashes {when} before what it writes is on disk, at most torn")
            }
            Ailment::Disk(DiskFault::Unsure) => {
                format!("cannot sync its disk {when} and stops, though all is on it")
            }
            Ailment::Disk(DiskFault::Full) => {
                format!("has a full disk {when}, and stops when it writes")
            }
            Ailment::Deaf => format!("hears nothing {when}"),
            Ailment::Mute => format!("is not heard {when}"),
        }
    }

    /// Whether the formula follows it.
    pub fn has_formula(self) -> bool {
        match self {
            Ailment::Restarted
            | Ailment::Slow { .. }
            | Ailment::Clock { .. }
            | Ailment::Deaf
            | Ailment::Mute => true,
            Ailment::Paused | Ailment::Disk(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ailment, DiskFault};

    #[test]
    fn a_word_is_read_as_what_it_was_written_for() {
        let all = [
            Ailment::Restarted,
            Ailment::Paused,
            Ailment::Slow { by: 3 },
            Ailment::Clock { halves: 1 },
            Ailment::Disk(DiskFault::Lost),
            Ailment::Disk(DiskFault::Unsure),
            Ailment::Disk(DiskFault::Full),
            Ailment::Deaf,
            Ailment::Mute,
        ];
        for ailment in all {
            assert_eq!(Ailment::read(&ailment.word()), Some(ailment));
        }
        assert_eq!(Ailment::read("slow"), None);
        assert_eq!(Ailment::read("sad"), None);
    }
}
