//! What a subject is fed: a few rows over a domain of two values, and seals of their partitions.
//!
//! Inputs keep what is promised of them: a key of an `immutable` one never comes with two contents.

use bloom_stdx::random::Random;

use super::subject::{Collection, Event, Kind, Subject};

/// How much a set has.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Rows of a set; seals come on top.
    pub rows_max: usize,
    pub events_max: usize,
    /// The least value of a column, and how many there are.
    pub least: usize,
    pub values: usize,
}

impl Size {
    /// What every program is run with.
    pub const SMALL: Size = Size {
        rows_max: 3,
        events_max: 4,
        least: 1,
        values: 2,
    };
    /// What is tried where small sets tell no runs apart.
    pub const LARGE: Size = Size {
        rows_max: 4,
        events_max: 5,
        least: 0,
        values: 4,
    };
}

/// Sets that every program is explored with.
pub const SMALL_SETS: usize = 4;
/// Sets of one that is flagged, and of which these tell no runs apart.
pub const SETS_MAX: usize = 24;

/// Several sets, no two alike: small ones, then large ones.
pub fn input_sets(random: &mut Random, subject: &Subject) -> Vec<Vec<Event>> {
    let mut sets: Vec<Vec<Event>> = Vec::new();
    for size in [Size::SMALL, Size::LARGE] {
        let (wanted, tries) = match sets.is_empty() {
            true => (SMALL_SETS, 2 * SMALL_SETS),
            false => (SETS_MAX, SETS_MAX),
        };
        for _ in 0..tries {
            let set = input_set(random, subject, size);
            if sets.len() < wanted && !set.is_empty() && !sets.contains(&set) {
                sets.push(set);
            }
        }
    }
    sets
}

fn input_set(random: &mut Random, subject: &Subject, size: Size) -> Vec<Event> {
    let roles = subject.roles.iter().enumerate();
    let inputs: Vec<(usize, &Collection)> = roles
        .flat_map(|(number, role)| role.collections.iter().map(move |c| (number, c)))
        .filter(|(_, collection)| collection.kind == Kind::Input)
        .collect();
    let mut events: Vec<Event> = Vec::new();
    if inputs.is_empty() {
        return events;
    }
    // Most columns of a set have one value, so that rows match.
    let common = 1 + random.below(2);
    let wanted = 2 + random.below(size.rows_max - 1);
    let mut order = inputs.clone();
    random.shuffle(&mut order);
    for place in 0..3 * size.rows_max {
        let first = order.get(place).copied();
        let (role, collection) = first.unwrap_or_else(|| *random.pick(&inputs));
        let event = row(random, role, collection, common, size);
        if events.len() < wanted && may_come(&events, &event, collection) {
            events.push(event);
        }
    }
    for (role, collection) in inputs {
        if collection.sealed_by.is_empty() {
            continue;
        }
        for key in partitions(&events, role, collection) {
            if events.len() < size.events_max && random.chance(5, 6) {
                events.push(Event {
                    role,
                    collection: collection.name.clone(),
                    values: key,
                    sealed: collection.sealed_by.clone(),
                });
            }
        }
    }
    let order = |event: &Event| {
        (
            !event.sealed.is_empty(),
            event.role,
            event.collection.clone(),
        )
    };
    events.sort_by_key(order);
    events
}

fn row(
    random: &mut Random,
    role: usize,
    collection: &Collection,
    common: usize,
    size: Size,
) -> Event {
    let values = collection.columns.iter().map(|column| {
        let n = match random.chance(3, 5) {
            true => common,
            false => size.least + random.below(size.values),
        };
        match column.ty.as_str() {
            "Set<Int>" => format!("{{{n}}}"),
            "Or" => (n == 1).to_string(),
            _ => n.to_string(),
        }
    });
    Event {
        role,
        collection: collection.name.clone(),
        values: values.collect(),
        sealed: Vec::new(),
    }
}

/// Whether all sets keep what their inputs promise, which a part of a program may no longer.
pub fn keep_promises(subject: &Subject) -> bool {
    subject.sets.iter().all(|events| {
        events.iter().enumerate().all(|(number, event)| {
            let collection = subject.collection(event.role, &event.collection);
            !event.sealed.is_empty()
                || collection.is_some_and(|of| may_come(&events[..number], event, of))
        })
    })
}

/// Whether it is new, and keeps what the collection promises.
fn may_come(events: &[Event], event: &Event, collection: &Collection) -> bool {
    let key = |event: &Event| -> Vec<String> {
        let pairs = collection.columns.iter().zip(&event.values);
        pairs
            .filter(|(c, _)| c.key)
            .map(|(_, v)| v.clone())
            .collect()
    };
    let same = |other: &&Event| (other.role, &other.collection) == (event.role, &event.collection);
    let mut others = events.iter().filter(same);
    others.all(|other| {
        let clashes = collection.immutable && key(other) == key(event);
        other.values != event.values && !clashes
    })
}

/// The partitions of which there are rows, and now and then one without.
fn partitions(events: &[Event], role: usize, collection: &Collection) -> Vec<Vec<String>> {
    let places: Vec<usize> = collection
        .sealed_by
        .iter()
        .filter_map(|name| collection.columns.iter().position(|c| c.name == *name))
        .collect();
    let own = events
        .iter()
        .filter(|e| e.role == role && e.collection == collection.name);
    let mut keys: Vec<Vec<String>> = own
        .map(|event| places.iter().map(|&at| event.values[at].clone()).collect())
        .collect();
    if keys.is_empty() {
        keys.push(vec!["1".to_owned(); places.len()]);
    }
    keys.sort();
    keys.dedup();
    keys
}
