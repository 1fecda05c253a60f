//! Injection: which plain values stand for which lattice values.

use super::Infer;
use crate::hir::Builtin;
use crate::typing::ty::{Con, Ty};

impl Infer<'_, '_> {
    /// Whether a plain value of type `found` becomes a value of the lattice `expected`; if so,
    /// their parts are made equal.
    pub(super) fn injects(&mut self, found: Ty, expected: Ty) -> bool {
        let Some((con, args)) = self.cx.store.head(expected) else {
            return false;
        };
        let (con, args) = (con.clone(), args.to_vec());
        let builtin = match con {
            Con::Builtin(builtin) => builtin,
            Con::Tuple => return self.injects_parts(found, &args),
            Con::Function | Con::Def { .. } | Con::Opaque { .. } => return false,
        };
        match builtin {
            Builtin::Max | Builtin::Min | Builtin::Once => self.fits(found, args[0]),
            Builtin::Or | Builtin::And => self.fits(found, Ty::BOOL),
            Builtin::Set | Builtin::PosSet => {
                let frozen = self.cx.store.builtin(Builtin::FrozenSet, args);
                self.fits(found, frozen)
            }
            Builtin::Bag => {
                let frozen = self.cx.store.builtin(Builtin::FrozenBag, args);
                self.fits(found, frozen)
            }
            Builtin::Map => {
                let Some(&[key, value]) = self.cx.store.args_of(found, Builtin::FrozenMap) else {
                    return false;
                };
                self.fits(key, args[0])
                    && (self.cx.store.is_var(value)
                        || self.fits(value, args[1])
                        || self.injects(value, args[1]))
            }
            Builtin::Sealed => self.injects(found, args[0]),
            Builtin::Bool
            | Builtin::Int
            | Builtin::Float
            | Builtin::String
            | Builtin::Bytes
            | Builtin::Addr
            | Builtin::Time
            | Builtin::Duration
            | Builtin::Req
            | Builtin::List
            | Builtin::FrozenSet
            | Builtin::FrozenBag
            | Builtin::FrozenMap
            | Builtin::Lex
            | Builtin::Lww => false,
        }
    }

    fn injects_parts(&mut self, found: Ty, parts: &[Ty]) -> bool {
        let own = match self.cx.store.head(found) {
            Some((Con::Tuple, own)) if own.len() == parts.len() => own.to_vec(),
            _ => return false,
        };
        own.into_iter()
            .zip(parts)
            .all(|(own, &part)| self.fits(own, part) || self.injects(own, part))
    }

    /// Unifies, but binds nothing where that would fail.
    pub(super) fn fits(&mut self, found: Ty, expected: Ty) -> bool {
        self.cx.store.compatible(found, expected) && self.cx.store.unify(found, expected)
    }
}
