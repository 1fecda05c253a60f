//! Rows: which collection a path names, and which column each argument is for.

use super::bodies::{BodyCx, Mode};
use super::scope::{ScopeId, Value};
use super::{Resolver, wording};
use crate::base::codes;
use crate::hir::{AtomArg, CollectionId, CollectionKind, Loc, Pat, PatId};
use crate::syntax::ast;
use smol_str::SmolStr;

/// A collection, and whether the path to it leads into an import.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub id: CollectionId,
    pub imported: bool,
}

impl<'a> Resolver<'a> {
    /// Whether the path can only mean a collection, rather than a function.
    pub fn names_collection(&mut self, scope: ScopeId, path: &ast::Path) -> bool {
        let names = &path.segments;
        match names.as_slice() {
            [name] => match self.value(scope, name.as_str()) {
                Some(value) => matches!(value, Value::Collection(_)),
                None => super::collection::is_built_in(name.as_str()),
            },
            [first, second] if first.as_str() == "sys" && self.value(scope, "sys").is_none() => {
                super::collection::is_built_in(&format!("sys.{second}"))
            }
            [first, .., last] => match self.value(scope, first.as_str()) {
                Some(Value::Collection(_)) => last.as_str() == "sealed",
                Some(Value::Instance(_)) => {
                    let inside = self.instance(scope, &names[..names.len() - 1]);
                    match inside {
                        Some(inside) => matches!(
                            self.scopes[inside].values.get(&last.text),
                            Some((Value::Collection(_), _))
                        ),
                        // `wire.click.sealed`
                        None => last.as_str() == "sealed",
                    }
                }
                Some(Value::Function(_) | Value::Constant(_) | Value::Error) | None => false,
            },
            [] => false,
        }
    }

    /// The collection that a path names, or a report.
    pub fn find_collection(&mut self, scope: ScopeId, path: &ast::Path, loc: Loc) -> Option<Found> {
        let (last, before) = path.segments.split_last()?;
        let Some(first) = before.first() else {
            return self.find_by_name(scope, last, loc);
        };
        match self.value(scope, first.as_str()) {
            None if first.as_str() == "sys" => {
                let built_in = self.built_in(&path.to_string());
                if built_in.is_none() {
                    self.report_undeclared_collection(scope, &path.to_string(), loc);
                }
                return built_in.map(|id| Found {
                    id,
                    imported: false,
                });
            }
            Some(Value::Error) => return None,
            Some(_) | None => {}
        }
        if last.as_str() == "sealed" {
            let of = ast::Path {
                segments: before.to_vec(),
            };
            if self.names_collection(scope, &of) {
                let found = self.find_collection(scope, &of, loc)?;
                let id = self.sealed_of(found.id, loc)?;
                return Some(Found {
                    id,
                    imported: found.imported,
                });
            }
        }
        let Some(instance) = self.instance(scope, before) else {
            self.report_undeclared_collection(scope, &path.to_string(), loc);
            return None;
        };
        match self.scopes[instance].values.get(&last.text).copied() {
            Some((Value::Collection(id), declared)) => {
                self.check_visible(id, path, loc, declared);
                Some(Found { id, imported: true })
            }
            Some((Value::Error, _)) => None,
            Some(_) | None => {
                let names: Vec<SmolStr> = self.scopes[instance]
                    .values
                    .iter()
                    .filter(|(_, (value, _))| matches!(value, Value::Collection(_)))
                    .map(|(name, _)| name.clone())
                    .collect();
                let message = format!("undeclared collection {path}");
                let names = names.iter().map(SmolStr::as_str);
                let at = loc.at(last.span);
                self.report_unknown(
                    codes::E0201,
                    at,
                    last.as_str(),
                    names,
                    message,
                    "not declared in the import",
                );
                None
            }
        }
    }

    fn find_by_name(&mut self, scope: ScopeId, name: &ast::Name, loc: Loc) -> Option<Found> {
        match self.value(scope, name.as_str()) {
            Some(Value::Collection(id)) => Some(Found {
                id,
                imported: self.kind.foreign.contains(&id),
            }),
            Some(Value::Error) => None,
            Some(Value::Function(_) | Value::Constant(_) | Value::Instance(_)) => {
                let message = format!("undeclared collection {name}: `{name}` is something else");
                self.error(codes::E0201, loc, message, "not a collection");
                None
            }
            None => {
                let built_in = self.built_in(name.as_str());
                if built_in.is_none() {
                    self.report_undeclared_collection(scope, name.as_str(), loc);
                }
                built_in.map(|id| Found {
                    id,
                    imported: false,
                })
            }
        }
    }

