//! Signatures of the built-ins, read once from the text in [`BUILTINS`].
//!
//! `name(A, B): R` is a function, `T.name(A): R` a method, `name: R` a constant. A single upper-case letter is a type
//! variable; `L` and `M` stand for lattices only. The text is ours, so a malformed one is a bug
//! and asserts.

use std::sync::LazyLock;

use bloom_plan::functions::{BUILTINS, BuiltinId};
use rustc_hash::FxHashMap;

use super::ty::{Con, Store, Ty};
use crate::hir::{Builtin, OPTION};

/// A signature's type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignatureType {
    Variable(char),
    Builtin(Builtin, Vec<SignatureType>),
    Option(Box<SignatureType>),
    Tuple(Vec<SignatureType>),
    Function(Vec<SignatureType>, Box<SignatureType>),
}

#[derive(Clone, Debug)]
pub struct Signature {
    pub id: BuiltinId,
    /// None for a function.
    pub receiver: Option<SignatureType>,
    pub parameters: Vec<SignatureType>,
    pub result: SignatureType,
}

/// The table of built-ins by name. Several entries of one name are overloads: of a method by the
/// receiver's type, of a function by its arguments.
pub struct Signatures {
    all: Vec<Signature>,
    functions: FxHashMap<&'static str, Vec<usize>>,
    methods: FxHashMap<&'static str, Vec<usize>>,
}

pub fn signatures() -> &'static Signatures {
    static TABLE: LazyLock<Signatures> = LazyLock::new(Signatures::read);
    &TABLE
}

impl Signatures {
    pub fn functions(&self, name: &str) -> impl Iterator<Item = &Signature> + use<'_> {
        let places = self.functions.get(name).map_or(&[][..], Vec::as_slice);
        places.iter().map(|&place| &self.all[place])
    }

    pub fn methods(&self, name: &str) -> impl Iterator<Item = &Signature> + use<'_> {
        let places = self.methods.get(name).map_or(&[][..], Vec::as_slice);
        places.iter().map(|&place| &self.all[place])
    }

    /// The names of the methods that a receiver of that type has.
    pub fn methods_of<'a>(
        &'a self,
        ty: Ty,
        store: &'a Store,
    ) -> impl Iterator<Item = &'static str> {
        self.all.iter().filter_map(move |signature| {
            let receiver = signature.receiver.as_ref()?;
            receiver.admits(ty, store).then(|| signature.id.get().name)
        })
    }

    pub fn get(&self, id: BuiltinId) -> &Signature {
        &self.all[usize::from(id.0)]
    }

    fn read() -> Signatures {
        let mut table = Signatures {
            all: Vec::with_capacity(BUILTINS.len()),
            functions: FxHashMap::default(),
            methods: FxHashMap::default(),
        };
        for (place, builtin) in BUILTINS.iter().enumerate() {
            let signature = Signature::parse(BuiltinId(place as u16), builtin.signature);
            let names = match signature.receiver {
                Some(_) => &mut table.methods,
                None => &mut table.functions,
            };
            names.entry(builtin.name).or_default().push(place);
            table.all.push(signature);
        }
        table
    }
}

/// What a signature's variables stand for at one call.
#[derive(Default)]
pub struct Instance {
    variables: FxHashMap<char, Ty>,
}

impl Instance {
    /// What the variables stand for, and whether that must be a lattice; else it must not.
    pub fn variables(&self) -> impl Iterator<Item = (Ty, bool)> + '_ {
        self.variables
            .iter()
            .map(|(&name, &ty)| (ty, is_lattice(name)))
    }
}

impl SignatureType {
    /// The type at this call.
    pub fn instantiate(&self, instance: &mut Instance, store: &mut Store) -> Ty {
        match self {
            SignatureType::Variable(name) => *instance
                .variables
                .entry(*name)
                .or_insert_with(|| store.fresh()),
            SignatureType::Tuple(parts) => {
                let parts: Vec<Ty> = each(parts, instance, store);
                store.tuple(parts)
            }
            SignatureType::Function(parameters, result) => {
                let mut args = each(parameters, instance, store);
                args.push(result.instantiate(instance, store));
                store.app(Con::Function, args)
            }
            SignatureType::Option(inner) => {
                let inner = inner.instantiate(instance, store);
                store.option(inner)
            }
            SignatureType::Builtin(builtin, args) => {
                let args = each(args, instance, store);
                store.builtin(*builtin, args)
            }
        }
    }

    /// Whether the type can be an instance, for what is known of it so far.
    pub fn admits(&self, ty: Ty, store: &Store) -> bool {
        let all = |types: &[SignatureType], tys: &[Ty]| {
            types.len() == tys.len()
                && types
                    .iter()
                    .zip(tys)
                    .all(|(own, &ty)| own.admits(ty, store))
        };
        let Some((con, args)) = store.head(ty) else {
            return true;
        };
        match (self, con) {
            (SignatureType::Variable(name), _) => !is_lattice(*name) || store.is_lattice(ty),
            (SignatureType::Builtin(own, types), Con::Builtin(builtin)) => {
                own == builtin && all(types, args)
            }
            (SignatureType::Option(inner), Con::Def { def: OPTION, .. }) => {
                args.iter().all(|&arg| inner.admits(arg, store))
            }
            (SignatureType::Tuple(types), Con::Tuple) => all(types, args),
            (SignatureType::Function(..), Con::Function) => true,
            (
                SignatureType::Builtin(..)
                | SignatureType::Option(_)
                | SignatureType::Tuple(_)
                | SignatureType::Function(..),
                _,
            ) => false,
        }
    }
}

