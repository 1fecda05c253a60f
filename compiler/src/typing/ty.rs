//! Types while they are being inferred: interned terms with variables.
//!
//! A [`Ty`] is the number of a term, so equal closed types have equal numbers and copying one is
//! free. Variables are bound in the same store by unification ([`Store::unify`], Robinson 1965, with
//! an occurs check); [`Store::resolve`] follows what they are bound to.
//!
//! Invariant: [`Ty::ERROR`] unifies with everything and binds nothing, so that a mistake that was
//! reported once is not reported again by what depends on it.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::hir::{Builtin, OPTION, TypeDefId};
use bloom_plan::types::TypeId;

/// A type, possibly with variables in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ty(u32);

/// The head of a type; its arguments stand beside it in a [`Term::App`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Con {
    Builtin(Builtin),
    Tuple,
    /// The parameters, then the result.
    Function,
    /// A record, enum or lattice of the program. Of a lattice's definition, `lattice: false` is
    /// the record of plain values that it reveals.
    Def {
        def: TypeDefId,
        lattice: bool,
    },
    /// The type parameter of a generic declaration while that is checked by itself.
    Opaque {
        name: SmolStr,
        lattice: bool,
    },
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Term {
    Error,
    Var(u32),
    App(Con, Box<[Ty]>),
}

impl Ty {
    pub const ERROR: Ty = Ty(0);
    pub const BOOL: Ty = Ty(1);
    pub const INT: Ty = Ty(2);
    pub const FLOAT: Ty = Ty(3);
    pub const STRING: Ty = Ty(4);
    pub const BYTES: Ty = Ty(5);
    pub const ADDR: Ty = Ty(6);
    pub const TIME: Ty = Ty(7);
    pub const DURATION: Ty = Ty(8);
    pub const REQ: Ty = Ty(9);
    pub const OR: Ty = Ty(10);
    pub const AND: Ty = Ty(11);
}

/// The nullary types in the order of the constants of [`Ty`], after [`Ty::ERROR`].
const NULLARY: [Builtin; 11] = [
    Builtin::Bool,
    Builtin::Int,
    Builtin::Float,
    Builtin::String,
    Builtin::Bytes,
    Builtin::Addr,
    Builtin::Time,
    Builtin::Duration,
    Builtin::Req,
    Builtin::Or,
    Builtin::And,
];

impl Con {
    /// Whether values of a type with this head join. A tuple's parts decide for it.
    pub fn is_lattice(&self) -> bool {
        match self {
            Con::Builtin(builtin) => builtin.is_lattice(),
            Con::Def { lattice, .. } | Con::Opaque { lattice, .. } => *lattice,
            Con::Tuple | Con::Function => false,
        }
    }
}

/// What is known of a term for good once it is interned. Types share their parts, so a walk over one
/// may take time exponential in the program; on terms without variables these answer at once.
#[derive(Clone, Copy, Debug, Default)]
struct Traits {
    /// A variable stands in it, bound or not; then the rest is not known.
    open: bool,
    holds_error: bool,
    is_lattice: bool,
}

/// All terms of one inference, and what its variables are bound to.
#[derive(Clone, Debug)]
pub struct Store {
    terms: Vec<Term>,
    traits: Vec<Traits>,
    ids: FxHashMap<Term, Ty>,
    bindings: Vec<Option<Ty>>,
    /// The variables in the order in which they were bound.
    bound: Vec<u32>,
}

/// What there was in a store.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    terms: usize,
    variables: usize,
    bound: usize,
}

impl Default for Store {
    fn default() -> Self {
        let mut store = Store {
            terms: Vec::new(),
            traits: Vec::new(),
            ids: FxHashMap::default(),
            bindings: Vec::new(),
            bound: Vec::new(),
        };
        store.intern(Term::Error);
        for builtin in NULLARY {
            store.intern(Term::App(Con::Builtin(builtin), Box::default()));
        }
        store
    }
}

impl Store {
    /// How many terms there are.
    pub fn count(&self) -> usize {
        self.terms.len()
    }

    /// The terms that there are now, so that later ones can be forgotten.
    pub fn mark(&self) -> Mark {
        Mark {
            terms: self.terms.len(),
            variables: self.bindings.len(),
            bound: self.bound.len(),
        }
    }

