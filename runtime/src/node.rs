//! A node and its ticks.

use std::sync::Arc;

use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;

use crate::api::{Config, Input, Misfit, Output, StartError};
use crate::program::Program;

/// One running node.
#[derive(Debug)]
pub struct Node {
    program: Arc<Program>,
    tick: u64,
}

impl Node {
    pub fn new(program: Arc<Program>, _config: Config) -> Result<Node, StartError> {
        Ok(Node { program, tick: 0 })
    }

    /// Runs one tick.
    pub fn step(&mut self, _input: Input) -> Output {
        self.tick += 1;
        Output {
            tick: self.tick,
            ..Output::default()
        }
    }

    /// The rows of a collection in the finished tick, before its deferred changes; sorted.
    pub fn rows(&self, _relation: RelationId) -> Vec<Row> {
        Vec::new()
    }

    pub fn relation(&self, name: &str) -> Option<RelationId> {
        self.program.relation(name)
    }

    /// Whether a row fits a collection: for refusing outside input at the edge.
    pub fn check(&self, _relation: RelationId, _row: &Row) -> Result<(), Misfit> {
        Ok(())
    }

    /// Whether a tick without arrivals would do something: none has run yet, or the last one
    /// deferred changes or sent rows over a loopback.
    pub fn wants_tick(&self) -> bool {
        self.tick == 0
    }

    /// When the next timer falls due, in nanoseconds.
    pub fn next_timer(&self) -> Option<i64> {
        None
    }

    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Number of the last finished tick; 0 before the first.
    pub fn tick(&self) -> u64 {
        self.tick
    }
}
