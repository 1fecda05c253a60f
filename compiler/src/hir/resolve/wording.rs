//! Diagnostics that several parts of resolution give, and the words they share.

use super::scope::{ScopeId, Value};
use super::{Resolver, Source};
use crate::base::{Code, Diagnostic, Fix, codes};
use crate::hir::Loc;
use crate::syntax::ast;
use smol_str::SmolStr;

/// `1 column`, `2 columns`
pub(super) fn count(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}

/// The paths of the modules that stand in a file.
fn nested_modules(source: &Source<'_>) -> impl Iterator<Item = String> {
    source
        .module
        .items
        .iter()
        .filter_map(|item| match &item.item.kind {
            ast::ItemKind::Module(module) => Some(format!("{}.{}", source.name, module.name)),
            _ => None,
        })
}

impl<'a> Resolver<'a> {
    /// Adds the offer of a near name, as an edit of `loc`.
    pub fn did_you_mean(&self, diagnostic: Diagnostic, loc: Loc, near: &str) -> Diagnostic {
        let place = self.program.file_span(loc);
        diagnostic
            .with_help(format!("there is `{near}`, with a similar name"))
            .with_fix(Fix::replace(format!("write `{near}`"), place, near))
    }

    /// Reports a name that means nothing, with the nearest of `candidates`; but once each, and not if it stands
    /// in an item that does not parse, which may be where it is declared.
    pub fn report_unknown<'n>(
        &mut self,
        code: Code,
        loc: Loc,
        name: &str,
        candidates: impl IntoIterator<Item = &'n str>,
        message: String,
        label: &str,
    ) {
        // What is no name was reported when it was read.
        if name.is_empty() {
            return;
        }
        if code != codes::E0204 {
            let first = name.split('.').next().filter(|first| *first != "sys");
            let about = match code == codes::E0201 {
                true => SmolStr::new(first.unwrap_or(name)),
                false => SmolStr::new(&message),
            };
            let excused = name.split('.').any(|part| self.in_broken.contains(part));
            if excused || !self.unknown.insert((code, about)) {
                self.mistakes += 1;
                return;
            }
        }
        let mut diagnostic = self.diagnostic(code, loc, message, label);
        if let Some(near) = bloom_stdx::nearest(name, candidates) {
            diagnostic = self.did_you_mean(diagnostic, loc, near);
        }
        self.report(diagnostic);
    }

    pub fn report_duplicate(&mut self, name: &str, loc: Loc, before: Loc) {
        let first = self.program.file_span(before);
        let diagnostic = self
            .diagnostic(
                codes::E0206,
                loc,
                format!("duplicate declaration of `{name}`"),
                "declared twice",
            )
            .with_label(first, "first declared here");
        self.report(diagnostic);
    }

    pub fn report_unknown_module(&mut self, scope: ScopeId, path: &ast::Path, loc: Loc) {
        let mut names: Vec<String> = self
            .chain(scope)
            .flat_map(|scope| self.scopes[scope].modules.keys())
            .map(ToString::to_string)
            .chain(self.sources.iter().map(|source| source.name.to_string()))
            .chain(self.sources.iter().flat_map(nested_modules))
            .collect();
        names.sort_unstable();
        let written = path.to_string();
        self.report_unknown(
            codes::E0601,
            loc,
            &written,
            names.iter().map(String::as_str),
            format!("unknown module {written}"),
            "no module or file of this name",
        );
    }

    pub fn report_undeclared_collection(&mut self, scope: ScopeId, name: &str, loc: Loc) {
        let mut names = self.names_of(scope, |value| {
            matches!(value, Value::Collection(_) | Value::Error)
        });
        names.extend(
            super::collection::BUILT_IN
                .iter()
                .map(|&(name, ..)| name.into()),
        );
        self.report_unknown(
            codes::E0201,
            loc,
            name,
            names.iter().map(AsRef::as_ref),
            format!("undeclared collection {name}"),
            "not declared",
        );
    }
}
