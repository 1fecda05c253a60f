//! Who has proposed what: what makes a proposal take effect once, and in the order of its proposer.

use std::collections::BTreeMap;

use bloom_stdx::random::Random;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::Arrival;

/// What the data of an entry is.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Proposal {
    pub proposer: SmolStr,
    pub life: u64,
    /// From 1 in each life.
    pub number: u64,
    pub arrivals: Vec<Arrival>,
}

impl Proposal {
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("rows have no shape that postcard lacks")
    }
}

/// The life of each proposer, and the number that it is to come with next: the same at all replicas after
/// the same entries.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    of: BTreeMap<SmolStr, (u64, u64)>,
}

impl Sessions {
    /// What an entry says, if it is the next of its proposer.
    pub fn admit(&mut self, data: &[u8]) -> Option<Proposal> {
        // A leader begins its term with an entry that says nothing.
        if data.is_empty() {
            return None;
        }
        let proposal: Proposal =
            postcard::from_bytes(data).expect("entries are proposals of replicas of one program");
        let session = self.of.entry(proposal.proposer.clone());
        let (life, next) = session.or_insert((proposal.life, 1));
        if proposal.life > *life {
            (*life, *next) = (proposal.life, 1);
        }
        if (proposal.life, proposal.number) != (*life, *next) {
            return None;
        }
        *next += 1;
        Some(proposal)
    }
}

/// In which order the replicas call elections, by place.
pub(super) fn ranks(seed: u64, log: &str, replicas: usize) -> Vec<usize> {
    let mut ranks: Vec<usize> = (0..replicas).collect();
    if seed != 0 {
        Random::split(seed, hash(0, log.as_bytes())).shuffle(&mut ranks);
    }
    ranks
}

/// Of a log with its replicas.
pub(super) fn fingerprint(log: &str, replicas: &[SmolStr]) -> u64 {
    let names = std::iter::once(log).chain(replicas.iter().map(SmolStr::as_str));
    names.fold(0, |sum, name| hash(sum, name.as_bytes()))
}

/// FNV-1a, 64 bits, after another hash.
fn hash(before: u64, bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let sum = bytes.iter().fold(before ^ OFFSET, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    // Keeps names apart that follow one another.
    sum.wrapping_mul(PRIME)
}