    /// Forgets all terms since the mark, which nothing may name any more; unless an earlier variable was bound since, and
    /// perhaps to one of them. Whether it did.
    pub fn forget(&mut self, mark: Mark) -> bool {
        let is_earlier = |&var: &u32| (var as usize) < mark.variables;
        if self.bound[mark.bound..].iter().any(is_earlier) {
            return false;
        }
        for term in self.terms.drain(mark.terms..) {
            if let Term::App(..) = term {
                self.ids.remove(&term);
            }
        }
        self.traits.truncate(mark.terms);
        self.bindings.truncate(mark.variables);
        self.bound.truncate(mark.bound);
        true
    }

    /// Gives back the memory of what was forgotten.
    pub fn shrink(&mut self) {
        self.terms.shrink_to_fit();
        self.traits.shrink_to_fit();
        self.ids.shrink_to_fit();
        self.bindings.shrink_to_fit();
        self.bound.shrink_to_fit();
    }

    /// A variable bound to nothing yet.
    pub fn fresh(&mut self) -> Ty {
        let var = self.bindings.len() as u32;
        self.bindings.push(None);
        // It equals no other term, so nobody looks for it.
        self.push(Term::Var(var))
    }

    pub fn app(&mut self, con: Con, args: impl Into<Box<[Ty]>>) -> Ty {
        let mut args = args.into();
        for arg in &mut args {
            *arg = self.resolve(*arg);
        }
        self.intern(Term::App(con, args))
    }

    pub fn builtin(&mut self, builtin: Builtin, args: impl Into<Box<[Ty]>>) -> Ty {
        self.app(Con::Builtin(builtin), args)
    }

    /// `T?`
    pub fn option(&mut self, inner: Ty) -> Ty {
        let con = Con::Def {
            def: OPTION,
            lattice: false,
        };
        self.app(con, [inner])
    }

    /// The arguments, if the head is that built-in type.
    pub fn args_of(&self, ty: Ty, builtin: Builtin) -> Option<&[Ty]> {
        match self.head(ty) {
            Some((Con::Builtin(own), args)) if *own == builtin => Some(args),
            _ => None,
        }
    }

    pub fn tuple(&mut self, parts: impl Into<Box<[Ty]>>) -> Ty {
        self.app(Con::Tuple, parts)
    }

    /// The type with the variable at its top followed to what it is bound to.
    pub fn resolve(&self, mut ty: Ty) -> Ty {
        while let Term::Var(var) = self.terms[ty.0 as usize] {
            match self.bindings[var as usize] {
                Some(bound) => ty = bound,
                None => break,
            }
        }
        ty
    }

    /// The term of the resolved type.
    pub fn term(&self, ty: Ty) -> &Term {
        &self.terms[self.resolve(ty).0 as usize]
    }

    /// Head and arguments, unless the type is an unbound variable or an error.
    pub fn head(&self, ty: Ty) -> Option<(&Con, &[Ty])> {
        match self.term(ty) {
            Term::App(con, args) => Some((con, args)),
            Term::Error | Term::Var(_) => None,
        }
    }

    pub fn is_var(&self, ty: Ty) -> bool {
        matches!(self.term(ty), Term::Var(_))
    }

    pub fn is_error(&self, ty: Ty) -> bool {
        matches!(self.term(ty), Term::Error)
    }

    /// Whether values of the type join; an unbound variable does not, so far.
    pub fn is_lattice(&self, ty: Ty) -> bool {
        let traits = self.traits_of(ty);
        if !traits.open {
            return traits.is_lattice;
        }
        match self.head(ty) {
            Some((Con::Tuple, parts)) => {
                !parts.is_empty() && parts.iter().all(|&part| self.is_lattice(part))
            }
            Some((con, _)) => con.is_lattice(),
            None => false,
        }
    }

    /// Whether an error stands anywhere in the type.
    pub fn holds_error(&self, ty: Ty) -> bool {
        let traits = self.traits_of(ty);
        match self.head(ty) {
            Some((_, args)) if traits.open => args.iter().any(|&arg| self.holds_error(arg)),
            Some(_) => traits.holds_error,
            None => self.is_error(ty),
        }
    }

