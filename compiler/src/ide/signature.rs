//! What the call or row around a cursor takes, and at which part of it the cursor is.

use super::complete::Scene;
use super::cursor::Cursor;
use super::language;
use crate::base::Span;
use crate::database::{Db, Package};
use crate::hir::{AggregateFunction, Builtin, Field, Function, TypeDef};
use crate::syntax::{Token, TokenKind as T, lex};
use bloom_plan::functions;

/// What a function or collection takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `fn more(n: Int): Int`
    pub label: String,
    /// Each part of the label that is a parameter.
    pub parameters: Vec<String>,
    pub doc: String,
}

/// The signatures that fit, and which parameter is being written.
pub fn signatures(db: &dyn Db, package: Package, offset: u32) -> Option<(Vec<Signature>, usize)> {
    let root = *package.files(db).first()?;
    let scene = Scene::new(db, package, offset)?;
    let cursor = Cursor::new(root.text(db), scene.stretch(), offset)?;
    let mut brackets = cursor.brackets.iter().rev();
    brackets.find_map(|bracket| {
        let path = cursor.path_before(bracket.open);
        let name = *path.last()?;
        let is_row = cursor.kind(bracket.open) == Some(T::OpenBrace);
        if name.starts_with(|first: char| first.is_ascii_uppercase()) {
            let made = constructor(&scene, name)?;
            let named = cursor.word_at(bracket.argument);
            let mut fields = made.parameters.iter();
            let active = fields.position(|field| field.split(':').next() == Some(named));
            return Some((vec![made], active.unwrap_or(bracket.commas)));
        }
        if is_row || scene.find(&path).is_some() {
            let row = scene.row_signature(&path)?;
            let active = match is_row {
                true => {
                    let named = cursor.word_at(bracket.argument);
                    let mut columns = row.parameters.iter();
                    columns.position(|column| column.split(':').next() == Some(named))
                }
                false => Some(bracket.commas),
            };
            return Some((vec![row], active.unwrap_or(bracket.commas)));
        }
        let functions = scene.program.functions.values();
        let own = functions.filter(|function| function.name.rsplit('.').next() == Some(name));
        let mut found: Vec<Signature> = own.map(|function| of_function(&scene, function)).collect();
        found.dedup();
        if found.is_empty() {
            let is_column = cursor
                .brackets
                .get(1)
                .is_some_and(|one| one.open == bracket.open);
            let aggregates = if is_column {
                aggregate(name)
            } else {
                Vec::new()
            };
            let built_in = functions::BUILTINS.iter().filter(|one| one.name == name);
            found.extend(aggregates.into_iter().chain(built_in.map(of_builtin)));
        }
        (!found.is_empty()).then_some((found, bracket.commas))
    })
}

/// The types, functions, methods or aggregates of the language that the word at a byte may be, and where it is; the
/// program has no name there.
pub fn built_ins(db: &dyn Db, package: Package, offset: u32) -> Option<(Span, Vec<Signature>)> {
    let text = package.files(db).first()?.text(db);
    let scene = Scene::new(db, package, offset)?;
    let stretch = scene.stretch();
    let tokens = lex(&text[stretch.range()]).tokens;
    let place = |token: &Token| token.span.shifted(stretch.start);
    let at = tokens.partition_point(|token| place(token).end <= offset);
    let word = place(tokens.get(at)?);
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let is_member = at.checked_sub(1).and_then(kind) == Some(T::Dot);
    if !word.contains(offset) {
        return None;
    }
    let own = &text[word.range()];
    if kind(at) == Some(T::Upper) && !is_member {
        let mut types = Builtin::ALL.iter().filter(|ty| ty.name() == own);
        return types.next().map(|&ty| (word, vec![language::ty(ty)]));
    }
    let is_called = kind(at + 1) == Some(T::OpenParen);
    let named = functions::BUILTINS.iter().filter(|one| one.name == own);
    let meant = named.filter(|one| {
        let is_method = one.receiver().is_some();
        is_method == is_member && (is_member || is_called || one.is_constant())
    });
    let mut found: Vec<Signature> = meant.map(of_builtin).collect();
    if is_member && own == "reveal" {
        found.push(language::reveal());
    }
    if found.is_empty() && !is_member {
        found.extend(scene.everywhere(own));
    }
    if is_called && !is_member {
        found.extend(aggregate(own));
    }
    (!found.is_empty()).then_some((word, found))
}

/// What a value of a record, lattice or variant of this name is made of.
fn constructor(scene: &Scene<'_>, name: &str) -> Option<Signature> {
    let fields = |fields: &[Field]| -> Vec<String> {
        let shown =
            |field: &Field| format!("{}: {}", field.name, scene.program.show_type(&field.ty));
        fields.iter().map(shown).collect()
    };
    let own = |def: &TypeDef| def.name.rsplit('.').next() == Some(name);
    let types = || scene.program.types.values();
    if let Some(def) = types().find(|def| own(def) && def.variants().is_empty()) {
        let parameters = fields(def.fields());
        let (open, close) = match def.is_lattice() {
            true => ("(", ")"),
            false => (" { ", " }"),
        };
        return Some(Signature {
            label: format!("{name}{open}{}{close}", parameters.join(", ")),
            parameters,
            doc: def.doc.to_string(),
        });
    }
    let mut variants = types().flat_map(TypeDef::variants);
    if let Some(variant) = variants.find(|variant| variant.name == name) {
        let parameters = fields(&variant.fields);
        return Some(Signature {
            label: format!("{name}({})", parameters.join(", ")),
            parameters,
            doc: variant.doc.to_string(),
        });
    }
    let mut built_in = Builtin::ALL.iter().filter(|ty| ty.name() == name);
    built_in.next().map(|&ty| language::ty(ty))
}

fn aggregate(name: &str) -> Vec<Signature> {
    AggregateFunction::find(name).map_or_else(Vec::new, language::aggregate)
}

fn of_function(scene: &Scene<'_>, function: &Function) -> Signature {
    let named = function.param_names.iter().zip(&function.params);
    let parameters: Vec<String> = named
        .map(|(name, ty)| format!("{name}: {}", scene.program.show_type(ty)))
        .collect();
    let result = scene.program.show_type(&function.result);
    Signature {
        label: format!("fn {}({}): {result}", function.name, parameters.join(", ")),
        parameters,
        doc: function.doc.to_string(),
    }
}

fn of_builtin(builtin: &functions::Builtin) -> Signature {
    let receiver = builtin.receiver().map_or(0, |receiver| receiver.len() + 1);
    let rest = &builtin.signature[receiver + builtin.name.len()..];
    Signature {
        label: builtin.signature.to_owned(),
        parameters: parts(rest),
        doc: builtin.doc.to_owned(),
    }
}

/// The types between the first parenthesis and its partner, at its own commas.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '(' | '<' => depth += 1,
            ')' | '>' => depth -= 1,
            _ => {}
        }
        match (depth, c) {
            (0, _) => break,
            (1, ',') => parts.push(String::new()),
            (1, '(') if parts.len() == 1 && parts[0].is_empty() => {}
            _ => parts.last_mut().expect("there is one").push(c),
        }
    }
    let parts = parts.iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}
