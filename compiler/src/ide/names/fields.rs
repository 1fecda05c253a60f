//! Fields behind a dot: the type of what stands before it tells which is meant.
//!
//! A function that nothing calls is typed for no arguments; in its body a field is meant that is the only one of its
//! name.

use bloom_plan::types::{Type, TypeTable};
use rustc_hash::FxHashMap;

use super::{Known, Mention, Role, Target};
use crate::base::FileSpan;
use crate::hir::{Body, Expr, ExprId, Field, Place, TypeDef};
use crate::typing::{BodyTypes, Typed, Use};

/// Adds them, each with its item.
pub(super) fn names(known: Known<'_>, typed: &Typed, found: &mut Vec<(Place, Mention)>) {
    let program = known.program;
    let mut alone: FxHashMap<&str, Option<FileSpan>> = FxHashMap::default();
    for field in program.types.values().flat_map(TypeDef::fields) {
        let place = known.place(field.loc);
        let known = alone.entry(&field.name).or_insert(Some(place));
        *known = known.filter(|&known| known == place);
    }
    if alone.is_empty() {
        return;
    }
    let types = program.types.values();
    let mut walk = Walk {
        known,
        types: &typed.types,
        defs: types.map(|def| (def.name.as_str(), def)).collect(),
        alone,
        found,
    };
    for (kind, types) in typed.kinds(program) {
        let Some(types) = types else { continue };
        for (id, rule) in kind.rules.iter() {
            let own = types.rules.get(id);
            walk.body(&rule.body, own.map(|own| &**own));
        }
        for (id, collection) in kind.collections.iter() {
            let own = types.collections.get(id).into_iter().flatten();
            for (column, own) in collection.columns.iter().zip(own) {
                if let (Some(body), Some(own)) = (&column.default, &own.default) {
                    walk.body(body, Some(own));
                }
            }
        }
    }
    for (id, constant) in program.constants.iter() {
        let own = typed.constants.get(id).and_then(|own| own.init.as_ref());
        constant.init.iter().for_each(|body| walk.body(body, own));
    }
    for (id, function) in program.functions.iter() {
        let all = typed.instances.values();
        let mut own = all.filter(|instance| instance.function == id).peekable();
        if own.peek().is_none() {
            walk.body(&function.body, None);
        }
        own.for_each(|instance| walk.body(&function.body, Some(&instance.body)));
    }
    let fault_tests = program.fault_tests.iter().map(|fault| &fault.test);
    let tests = program.tests.iter().zip(&typed.tests);
    for (test, own) in tests.chain(fault_tests.zip(&typed.fault_tests)) {
        walk.body(&test.body, Some(own));
    }
    for (spec, own) in program.specs.iter().zip(&typed.specs) {
        for (rule, own) in spec.rules.iter().zip(&own.rules) {
            walk.body(&rule.body, Some(own));
        }
    }
}

struct Walk<'p, 'm> {
    known: Known<'p>,
    types: &'p TypeTable,
    /// By name.
    defs: FxHashMap<&'p str, &'p TypeDef>,
    /// The fields whose names no other has.
    alone: FxHashMap<&'p str, Option<FileSpan>>,
    found: &'m mut Vec<(Place, Mention)>,
}

impl Walk<'_, '_> {
    fn body(&mut self, body: &Body, types: Option<&BodyTypes>) {
        for (id, node) in body.exprs.iter() {
            let Expr::Field { member, .. } = &node.expr else {
                continue;
            };
            let field = match types {
                Some(types) => self
                    .by_type(types, id)
                    .map(|field| self.known.place(field.loc)),
                None => self.alone.get(member.name.as_str()).copied().flatten(),
            };
            if let Some(declared) = field {
                let mention = Mention {
                    place: self.known.place(body.loc.at(member.span)),
                    target: Target::Field(declared),
                    role: Role::Reads,
                };
                self.found.push((self.known.places[body.loc.item], mention));
            }
        }
    }

    fn by_type(&self, types: &BodyTypes, expr: ExprId) -> Option<&Field> {
        let Use::Field { receiver, field } = types.uses.get(&expr)? else {
            return None;
        };
        let ty = self.types.get(*types.exprs.get(*receiver)?);
        let (Type::Record { name, .. } | Type::Lattice { name, .. }) = ty else {
            return None;
        };
        // At type arguments, these stand behind the name.
        let plain = name.match_indices('<').map(|(at, _)| &name[..at]);
        let mut names = std::iter::once(name.as_str()).chain(plain);
        let def = names.find_map(|name| self.defs.get(name))?;
        def.fields().get(*field as usize)
    }
}
