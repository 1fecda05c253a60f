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
    /// Links that lose all that is sent over them, each in one direction.
    cuts: Vec<(SmolStr, SmolStr)>,
    /// What was sent, if somebody listens.
    traffic: Option<Vec<Sent>>,
}

/// A message that was sent, and what became of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Sent {
    pub from: SmolStr,
    pub to: SmolStr,
    pub channel: SmolStr,
    pub lost: bool,
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

    /// Loses from now on what is sent over these links, each from one node to another, and no others.
    pub fn cut(&mut self, links: Vec<(SmolStr, SmolStr)>) {
        self.cuts = links;
    }

    /// Keeps what is sent from now on.
    pub fn listen(&mut self) {
        self.traffic = Some(Vec::new());
    }

    /// What was sent since the last call, if somebody listens.
    pub fn heard(&mut self) -> Vec<Sent> {
        let traffic = self.traffic.as_mut();
        traffic.map(std::mem::take).unwrap_or_default()
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
        let arrives = self.carries(&message.from, &message.to, &[&message.channel]);
        if let Some(traffic) = &mut self.traffic {
            traffic.push(Sent {
                from: message.from.clone(),
                to: message.to.clone(),
                channel: message.channel.clone(),
                lost: !arrives,
            });
        }
        arrives
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
        let is_cut = self.cuts.iter().any(|(f, t)| f == from && t == to);
        if is_cut || !self.reaches(from, to) {
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
    fn a_cut_is_one_way_and_what_is_lost_is_heard_of() {
        let mut network = Network::default();
        network.listen();
        network.cut(vec![("a".into(), "b".into())]);
        assert!(!network.carry(&message("a", "b")));
        assert!(network.carry(&message("b", "a")));
        let lost: Vec<bool> = network.heard().iter().map(|sent| sent.lost).collect();
        assert_eq!(lost, [true, false]);
        network.cut(Vec::new());
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
