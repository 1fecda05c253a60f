//! Another name for what is under the cursor, everywhere.
//!
//! A renaming is tried before it is offered: the renamed program must have as many mistakes as before, and its
//! names must mean what they meant, one to one. So nothing is captured, hidden or torn apart, whatever the
//! reason would have been.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::names::{AllNames, Mention, Names, Source, Target, fields_of, names_of};
use crate::base::{Diagnostic, Edit, FileId, FileSpan};
use crate::database::{self, Db, Language, Package};
use crate::hir;
use crate::syntax::{self, ast};
use crate::typing;

/// Why something is not renamed, for the person who asked.
pub type Refusal = String;

/// The word that would be renamed. `is_editable` says which files an editor can change.
pub fn renamable(
    names: AllNames<'_>,
    (file, offset): (FileId, u32),
    is_editable: &dyn Fn(FileId) -> bool,
) -> Result<Mention, Refusal> {
    let found = names.at(file, offset);
    let mention = found.ok_or("there is no name here that could be renamed")?;
    if let Target::File(_) = mention.target {
        return Err("this module is a file: rename the file".to_owned());
    }
    if names.declarations(mention.target).is_empty() {
        return Err("this is not declared in the program".to_owned());
    }
    let mut places = names.of(mention.target).map(|mention| mention.place.file);
    match places.all(is_editable) {
        true => Ok(mention),
        false => Err("this is declared or used in a file that cannot be edited".to_owned()),
    }
}

/// The edits that rename what is at a byte of a file, by file and place.
pub fn rename(
    db: &dyn Db,
    package: Package,
    at: (FileId, u32),
    new_name: &str,
    is_editable: &dyn Fn(FileId) -> bool,
) -> Result<Vec<Edit>, Refusal> {
    let names = super::all_names(db, package);
    let mention = renamable(names, at, is_editable)?;
    let files = package.files(db);
    let text = |file: FileId| files[file.0 as usize].text(db);
    let old_name = &text(mention.place.file)[mention.place.span.range()];
    is_name(new_name, old_name)?;
    let edits = edits(names, mention.target, old_name, new_name);
    if files
        .iter()
        .any(|file| file.language(db) == Language::Dedalus)
    {
        return Err("names of Dedalus programs are not renamed".to_owned());
    }
    let mut texts: Vec<String> = files.iter().map(|file| file.text(db).to_string()).collect();
    // From the last on, so that places before stay what they are.
    for edit in edits.iter().rev() {
        texts[edit.file.0 as usize].replace_range(edit.span.range(), &edit.new_text);
    }
    let named: Vec<&str> = files.iter().map(|file| file.name(db).as_str()).collect();
    let is_field = matches!(mention.target, Target::Field(_));
    let renamed = look_again(&named, &texts, is_field);
    let mut before = database::parse_and_resolution_errors(db, package);
    let mut was: Vec<&Names> = vec![names_of(db, package)];
    if is_field {
        before += errors(&database::typed(db, package).diagnostics);
        was.push(fields_of(db, package));
    }
    if renamed.errors > before {
        return Err(format!(
            "the program would have a mistake more if this were called `{new_name}`"
        ));
    }
    match means_the_same(&was, &renamed.names) {
        true => Ok(edits),
        false => Err(format!("something else is called `{new_name}` already")),
    }
}

/// Where a column is named by the variable that it binds, or the other way round, both are written.
fn edits(names: AllNames<'_>, target: Target, old_name: &str, new_name: &str) -> Vec<Edit> {
    let edit = |mention: Mention| {
        let FileSpan { file, span } = mention.place;
        let others = names.all_at(file, span.start).into_iter();
        let mut others = others.filter(|other| other.place == mention.place);
        let is_part = |target: Target| matches!(target, Target::Column(_) | Target::Field(_));
        let is_column = is_part(target);
        let is_other = |other: Mention| is_part(other.target) != is_column;
        let new_text = match (others.any(is_other), is_column) {
            (true, true) => format!("{new_name}: {old_name}"),
            (true, false) => format!("{old_name}: {new_name}"),
            (false, _) => new_name.to_owned(),
        };
        Edit {
            file,
            span,
            new_text,
        }
    };
    let mut edits: Vec<Edit> = names.of(target).map(edit).collect();
    edits.sort_unstable_by_key(|edit| (edit.file, edit.span));
    edits.dedup();
    edits
}

/// Whether a word can take the place of another: a name of the same case.
fn is_name(new_name: &str, old_name: &str) -> Result<(), Refusal> {
    let is_upper = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase());
    let is_word = new_name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_');
    let starts_well = new_name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !is_word || !starts_well || new_name == "_" {
        return Err(format!("`{new_name}` is not a name"));
    }
    if syntax::is_reserved(new_name) {
        return Err(format!("`{new_name}` is a reserved word"));
    }
    match (is_upper(old_name), is_upper(new_name)) {
        (true, false) => Err("this name begins with an upper-case letter".to_owned()),
        (false, true) => Err("this name begins with a lower-case letter".to_owned()),
        _ => Ok(()),
    }
}

/// A program with another name in it.
struct Renamed {
    names: Vec<Names>,
    errors: usize,
}

/// The names of changed texts, and how many errors there are up to their resolution; with fields behind dots, up to
/// their types.
fn look_again(named: &[&str], texts: &[String], with_fields: bool) -> Renamed {
    let parsed: Vec<syntax::Parse> = texts.iter().map(|text| syntax::parse(text)).collect();
    let modules: Vec<Arc<ast::Module>> = parsed
        .iter()
        .map(|parse| Arc::clone(&parse.module))
        .collect();
    let sources: Vec<hir::Source<'_>> = (0..)
        .zip(named.iter().zip(&modules))
        .map(|(number, (name, module))| hir::Source {
            name,
            file: FileId(number),
            module,
        })
        .collect();
    let resolved = hir::resolve(&sources);
    let syntax = parsed.iter().flat_map(|parse| &parse.diagnostics);
    let mut errors = self::errors(syntax.chain(&resolved.diagnostics));
    let sources: Vec<Source<'_>> = named
        .iter()
        .zip(texts.iter().zip(&modules))
        .map(|(name, (text, module))| Source { name, text, module })
        .collect();
    let program = &resolved.program;
    let mut names = vec![Names::new(program, &program.places, &sources)];
    if with_fields {
        let typed = typing::infer(program);
        errors += self::errors(&typed.diagnostics);
        names.push(Names::fields(program, &program.places, &typed));
    }
    Renamed { names, errors }
}

fn errors<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> usize {
    let all = diagnostics.into_iter();
    all.filter(|diagnostic| diagnostic.is_error()).count()
}

/// Whether two programs have the same names up to what they are called, in the same order.
fn means_the_same(old: &[&Names], new: &[Names]) -> bool {
    let counts = old.iter().map(|names| names.count());
    if !counts.eq(new.iter().map(Names::count)) {
        return false;
    }
    let mut forth: FxHashMap<Target, Target> = FxHashMap::default();
    let mut back: FxHashMap<Target, Target> = FxHashMap::default();
    let old = old.iter().flat_map(|names| names.all());
    let new = new.iter().flat_map(Names::all);
    old.zip(new).all(|(old, new)| {
        let same = old.role == new.role && old.place.file == new.place.file;
        same && *forth.entry(old.target).or_insert(new.target) == new.target
            && *back.entry(new.target).or_insert(old.target) == old.target
    })
}