/// Whether the variable stands for lattices only.
fn is_lattice(variable: char) -> bool {
    matches!(variable, 'L' | 'M')
}

fn each(types: &[SignatureType], instance: &mut Instance, store: &mut Store) -> Vec<Ty> {
    types
        .iter()
        .map(|ty| ty.instantiate(instance, store))
        .collect()
}

impl Signature {
    fn parse(id: BuiltinId, text: &'static str) -> Signature {
        let mut reader = Reader { rest: text };
        let receiver = outer_dot(text).map(|dot| {
            let receiver = Reader { rest: &text[..dot] }.ty();
            reader.rest = &text[dot + 1..];
            receiver
        });
        reader.word();
        let parameters = match reader.eat("(") {
            true => reader.list(")"),
            false => Vec::new(),
        };
        reader.expect(":");
        let result = reader.ty();
        assert!(reader.rest.is_empty(), "signature {text} ends early");
        Signature {
            id,
            receiver,
            parameters,
            result,
        }
    }
}

/// The dot after a receiver: the one that stands in no bracket.
fn outer_dot(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            _ => {}
        }
        (c == '.' && depth == 0).then_some(at)
    })
}

/// Reads a signature from its front.
struct Reader {
    rest: &'static str,
}

impl Reader {
    fn ty(&mut self) -> SignatureType {
        let mut ty = self.plain_type();
        while self.eat("?") {
            ty = SignatureType::Option(Box::new(ty));
        }
        ty
    }

    fn plain_type(&mut self) -> SignatureType {
        if self.eat("(") {
            return SignatureType::Tuple(self.list(")"));
        }
        let name = self.word();
        if name == "fn" {
            self.expect("(");
            let parameters = self.list(")");
            self.expect(":");
            return SignatureType::Function(parameters, Box::new(self.ty()));
        }
        if let [letter] = name.as_bytes() {
            return SignatureType::Variable(char::from(*letter));
        }
        let mut args = match self.eat("<") {
            true => self.list(">"),
            false => Vec::new(),
        };
        if name == "Option" {
            let inner = args.pop().expect("`Option` has an argument");
            return SignatureType::Option(Box::new(inner));
        }
        let builtin = Builtin::find(name).expect("signatures name built-in types only");
        SignatureType::Builtin(builtin, args)
    }

    /// Types parted by commas, up to and with `close`. A parameter may bear a name: `at: Int`.
    fn list(&mut self, close: &str) -> Vec<SignatureType> {
        let mut types = Vec::new();
        while !self.eat(close) {
            self.skip_name();
            types.push(self.ty());
            if !self.eat(",") {
                self.expect(close);
                break;
            }
        }
        types
    }

    fn skip_name(&mut self) {
        let trimmed = self.rest.trim_start();
        let end = trimmed
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(trimmed.len());
        let is_name = trimmed.starts_with(|c: char| c.is_ascii_lowercase());
        if is_name && trimmed[end..].trim_start().starts_with(':') {
            self.rest = &trimmed[end..];
            self.expect(":");
        }
    }

    fn word(&mut self) -> &'static str {
        let trimmed = self.rest.trim_start();
        let end = trimmed
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(trimmed.len());
        assert!(end > 0, "a signature has a name at `{trimmed}`");
        self.rest = &trimmed[end..];
        &trimmed[..end]
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) {
        assert!(
            self.eat(token),
            "a signature has `{token}` at `{}`",
            self.rest
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_has_a_signature_that_reads() {
        assert_eq!(signatures().all.len(), BUILTINS.len());
    }

    #[test]
    fn a_method_has_its_receiver_apart() {
        let signature = Signature::parse(
            BuiltinId(0),
            "Map<K, L>.fold(A, fn(A, (K, L)): A): List<A?>",
        );
        let variable = SignatureType::Variable;
        assert_eq!(
            signature.receiver,
            Some(SignatureType::Builtin(
                Builtin::Map,
                vec![variable('K'), variable('L')]
            ))
        );
        assert_eq!(signature.parameters.len(), 2);
        let option = SignatureType::Option(Box::new(variable('A')));
        assert_eq!(
            signature.result,
            SignatureType::Builtin(Builtin::List, vec![option])
        );
    }

    #[test]
    fn a_function_has_none() {
        let signature = Signature::parse(BuiltinId(0), "min(a: Int, b: Int): Int");
        assert!(signature.receiver.is_none());
        assert_eq!(signature.parameters.len(), 2);
    }
}
