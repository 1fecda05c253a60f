//! Instances of generic declarations that nothing instantiates, so that what they promise is looked
//! at: the laws of a lattice with its own merge, and the kind of a `monotone` or `morphism` function.
//!
//! Only declarations of the root file are, since others are when they are checked as a root.

use super::finish::Finish;
use super::ty::Ty;
use crate::hir::{Builtin, FunctionKind, Loc, TypeDefId, TypeDefKind, TypeParam};

/// Plain types that stand for a parameter: many values, values without arithmetic, few values.
const PLAIN: [Ty; 3] = [Ty::INT, Ty::STRING, Ty::BOOL];

impl Finish<'_, '_> {
    /// To be called when all uses have been met.
    pub(super) fn samples(&mut self) {
        self.instances();
        let program = self.cx.program;
        let lattices = program.types.iter().filter(|(id, def)| {
            let is_own = matches!(
                def.kind,
                TypeDefKind::Lattice {
                    form: crate::hir::LatticeForm::Own { .. },
                    ..
                }
            );
            let own = &self.state.typed.own_lattices;
            is_own && self.is_of_root(def.loc) && own.iter().all(|own| own.def != *id)
        });
        let lattices: Vec<TypeDefId> = lattices.map(|(id, _)| id).collect();
        for def in lattices {
            for plain in PLAIN {
                let args = self.arguments(&program.types[def].params, plain);
                let ty = self.cx.def(def, args);
                self.close(ty);
            }
        }
        let functions = program.functions.iter().filter(|(id, function)| {
            let promises = match function.kind {
                FunctionKind::Inferred => false,
                FunctionKind::Monotone | FunctionKind::Morphism => true,
            };
            let mut instances = self.state.typed.instances.values();
            promises
                && self.is_of_root(function.loc)
                && instances.all(|instance| instance.function != *id)
        });
        let functions: Vec<_> = functions.map(|(id, _)| id).collect();
        for id in functions {
            let args = self.arguments(&program.functions[id].type_params, Ty::INT);
            self.instance((id, args));
        }
    }

    fn is_of_root(&self, loc: Loc) -> bool {
        let places = &self.cx.program.places;
        let root = places.values().next().map(|place| place.file);
        root == Some(places[loc.item].file)
    }

    /// A type for each parameter; a set for lattices, which nothing but joining is simpler than.
    fn arguments(&mut self, params: &[TypeParam], plain: Ty) -> Vec<Ty> {
        let of = |param: &TypeParam| match param.lattice {
            true => self.cx.store.builtin(Builtin::Set, [plain]),
            false => plain,
        };
        params.iter().map(of).collect()
    }
}
