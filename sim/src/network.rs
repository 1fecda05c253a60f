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
    /// What happens to all that is sent over a link, which has one direction.
    disturbed: Vec<Link>,
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
    /// In how many ticks it arrives, as often as it does; none if it is lost.
    pub after: Vec<u32>,
}

/// What happens to what is sent from one node to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    pub from: SmolStr,
    pub to: SmolStr,
    pub disturbance: Disturbance,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disturbance {
    Lost,
    /// Arrives so many ticks later than it would.
    Late(u32),
    /// Arrives in the next tick but one as well.
    Twice,
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

    /// Disturbs these links from now on, and no others.
    pub fn disturb(&mut self, links: Vec<Link>) {
        self.disturbed = links;
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

    /// Takes a message that is being sent: in how many ticks it arrives, as often as it does.
    pub fn carry(&mut self, message: &Message) -> Vec<u32> {
        let (from, to) = (&message.from, &message.to);
        let after = match self.carries(from, to, &[&message.channel]) {
            true => self.after(from, to),
            false => Vec::new(),
        };
        if let Some(traffic) = &mut self.traffic {
            traffic.push(Sent {
                from: message.from.clone(),
                to: message.to.clone(),
                channel: message.channel.clone(),
                lost: after.is_empty(),
                after: after.clone(),
            });
        }
        after
    }

    fn disturbances<'l>(
        &'l self,
        from: &'l str,
        to: &'l str,
    ) -> impl Iterator<Item = Disturbance> + 'l {
        let links = self.disturbed.iter();
        let of_link = links.filter(move |link| link.from == from && link.to == to);
        of_link.map(|link| link.disturbance)
    }

    /// When what is not lost arrives: of several delays the shortest counts.
    fn after(&self, from: &str, to: &str) -> Vec<u32> {
        let late = self.disturbances(from, to).filter_map(|d| match d {
            Disturbance::Late(by) => Some(by),
            Disturbance::Lost | Disturbance::Twice => None,
        });
        let mut after = vec![1 + late.min().unwrap_or(0)];
        let is_twice = self.disturbances(from, to).any(|d| d == Disturbance::Twice);
        if is_twice && !after.contains(&2) {
            after.push(2);
        }
        after
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
        let is_cut = self.disturbances(from, to).any(|d| d == Disturbance::Lost);
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
    use super::{Disturbance, Drop, Link, Network};
    use bloom_runtime::Message;

    fn message(from: &str, to: &str) -> Message {
        Message {
            from: from.into(),
            to: to.into(),
            channel: "msg".into(),
            row: Vec::new(),
        }
    }

    fn arrives(network: &mut Network, from: &str, to: &str) -> bool {
        !network.carry(&message(from, to)).is_empty()
    }

    fn link(disturbance: Disturbance) -> Link {
        Link {
            from: "a".into(),
            to: "b".into(),
            disturbance,
        }
    }

    #[test]
    fn a_partition_cuts_between_its_groups_only() {
        let mut network = Network::default();
        network.partition(vec![vec!["a".into()], vec!["b".into(), "c".into()]]);
        assert!(!arrives(&mut network, "a", "b"));
        assert!(arrives(&mut network, "b", "c"));
        assert!(arrives(&mut network, "a", "a"));
        assert!(arrives(&mut network, "d", "a"));
        network.heal();
        assert!(arrives(&mut network, "a", "b"));
    }

    #[test]
    fn a_cut_is_one_way_and_what_is_lost_is_heard_of() {
        let mut network = Network::default();
        network.listen();
        network.disturb(vec![link(Disturbance::Lost)]);
        assert!(!arrives(&mut network, "a", "b"));
        assert!(arrives(&mut network, "b", "a"));
        let lost: Vec<bool> = network.heard().iter().map(|sent| sent.lost).collect();
        assert_eq!(lost, [true, false]);
        network.disturb(vec![link(Disturbance::Late(3)), link(Disturbance::Twice)]);
        assert_eq!(network.carry(&message("a", "b")), [4, 2]);
        network.disturb(Vec::new());
        assert!(arrives(&mut network, "a", "b"));
    }

    #[test]
    fn a_drop_loses_one_message() {
        let mut network = Network::default();
        network.drop_next(Drop {
            from: "a".into(),
            to: "b".into(),
            channel: "msg".into(),
        });
        assert!(arrives(&mut network, "b", "a"));
        assert!(!arrives(&mut network, "a", "b"));
        assert!(arrives(&mut network, "a", "b"));
    }
}
