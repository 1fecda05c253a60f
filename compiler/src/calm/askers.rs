//! Who has asked about what, the other way round: the rules that are to be looked at again where something else is known.

use super::asking::Topic;
use super::model::{At, RuleAt};

/// What of a rule was found when something was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Form,
    Body,
}

#[derive(Debug)]
pub struct Askers {
    /// By topic: twice the number of a rule, and one more if its body was judged.
    topics: Vec<Vec<u32>>,
    /// By place: rules of which the properties of the place were read though no literal reads it.
    places: Vec<Vec<RuleAt>>,
}

impl Askers {
    pub fn new(places: usize) -> Self {
        Askers {
            topics: vec![Vec::new(); 2 * places],
            places: vec![Vec::new(); places],
        }
    }

    pub fn add(&mut self, rule: RuleAt, part: Part, topics: &[Topic]) {
        for topic in topics {
            self.topics[topic.index()].push(code(rule, part));
        }
    }

    pub fn remove(&mut self, rule: RuleAt, part: Part, topics: &[Topic]) {
        let code = code(rule, part);
        for topic in topics {
            self.topics[topic.index()].retain(|&other| other != code);
        }
    }

    pub fn add_beside(&mut self, rule: RuleAt, places: &[At]) {
        for at in places {
            self.places[at.index()].push(rule);
        }
    }

    pub fn remove_beside(&mut self, rule: RuleAt, places: &[At]) {
        for at in places {
            self.places[at.index()].retain(|&other| other != rule);
        }
    }

    /// The rules for which something was asked about the topic.
    pub fn of_topic(&self, topic: Topic) -> impl Iterator<Item = (RuleAt, Part)> + '_ {
        let all = self.topics[topic.index()].iter();
        all.map(|&code| match code & 1 {
            0 => (code as usize >> 1, Part::Form),
            _ => (code as usize >> 1, Part::Body),
        })
    }

    /// The rules that depend on the place's properties without a literal that reads it.
    pub fn beside(&self, at: At) -> &[RuleAt] {
        &self.places[at.index()]
    }
}

const fn code(rule: RuleAt, part: Part) -> u32 {
    (rule as u32) << 1 | matches!(part, Part::Body) as u32
}
