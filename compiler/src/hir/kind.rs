//! Questions to a kind of collection that more than one stage asks, so that a new kind is thought of in one place.

use super::program::CollectionKind;

/// Where the rows of a collection come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// Rules of its node; `kept` if rows stay until they are deleted.
    Rules { kept: bool },
    /// Whoever feeds it, or the rules of the importing module.
    Input,
    /// Messages and lines, each of which is there for one tick.
    Messages,
    /// The protocol of seals.
    Seals,
    /// The runtime or the compiler: the same rows in every tick.
    Fixed,
    /// The runtime, as things happen.
    Happening,
    /// Rules; what is derived is carried out, and not read.
    Effects,
}

impl Supply {
    /// Whether rows come and are gone after a tick.
    pub const fn is_passing(self) -> bool {
        match self {
            Supply::Input | Supply::Messages | Supply::Rules { kept: false } => true,
            Supply::Rules { kept: true }
            | Supply::Seals
            | Supply::Fixed
            | Supply::Happening
            | Supply::Effects => false,
        }
    }
}

impl CollectionKind {
    /// The word that declares a collection of the kind.
    pub const fn word(self) -> &'static str {
        match self {
            CollectionKind::Table | CollectionKind::Seals { .. } => "table",
            CollectionKind::Scratch | CollectionKind::Sealed { .. } => "scratch",
            CollectionKind::Static => "static",
            CollectionKind::Input => "input",
            CollectionKind::Output => "output",
            CollectionKind::View => "view",
            CollectionKind::Channel { .. } | CollectionKind::Seal { .. } => "channel",
            CollectionKind::Loopback => "loopback",
            CollectionKind::Periodic { .. } => "periodic",
            CollectionKind::Cluster => "cluster",
            CollectionKind::Alive => "alive",
            CollectionKind::Stdin => "stdin",
            CollectionKind::Errors => "errors",
            CollectionKind::Stdout => "stdout",
            CollectionKind::Stderr => "stderr",
            CollectionKind::Halt => "halt",
            CollectionKind::SysRule => "sys.rule",
            CollectionKind::SysCollection => "sys.collection",
            CollectionKind::SysDepends => "sys.depends",
            CollectionKind::SysStratum => "sys.stratum",
        }
    }

    /// Where its rows come from.
    pub const fn supply(self) -> Supply {
        match self {
            CollectionKind::Table | CollectionKind::Static => Supply::Rules { kept: true },
            CollectionKind::Scratch | CollectionKind::Output | CollectionKind::View => {
                Supply::Rules { kept: false }
            }
            CollectionKind::Input => Supply::Input,
            CollectionKind::Channel { .. } | CollectionKind::Loopback | CollectionKind::Stdin => {
                Supply::Messages
            }
            CollectionKind::Seal { .. }
            | CollectionKind::Seals { .. }
            | CollectionKind::Sealed { .. } => Supply::Seals,
            CollectionKind::Cluster
            | CollectionKind::SysRule
            | CollectionKind::SysCollection
            | CollectionKind::SysDepends
            | CollectionKind::SysStratum => Supply::Fixed,
            CollectionKind::Periodic { .. } | CollectionKind::Alive | CollectionKind::Errors => {
                Supply::Happening
            }
            CollectionKind::Stdout | CollectionKind::Stderr | CollectionKind::Halt => {
                Supply::Effects
            }
        }
    }
}
