//! One node of a world: its life, what is on its way to it, and its disk.

use std::path::Path;

use bloom_plan::plan::{Plan, RelationId, RelationKind};
use bloom_plan::value::Row;
use bloom_runtime::Message;
use bloom_store::{Restored, Store, StoreError};
use smol_str::SmolStr;

use super::Setup;
use super::mail::Mail;
use crate::disk::SimDisk;

#[derive(Debug)]
pub(super) struct Slot<N> {
    pub(super) setup: Setup,
    pub(super) life: Life<N>,
    /// How often it has started.
    pub(super) starts: u64,
    /// Since it started.
    pub(super) has_ticked: bool,
    pub(super) mail: Mail,
    /// What the network carries to it.
    pub(super) messages: Vec<Message>,
    pub(super) fed: Vec<(RelationId, Row)>,
    pub(super) seals: Vec<(RelationId, Row)>,
    /// The other nodes that it was last told are alive.
    pub(super) told_alive: Option<Vec<SmolStr>>,
    /// What outlives it, and while it is up the store of production that writes there. A node without durable tables
    /// has none.
    pub(super) disk: SimDisk,
    pub(super) store: Option<Store>,
    /// By how much its clock is ahead of the others.
    pub(super) ahead: i64,
    /// The last tick of the world in which it did something.
    pub(super) ticked: u64,
}

#[derive(Debug)]
pub(super) enum Life<N> {
    /// Its declaration has not been reached.
    Unborn,
    Up(N),
    /// Derived `halt`; its last tick can still be seen.
    Halted(N),
    Down,
}

impl<N> Slot<N> {
    pub(super) fn new(setup: Setup, disk: SimDisk) -> Self {
        Slot {
            setup,
            life: Life::Unborn,
            starts: 0,
            has_ticked: false,
            mail: Mail::default(),
            messages: Vec::new(),
            fed: Vec::new(),
            seals: Vec::new(),
            told_alive: None,
            disk,
            store: None,
            ahead: 0,
            ticked: 0,
        }
    }

    /// Opens what is on its disk, as a node does in production.
    pub(super) fn open(&mut self, plan: &Plan) -> Result<Restored, StoreError> {
        let mut opened = Store::open(&self.disk, Path::new("data"), plan)?;
        let restored = opened.restored.take();
        self.store = Some(opened.accept()?);
        Ok(restored)
    }

    /// The node is gone with all that it has not made durable, and what was on its way to it.
    pub(super) fn stop(&mut self) {
        self.life = Life::Down;
        self.store = None;
        self.disk.crash();
        self.mail.close();
        self.messages.clear();
        self.fed.clear();
        self.seals.clear();
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.life, Life::Up(_))
    }
}

/// Whether a node of the plan has tables that outlive it.
pub(super) fn writes(plan: &Plan) -> bool {
    let durable = RelationKind::Table { durable: true };
    plan.relations
        .iter()
        .any(|relation| relation.kind == durable)
}
