//! A tick of a world: what its nodes take in, and what becomes of what they ask for.

use bloom_delivery::Packet;
use bloom_runtime::{Input, Message, Output};

use super::mail::Arrivals;
use super::slot::{Life, Slot};
use super::{Trouble, World};
use crate::machine::{Kinds, Machine};

impl<K: Kinds> World<'_, K> {
    pub(super) fn tick_holding_back(
        &mut self,
        nodes: &[usize],
        hold_back: bool,
    ) -> Result<Vec<Trouble>, String> {
        self.clock += bloom_delivery::TICK;
        self.ticks += 1;
        self.deliver_late();
        let mut up = nodes.to_vec();
        up.retain(|&node| self.slots[node].is_up());
        let mut packets = Vec::new();
        let inputs: Vec<(usize, Arrivals)> = up
            .into_iter()
            .map(|node| (node, self.take_arrivals(node, hold_back, &mut packets)))
            .collect();
        self.post(packets);
        let mut troubles = Vec::new();
        for (node, arrivals) in inputs {
            let slot = &mut self.slots[node];
            let Life::Up(machine) = &mut slot.life else {
                unreachable!("only nodes that are up have arrivals");
            };
            let output = machine.step(arrivals.input);
            slot.has_ticked = true;
            slot.ticked = self.ticks;
            let name = &slot.setup.name;
            if let Some(stopped) = output.stopped {
                return Err(match name.as_str() {
                    // The node of a test without `node` steps.
                    "" => stopped.to_string(),
                    name => format!("node `{name}`: {stopped}"),
                });
            }
            if !arrivals.again {
                troubles.extend(output.errors.iter().map(|error| Trouble {
                    node: name.clone(),
                    error: error.clone(),
                }));
            }
            self.carry_out(node, output, arrivals.again);
        }
        Ok(troubles)
    }

    /// What the node's next tick is to take in; also what its endpoint sends.
    fn take_arrivals(
        &mut self,
        node: usize,
        hold_back: bool,
        packets: &mut Vec<Packet>,
    ) -> Arrivals {
        let alive = self.alive_as_seen_by(node);
        let now = self.local_time(node);
        let slot = &mut self.slots[node];
        let mut messages = std::mem::take(&mut slot.messages);
        if self.seed != 0 {
            self.random.shuffle(&mut messages);
            slot.mail.shuffle(&mut self.random);
        }
        if hold_back {
            let (later, now) = messages.into_iter().partition(|_| self.random.chance(1, 4));
            (slot.messages, messages) = (later, now);
        }
        let mut input = Input {
            now,
            rows: std::mem::take(&mut slot.fed),
            messages,
            seals: std::mem::take(&mut slot.seals),
            ..Input::default()
        };
        let Life::Up(machine) = &slot.life else {
            unreachable!("only a node that is up takes something in");
        };
        let timer_is_due = machine.next_timer().is_some_and(|due| due <= now);
        let wants_tick = machine.wants_tick() || timer_is_due;
        let held = hold_back.then_some(&mut self.random);
        let mut arrivals = slot.mail.take(self.clock, wants_tick, &mut input, held);
        packets.append(&mut arrivals.packets);
        slot.fed.append(&mut input.rows);
        slot.messages.append(&mut input.messages);
        slot.seals.append(&mut input.seals);
        let news = slot.told_alive.as_ref() != Some(&alive);
        slot.told_alive = Some(alive.clone());
        arrivals.input.now = now;
        arrivals.input.alive = news.then_some(alive);
        arrivals
    }

    /// Performs what a tick asks for: first the disk, then the network. What an earlier life has done already
    /// does not leave the node again.
    fn carry_out(&mut self, node: usize, output: Output, again: bool) {
        let slot = &mut self.slots[node];
        if let Some(store) = &mut slot.store
            && store.append(&output.durable).is_err()
        {
            // As in production: nothing of the tick leaves it.
            slot.stop();
            return;
        }
        let sends = if again { Vec::new() } else { output.sends };
        let (free, packets) = slot.mail.done(sends);
        if output.halt.is_some() {
            slot.mail.close();
            slot.life = match std::mem::replace(&mut slot.life, Life::Down) {
                Life::Up(machine) => Life::Halted(machine),
                other => other,
            };
        }
        for message in free {
            for after in self.network.carry(&message) {
                self.put_on_way(message.clone(), after);
            }
        }
        self.post(packets);
    }

    /// What the clock of a node says.
    pub(super) fn local_time(&self, node: usize) -> i64 {
        self.now.saturating_add(self.slots[node].ahead)
    }

    /// Lets a message arrive in so many ticks.
    fn put_on_way(&mut self, message: Message, after: u32) {
        if after > 1 {
            self.late.push((self.ticks + u64::from(after), message));
        } else if let Some(receiver) = self.receiver(&message.to) {
            receiver.messages.push(message);
        }
    }

    /// Lets arrive what was late until this tick.
    fn deliver_late(&mut self) {
        let now = self.ticks;
        let late = std::mem::take(&mut self.late);
        let (due, late) = late.into_iter().partition(|(when, _)| *when <= now);
        self.late = late;
        let due: Vec<(u64, Message)> = due;
        for (_, message) in due {
            if let Some(receiver) = self.receiver(&message.to) {
                receiver.messages.push(message);
            }
        }
    }

    /// Hands packets to the network.
    fn post(&mut self, packets: Vec<Packet>) {
        for packet in packets {
            if self.network.carry_packet(&packet)
                && let Some(receiver) = self.receiver(&packet.to)
            {
                receiver.mail.push(packet);
            }
        }
    }

    fn receiver(&mut self, name: &str) -> Option<&mut Slot<K::Node>> {
        let mut slots = self.slots.iter_mut();
        slots.find(|slot| slot.setup.name == name && slot.is_up())
    }
}
