//! What is kept of the rules and the report of a program.

use std::sync::Arc;

use super::again::Standing;
use super::flow::{RuleFlow, Shape};
use super::remembered::Remembered;
use crate::analysis::RuleAnalysis;
use crate::hir::{CollectionId, Rule};
use crate::typing::BodyTypes;
use bloom_stdx::aligned::Aligned;
use bloom_stdx::arena::Arena;

/// So many analyses are kept.
pub(super) const STANDING_MAX: usize = 2;

/// What is known of a program from when its rules were last summarised.
#[derive(Debug, Default)]
pub struct Recall {
    generation: u64,
    /// By kind of node.
    pub(super) kinds: Vec<OfKind>,
    /// How many rules were summarised, rather than recalled.
    pub summarized: usize,
    /// Whether the last report was found, rather than recalled.
    pub is_analyzed: bool,
    /// Of the last programs, the newest last: an edit that is taken back leads to the one before.
    pub(super) standing: Vec<Standing>,
    /// Of the program that was last analysed.
    pub(super) remembered: Remembered,
}

/// What is known of a kind of node.
#[derive(Debug)]
pub(super) struct OfKind {
    pub shapes: Arc<Arena<CollectionId, Shape>>,
    /// By the addresses of what a summary is of.
    pub rules: Aligned<Key, Arc<RuleFlow>>,
}

pub(super) type Key = [usize; 3];

pub(super) fn key(rule: &Arc<Rule>, types: &Arc<BodyTypes>, analysis: &Arc<RuleAnalysis>) -> Key {
    [
        Arc::as_ptr(rule).addr(),
        Arc::as_ptr(types).addr(),
        Arc::as_ptr(analysis).addr(),
    ]
}

impl Recall {
    /// For how many rules the last analysis looked for their form, rather than recalled it.
    pub fn looked_for(&self) -> usize {
        match self.is_analyzed {
            true => self.remembered.looked_for,
            false => 0,
        }
    }

    /// For how many rules the form was looked for when a program was last analysed.
    #[cfg(test)]
    pub(crate) fn remembered_forms(&self) -> usize {
        self.remembered.looked_for
    }

    /// `generation` is that of the recall by which the program was typed.
    pub(super) fn begin(&mut self, generation: u64) {
        if self.generation != generation {
            self.kinds.clear();
            self.standing.clear();
            self.remembered = Remembered::default();
        }
        self.generation = generation;
        self.summarized = 0;
    }
}
