//! The network between the nodes of a test: which messages and packets it loses. It never repeats or alters
//! one, and what it does not lose when it is sent will arrive.

use bloom_delivery::Packet;
use bloom_delivery::packet::Body;
use bloom_runtime::Message;
use smol_str::SmolStr;

/// What stands between two nodes.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Groups that do not reach each other; a node in none of them reaches all.
    groups: Vec<Vec<SmolStr>>,
    /// Messages to be lost, each once.
    drops: Vec<Drop>,
}

/// The next message from one node to another over a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drop {
    pub from: SmolStr,
    pub to: SmolStr,
    pub channel: SmolStr,
}

impl Network {
    /// Cuts the network between the groups, instead of where it was cut before.
    pub fn partition(&mut self, groups: Vec<Vec<SmolStr>>) {
        self.groups = groups;
    }

    pub fn heal(&mut self) {
        self.groups.clear();
    }

    pub fn drop_next(&mut self, drop: Drop) {
        self.drops.push(drop);
    }

    pub fn reaches(&self, from: &str, to: &str) -> bool {
        let group = |node: &str| self.groups.iter().position(|g| g.iter().any(|n| n == node));
        match (group(from), group(to)) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        }
    }

    /// Takes a message that is being sent: whether it will arrive.
    pub fn carry(&mut self, message: &Message) -> bool {
        self.carries(&message.from, &message.to, &[&message.channel])
    }

    /// Takes a packet; one with several rows is lost as a whole.
    pub fn carry_packet(&mut self, packet: &Packet) -> bool {
        let channels: Vec<&SmolStr> = match &packet.body {
            Body::Batch(batch) => batch.rows.iter().map(|(channel, _)| channel).collect(),
            Body::Ack(_) | Body::Log(_) => Vec::new(),
        };
        self.carries(&packet.from, &packet.to, &channels)
    }

    fn carries(&mut self, from: &str, to: &str, channels: &[&SmolStr]) -> bool {
        if !self.reaches(from, to) {
            return false;
        }
        let due = self.drops.iter().position(|drop| {
            drop.from == from && drop.to == to && channels.contains(&&drop.channel)
        });
        if let Some(due) = due {
            self.drops.remove(due);
        }
        due.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::{Drop, Network};
    use bloom_runtime::Message;

    fn message(from: &str, to: &str) -> Message {
        Message {
            from: from.into(),
            to: to.into(),
            channel: "msg".into(),
            row: Vec::new(),
        }
    }

    #[test]
    fn a_partition_cuts_between_its_groups_only() {
        let mut network = Network::default();
        network.partition(vec![vec!["a".into()], vec!["b".into(), "c".into()]]);
        assert!(!network.carry(&message("a", "b")));
        assert!(network.carry(&message("b", "c")));
        assert!(network.carry(&message("a", "a")));
        assert!(network.carry(&message("d", "a")));
        network.heal();
        assert!(network.carry(&message("a", "b")));
    }

    #[test]
    fn a_drop_loses_one_message() {
        let mut network = Network::default();
        network.drop_next(Drop {
            from: "a".into(),
            to: "b".into(),
            channel: "msg".into(),
        });
        assert!(network.carry(&message("b", "a")));
        assert!(!network.carry(&message("a", "b")));
        assert!(network.carry(&message("a", "b")));
    }
}