    /// From outside only inputs, outputs and views of an import are seen.
    fn check_visible(&mut self, id: CollectionId, path: &ast::Path, loc: Loc, declared: Loc) {
        let kind = self.kind.node.collections[id].kind;
        let visible = matches!(
            kind,
            CollectionKind::Input | CollectionKind::Output | CollectionKind::View
        );
        if !visible {
            let place = self.program.file_span(declared);
            let diagnostic = self
                .diagnostic(
                    codes::E0603,
                    loc,
                    format!("private collection {path} of an import"),
                    "not visible: only `input`, `output` and `view` are seen from outside",
                )
                .with_label(place, format!("a {}", kind.word()));
            self.report(diagnostic);
        }
    }
}

impl BodyCx<'_, '_> {
    /// The arguments of a row of `id`, by column.
    pub fn atom_args(&mut self, id: CollectionId, atom: &ast::Atom) -> Vec<AtomArg> {
        let collection = &self.r.kind.node.collections[id];
        let name = collection.name.clone();
        let columns: Vec<SmolStr> = collection.columns.iter().map(|c| c.name.clone()).collect();
        self.row_args(&name, &columns, atom)
    }

    /// The arguments of a row with the given columns; those that are free are left out.
    pub fn row_args(&mut self, name: &str, columns: &[SmolStr], atom: &ast::Atom) -> Vec<AtomArg> {
        let mut args: Vec<AtomArg> = Vec::new();
        match &atom.args {
            ast::AtomArgs::Positional(patterns) => {
                if patterns.len() != columns.len() {
                    self.report_arity(name, columns.len(), patterns.len(), atom.span);
                }
                for (column, pattern) in patterns.iter().enumerate() {
                    let pat = self.pattern(pattern);
                    if patterns.len() == columns.len() {
                        args.push(AtomArg {
                            column: column as u32,
                            pat,
                        });
                    } else {
                        self.excuse(pat);
                    }
                }
            }
            ast::AtomArgs::Named(fields) => {
                for field in fields {
                    let column = self.column(name, columns, &field.name);
                    let pat = self.field_pattern(field);
                    let Some(column) = column else {
                        self.excuse(pat);
                        continue;
                    };
                    if args.iter().any(|arg| arg.column == column) {
                        self.report_named_twice(&field.name);
                    }
                    args.push(AtomArg { column, pat });
                }
            }
        }
        args.retain(|arg| !matches!(self.body.pat(arg.pat), Pat::Wildcard));
        args
    }

    pub fn field_pattern(&mut self, field: &ast::FieldPattern) -> PatId {
        match &field.pattern {
            Some(pattern) => self.pattern(pattern),
            None => self.name_pattern(&field.name, false),
        }
    }

    /// The place of a named column, or a report.
    pub fn column(&mut self, of: &str, columns: &[SmolStr], name: &ast::Name) -> Option<u32> {
        if let Some(place) = columns.iter().position(|column| *column == name.text) {
            return u32::try_from(place).ok();
        }
        let message = format!("unknown column {name}: `{of}` has no column `{name}`");
        let loc = self.loc(name.span);
        let names = columns.iter().map(SmolStr::as_str);
        self.r.report_unknown(
            codes::E0204,
            loc,
            name.as_str(),
            names,
            message,
            &those_there_are(columns),
        );
        None
    }

    pub fn report_named_twice(&mut self, name: &ast::Name) {
        let loc = self.loc(name.span);
        let message = format!("the column `{name}` is named twice");
        self.r.error(codes::E0211, loc, message, "named again");
    }

    pub fn report_arity(
        &mut self,
        name: &str,
        wanted: usize,
        given: usize,
        span: crate::base::Span,
    ) {
        let wanted = wording::count(wanted, "column");
        let message = format!("wrong number of columns: `{name}` has {wanted}, {given} given");
        let loc = self.loc(span);
        let diagnostic = self
            .r
            .diagnostic(codes::E0205, loc, message, format!("{given} given"))
            .with_help(format!("by name, columns may be left out: `{name}{{…}}`"));
        self.r.report(diagnostic);
    }

    /// Whether a literal written as a call is a row.
    pub fn is_row(&mut self, expr: &ast::Expr) -> bool {
        let Some((path, _)) = expr.as_call() else {
            return false;
        };
        if path.last().is_upper() || self.mode != Mode::Rule {
            return false;
        }
        self.r.names_collection(self.scope, &path)
    }
}

/// What stands at an unknown column: the ones that could have been meant, unless they are too many to read.
fn those_there_are(columns: &[SmolStr]) -> String {
    const SHOWN_MAX: usize = 8;
    let shown: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
    match shown.as_slice() {
        [] => "there are no columns".to_owned(),
        [one] => format!("the only column is {one}"),
        [init @ .., last] if shown.len() <= SHOWN_MAX => {
            format!("the columns are {} and {last}", init.join(", "))
        }
        _ => "unknown column".to_owned(),
    }
}
