//! Instances of generic declarations that stand for all others, so that what they promise is looked
//! at whether or not something instantiates them: the laws of a lattice with its own merge, and the
//! kind of a `monotone` or `morphism` function.
//!
//! They come before all instances that rules ask for, so that what is found does not depend on these.

use super::finish::Finish;
use super::ty::Ty;
use crate::hir::{Builtin, FunctionKind, LatticeForm, TypeDefKind, TypeParam};

/// Plain types that stand for a parameter: many values, values without arithmetic, few values.
const PLAIN: [Ty; 3] = [Ty::INT, Ty::STRING, Ty::BOOL];

impl Finish<'_, '_> {
    pub(super) fn samples(&mut self) {
        let program = self.cx.program;
        for (def, declared) in program.types.iter() {
            let is_own = matches!(
                declared.kind,
                TypeDefKind::Lattice {
                    form: LatticeForm::Own { .. },
                    ..
                }
            );
            if !is_own {
                continue;
            }
            for plain in PLAIN {
                let args = self.arguments(&declared.params, plain);
                let ty = self.cx.def(def, args);
                self.close(ty);
            }
        }
        for (id, function) in program.functions.iter() {
            let promises = match function.kind {
                FunctionKind::Inferred => false,
                FunctionKind::Monotone | FunctionKind::Morphism => true,
            };
            if promises {
                let args = self.arguments(&function.type_params, Ty::INT);
                self.instance((id, args));
            }
        }
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
