//! The sides of a partition.

/// Some of the nodes, never all: the side of a partition on which the first node is not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Side(u32);

/// Nodes past which no partitions are looked for.
pub const PARTITIONED_NODES_MAX: usize = 10;

impl Side {
    /// The side with these nodes, or the other one.
    pub fn of(inside: impl Iterator<Item = usize>, nodes: usize) -> Side {
        let mask = inside.fold(0_u32, |mask, node| mask | 1 << node);
        match mask & 1 {
            0 => Side(mask),
            _ => Side(!mask & ((1 << nodes) - 1)),
        }
    }

    pub fn has(self, node: usize) -> bool {
        self.0 >> node & 1 == 1
    }

    /// The nodes on it.
    pub fn nodes(self) -> impl Iterator<Item = usize> {
        (0..u32::BITS as usize).filter(move |&node| self.has(node))
    }

    /// Every way to part the nodes in two.
    pub(super) fn all(nodes: usize) -> impl Iterator<Item = Side> {
        let nodes = if nodes > PARTITIONED_NODES_MAX {
            0
        } else {
            nodes
        };
        (1..1_u32 << nodes).filter(|mask| mask & 1 == 0).map(Side)
    }
}
