//! Definitions that lead back to themselves: which are refused.
//!
//! A record or enum may hold values of its own type, as long as
//!
//! - some of its values end: the least set of types that have a value, by variants and fields, has it;
//! - its instances are finitely many: on the way back a type argument is a parameter as it is, or has
//!   none in it, so that arguments do not grow from level to level.
//!
//! Aliases and lattices that lead back are refused where they are met, in `types`.

use super::Resolver;
use crate::base::codes;
use crate::hir::{Builtin, Field, TypeDefId, TypeDefKind, TypeRef};
use bloom_stdx::arena::Id;
use bloom_stdx::graph::components;
use rustc_hash::FxHashMap;

impl Resolver<'_> {
    /// Reports definitions that nothing can be a value of, and those that grow without end. To be
    /// called when all definitions are there.
    pub fn check_recursion(&mut self) {
        let successors = self.program.type_mentions();
        let mut inhabited = Inhabited::default();
        let has_value = inhabited.solve(self);
        let is_cyclic = |component: &[usize]| {
            component.len() > 1 || successors[component[0]].contains(&component[0])
        };
        for component in components(&successors).iter().filter(|own| is_cyclic(own)) {
            if self.grows(component) {
                continue;
            }
            let outside = |&def: &usize| !component.contains(&def);
            let is_empty = |&def: &usize| !has_value[def];
            // What cannot be for want of something else was reported there.
            let blamed = component
                .iter()
                .any(|&def| successors[def].iter().any(|to| outside(to) && is_empty(to)));
            if let Some(&def) = component.iter().find(|def| is_empty(def))
                && !blamed
            {
                self.report_endless(TypeDefId::from_index(def), component.len() > 1);
            }
        }
    }

    fn report_endless(&mut self, def: TypeDefId, through_others: bool) {
        let def = &self.program.types[def];
        let (name, loc) = (def.name.clone(), def.loc);
        let message = format!("recursive type `{name}`: it contains itself without end");
        let label = match through_others {
            true => "every value of it holds others of its kind, through other types",
            false => "every value of it holds another one",
        };
        let diagnostic = self
            .diagnostic(codes::E0313, loc, message, label)
            .with_help(format!("let values end: by a variant without `{name}`, or by `{name}?` or `List<{name}>` where it holds itself"));
        self.report(diagnostic);
    }

    /// Whether some definition of a cycle leads back to it at greater arguments. Such references are
    /// errors from then on.
    fn grows(&mut self, component: &[usize]) -> bool {
        let mut grows = false;
        for &def in component {
            let def = TypeDefId::from_index(def);
            let mut found = None;
            let mut kind = self.program.types[def].kind.clone();
            for field in fields_mut(&mut kind) {
                if leads_back_grown(&field.ty, component) {
                    field.ty = TypeRef::Error;
                    found = found.or(Some(field.loc));
                }
            }
            let Some(loc) = found else { continue };
            grows = true;
            self.program.types[def].kind = kind;
            let name = &self.program.types[def].name;
            let message = format!("recursive type `{name}`: its type arguments grow without end");
            let diagnostic = self
                .diagnostic(codes::E0313, loc, message, "leads back to it with a greater argument")
                .with_help("where a type leads back to itself, its arguments are its parameters as they are");
            self.report(diagnostic);
        }
        grows
    }
}

fn leads_back_grown(ty: &TypeRef, component: &[usize]) -> bool {
    let mut grown = false;
    ty.walk(&mut |ty| {
        if let TypeRef::Def(def, args) = ty
            && component.contains(&def.index())
        {
            grown |= args.iter().any(|arg| {
                let mut has_parameter = false;
                arg.walk(&mut |ty| has_parameter |= matches!(ty, TypeRef::Param(_)));
                has_parameter && !matches!(arg, TypeRef::Param(_))
            });
        }
    });
    grown
}

fn fields_mut(kind: &mut TypeDefKind) -> impl Iterator<Item = &mut Field> {
    let (own, variants): (&mut [Field], &mut [_]) = match kind {
        TypeDefKind::Record { fields } | TypeDefKind::Lattice { fields, .. } => (fields, &mut []),
        TypeDefKind::Enum { variants } => (&mut [], variants),
    };
    own.iter_mut()
        .chain(variants.iter_mut().flat_map(|variant| &mut variant.fields))
}

/// Which definitions have a value, for each choice of which of their arguments have one: the least
/// fixpoint, from none.
#[derive(Default)]
struct Inhabited {
    known: FxHashMap<(TypeDefId, Vec<bool>), bool>,
    /// Definitions at arguments that were asked for, in order.
    asked: Vec<(TypeDefId, Vec<bool>)>,
}

impl Inhabited {
    /// One answer a definition, where all its arguments have values.
    fn solve(&mut self, resolver: &Resolver<'_>) -> Vec<bool> {
        let types = &resolver.program.types;
        let whole = |def: TypeDefId| (def, vec![true; types[def].params.len()]);
        for def in types.ids() {
            self.ask(whole(def));
        }
        loop {
            let mut changed = false;
            let mut place = 0;
            while let Some((def, args)) = self.asked.get(place).cloned() {
                place += 1;
                if !self.known[&(def, args.clone())] && self.has_value(&types[def].kind, &args) {
                    self.known.insert((def, args), true);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        types.ids().map(|def| self.known[&whole(def)]).collect()
    }

    fn ask(&mut self, what: (TypeDefId, Vec<bool>)) -> bool {
        if let Some(&known) = self.known.get(&what) {
            return known;
        }
        self.asked.push(what.clone());
        self.known.insert(what, false);
        false
    }

    fn has_value(&mut self, kind: &TypeDefKind, args: &[bool]) -> bool {
        match kind {
            TypeDefKind::Record { fields } => self.all(fields, args),
            // One without variants is for what never is, and no recursion.
            TypeDefKind::Enum { variants } => {
                variants.is_empty()
                    || variants
                        .iter()
                        .any(|variant| self.all(&variant.fields, args))
            }
            // Each has its bottom.
            TypeDefKind::Lattice { .. } => true,
        }
    }

    fn all(&mut self, fields: &[Field], args: &[bool]) -> bool {
        // Every field is looked at, so that what is asked for does not depend on what is known.
        fields
            .iter()
            .fold(true, |all, field| self.of(&field.ty, args) & all)
    }

    fn of(&mut self, ty: &TypeRef, args: &[bool]) -> bool {
        match ty {
            TypeRef::Error | TypeRef::Opaque { .. } | TypeRef::Function { .. } => true,
            TypeRef::Param(place) => args.get(*place as usize).copied().unwrap_or(true),
            TypeRef::Tuple(parts) => parts
                .iter()
                .fold(true, |all, part| self.of(part, args) & all),
            // Collections may be empty, and lattices have a bottom.
            TypeRef::Builtin(Builtin::Max | Builtin::Min, of) => {
                of.iter().fold(true, |all, part| self.of(part, args) & all)
            }
            TypeRef::Builtin(..) => true,
            TypeRef::Def(def, of) => {
                let of = of.iter().map(|ty| self.of(ty, args)).collect();
                self.ask((*def, of))
            }
        }
    }
}