    /// Whether an unbound variable stands anywhere in the type.
    pub fn holds_var(&self, ty: Ty) -> bool {
        match self.term(ty) {
            Term::Error => false,
            Term::Var(_) => true,
            Term::App(_, args) => {
                self.traits_of(ty).open && args.iter().any(|&arg| self.holds_var(arg))
            }
        }
    }

    /// Makes both types equal by binding variables; false if they cannot be. What was bound on the
    /// way to a failure stays bound.
    pub fn unify(&mut self, a: Ty, b: Ty) -> bool {
        let (a, b) = (self.resolve(a), self.resolve(b));
        if a == b {
            return true;
        }
        match (self.term(a).clone(), self.term(b).clone()) {
            (Term::Error, _) | (_, Term::Error) => true,
            (Term::Var(var), _) => self.bind(var, a, b),
            (_, Term::Var(var)) => self.bind(var, b, a),
            (Term::App(f, xs), Term::App(g, ys)) => {
                f == g
                    && xs.len() == ys.len()
                    && xs.iter().zip(ys.iter()).all(|(&x, &y)| self.unify(x, y))
            }
        }
    }

    /// Whether the types could be equal, for what is known of them; binds nothing.
    pub fn compatible(&self, a: Ty, b: Ty) -> bool {
        if self.resolve(a) == self.resolve(b) {
            return true;
        }
        match (self.term(a), self.term(b)) {
            (Term::App(f, xs), Term::App(g, ys)) => {
                f == g
                    && xs.len() == ys.len()
                    && xs.iter().zip(ys).all(|(&x, &y)| self.compatible(x, y))
            }
            (Term::Error | Term::Var(_), _) | (_, Term::Error | Term::Var(_)) => true,
        }
    }

    fn bind(&mut self, var: u32, own: Ty, ty: Ty) -> bool {
        if self.occurs(own, ty) {
            return false;
        }
        self.bindings[var as usize] = Some(ty);
        self.bound.push(var);
        true
    }

    fn occurs(&self, var: Ty, ty: Ty) -> bool {
        let ty = self.resolve(ty);
        ty == var
            || self.traits_of(ty).open
                && self
                    .head(ty)
                    .is_some_and(|(_, args)| args.iter().any(|&arg| self.occurs(var, arg)))
    }

    /// The type as the language writes it. `name_of` names definitions; variables are `_`.
    pub fn show(&self, ty: Ty, name_of: &dyn Fn(TypeDefId) -> SmolStr) -> String {
        let list = |args: &[Ty]| {
            let shown: Vec<String> = args.iter().map(|&arg| self.show(arg, name_of)).collect();
            shown.join(", ")
        };
        let (con, args) = match self.term(ty) {
            Term::Error | Term::Var(_) => return "_".to_owned(),
            Term::App(con, args) => (con, args),
        };
        let name = match con {
            Con::Tuple => return format!("({})", list(args)),
            Con::Function => {
                let (&result, params) = args.split_last().expect("a function has a result");
                return format!("fn({}): {}", list(params), self.show(result, name_of));
            }
            Con::Def { def: OPTION, .. } => return format!("{}?", list(args)),
            Con::Def { def, .. } => name_of(*def),
            Con::Builtin(builtin) => SmolStr::new_static(builtin.name()),
            Con::Opaque { name, .. } => name.clone(),
        };
        match args.is_empty() {
            true => name.to_string(),
            false => format!("{name}<{}>", list(args)),
        }
    }

    fn traits_of(&self, ty: Ty) -> Traits {
        self.traits[self.resolve(ty).0 as usize]
    }

    fn traits_of_term(&self, term: &Term) -> Traits {
        let (con, args) = match term {
            Term::App(con, args) => (con, args),
            Term::Error | Term::Var(_) => {
                return Traits {
                    open: matches!(term, Term::Var(_)),
                    holds_error: matches!(term, Term::Error),
                    ..Traits::default()
                };
            }
        };
        let any =
            |holds: fn(&Traits) -> bool| args.iter().any(|arg| holds(&self.traits[arg.0 as usize]));
        let is_lattice = match con {
            Con::Tuple => !args.is_empty() && !any(|part| !part.is_lattice),
            _ => con.is_lattice(),
        };
        Traits {
            open: any(|part| part.open),
            holds_error: any(|part| part.holds_error),
            is_lattice,
        }
    }

