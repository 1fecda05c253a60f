//! Sets of properties of a collection's contents over the ticks of a run, for fixed inputs.
//!
//! More properties are better; the sets are ordered by inclusion, and every transfer function of the
//! fixpoint grows with what it is given.

use std::fmt;

/// A set of properties.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Props(u8);

impl Props {
    pub const NONE: Props = Props(0);
    /// Contents never change after the start, and no schedule decides them.
    pub const CONSTANT: Props = Props(1);
    /// Contents only grow, in the order of rows and of lattice values.
    pub const GROWS: Props = Props(2);
    /// Contents only shrink.
    pub const SHRINKS: Props = Props(4);
    /// Contents settle on a limit that no schedule decides.
    pub const LIMIT: Props = Props(8);
    /// The join over all ticks of the contents is decided by no schedule.
    pub const UNION: Props = Props(16);
    /// In the end there are no rows, and none come any more.
    pub const FADES: Props = Props(32);
    /// There never is a row.
    pub const EMPTY: Props = Props(64);

    /// Rows that live for one tick and come a finite number of times, whichever schedule runs.
    pub const EVENTS: Props = Props(8 | 16 | 32);
    pub const ALL: Props = Props(127);
    /// What is there from the start and stays.
    pub const FIXED: Props = Props(1 | 2 | 4 | 8 | 16);

    pub const fn has(self, other: Props) -> bool {
        self.0 & other.0 == other.0
    }

    #[must_use]
    pub const fn and(self, other: Props) -> Props {
        Props(self.0 & other.0)
    }

    #[must_use]
    pub const fn with(self, other: Props) -> Props {
        Props(self.0 | other.0)
    }

    #[must_use]
    pub const fn without(self, other: Props) -> Props {
        Props(self.0 & !other.0)
    }

    /// `other` if the condition holds, else nothing.
    pub const fn when(condition: bool, other: Props) -> Props {
        if condition { other } else { Props::NONE }
    }

    /// With what follows: the empty is everything, the constant all but fading, what fades has the empty
    /// limit, and for what grows its limit is its union.
    #[must_use]
    pub const fn closed(self) -> Props {
        let mut set = self;
        if set.has(Props::EMPTY) {
            return Props::ALL;
        }
        if set.has(Props::CONSTANT) {
            set = set.with(Props::FIXED);
        }
        if set.has(Props::FADES) {
            set = set.with(Props::LIMIT);
        }
        if set.has(Props::GROWS) && (set.has(Props::LIMIT) || set.has(Props::UNION)) {
            set = set.with(Props::LIMIT).with(Props::UNION);
        }
        set
    }

    /// Of what is there exactly while the other is not.
    #[must_use]
    pub const fn negated(self) -> Props {
        Props::when(self.has(Props::CONSTANT), Props::FIXED)
            .with(Props::when(self.has(Props::SHRINKS), Props::GROWS))
            .with(Props::when(self.has(Props::GROWS), Props::SHRINKS))
            .with(Props::when(self.has(Props::LIMIT), Props::LIMIT))
    }
}

impl fmt::Display for Props {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has(Props::EMPTY) {
            return f.write_str("empty");
        }
        let letters = [
            (Props::CONSTANT, 'C'),
            (Props::GROWS, 'G'),
            (Props::SHRINKS, 'S'),
            (Props::LIMIT, 'L'),
            (Props::UNION, 'U'),
            (Props::FADES, 'F'),
        ];
        let has = letters.iter().filter(|(property, _)| self.has(*property));
        let shown: String = has.map(|&(_, letter)| letter).collect();
        match shown.is_empty() {
            true => f.write_str("-"),
            false => f.write_str(&shown),
        }
    }
}

impl fmt::Debug for Props {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Props;

    #[test]
    fn what_grows_to_a_limit_has_a_union() {
        let grows = Props::GROWS.with(Props::LIMIT).closed();
        assert!(grows.has(Props::UNION));
        assert!(!Props::SHRINKS.with(Props::LIMIT).closed().has(Props::UNION));
    }

    #[test]
    fn the_negation_of_growth_shrinks() {
        assert_eq!(Props::GROWS.with(Props::UNION).negated(), Props::SHRINKS);
        assert_eq!(Props::FIXED.negated(), Props::FIXED);
        assert_eq!(Props::EVENTS.negated(), Props::LIMIT);
    }
}