    fn intern(&mut self, term: Term) -> Ty {
        if let Some(&ty) = self.ids.get(&term) {
            return ty;
        }
        let ty = self.push(term.clone());
        self.ids.insert(term, ty);
        ty
    }

    fn push(&mut self, term: Term) -> Ty {
        let ty = Ty(self.terms.len() as u32);
        self.traits.push(self.traits_of_term(&term));
        self.terms.push(term);
        ty
    }
}

/// What was found of terms, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Closed(Vec<Option<TypeId>>);

impl Closed {
    pub fn get(&self, ty: Ty) -> Option<TypeId> {
        *self.0.get(ty.0 as usize)?
    }

    pub fn insert(&mut self, ty: Ty, id: TypeId) {
        let at = ty.0 as usize;
        if at >= self.0.len() {
            self.0.resize(at + 1, None);
        }
        self.0[at] = Some(id);
    }

    /// Forgets what was found of terms since the mark.
    pub fn forget(&mut self, mark: Mark) {
        self.0.truncate(mark.terms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(store: &Store, ty: Ty) -> String {
        store.show(ty, &|def| SmolStr::from(def.to_string()))
    }

    #[test]
    fn unification_binds_variables_inside() {
        let mut store = Store::default();
        let var = store.fresh();
        let list_of_var = store.builtin(Builtin::List, [var]);
        let list_of_int = store.builtin(Builtin::List, [Ty::INT]);
        assert!(store.unify(list_of_var, list_of_int));
        assert_eq!(store.resolve(var), Ty::INT);
    }

    #[test]
    fn what_is_forgotten_leaves_the_rest_as_it_was() {
        let mut store = Store::default();
        let early = store.fresh();
        let known = store.builtin(Builtin::List, [Ty::INT]);
        let mark = store.mark();
        let late = store.fresh();
        let list = store.builtin(Builtin::List, [late]);
        assert!(store.unify(list, known));
        let text = store.builtin(Builtin::List, [Ty::STRING]);
        assert!(store.forget(mark));
        assert_eq!(store.builtin(Builtin::List, [Ty::INT]), known);
        // The next term takes the first number that is free again.
        assert_eq!(store.builtin(Builtin::Set, [Ty::INT]), late);
        assert!(store.is_var(early));
        let again = store.builtin(Builtin::List, [Ty::STRING]);
        assert_eq!(shown(&store, again), "List<String>");
        assert_ne!(again, text);
        // What an earlier variable stands for is not forgotten.
        let mark = store.mark();
        let late = store.builtin(Builtin::Set, [Ty::STRING]);
        assert!(store.unify(early, late));
        assert!(!store.forget(mark));
        assert_eq!(store.resolve(early), late);
    }

    #[test]
    fn a_variable_does_not_hold_itself() {
        let mut store = Store::default();
        let var = store.fresh();
        let list = store.builtin(Builtin::List, [var]);
        assert!(!store.unify(var, list));
    }

    #[test]
    fn an_error_unifies_with_everything_and_binds_nothing() {
        let mut store = Store::default();
        let var = store.fresh();
        assert!(store.unify(Ty::ERROR, Ty::INT));
        assert!(store.unify(var, Ty::ERROR));
        assert!(store.is_var(var));
    }

    #[test]
    fn constants_name_the_types_they_say() {
        let store = Store::default();
        assert_eq!(shown(&store, Ty::REQ), "Req");
        assert_eq!(shown(&store, Ty::AND), "And");
    }

    #[test]
    fn a_tuple_of_lattices_is_a_lattice() {
        let mut store = Store::default();
        let max = store.builtin(Builtin::Max, [Ty::INT]);
        let both = store.tuple([max, Ty::OR]);
        let mixed = store.tuple([max, Ty::INT]);
        assert!(store.is_lattice(both));
        assert!(!store.is_lattice(mixed));
        assert_eq!(shown(&store, both), "(Max<Int>, Or)");
    }
}
