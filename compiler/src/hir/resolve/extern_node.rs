//! Components that are not written in Bloom: `extern node Report { input …; output …; path … -> …: OW(campaign); }`.
//!
//! Its collections are seen like those of an include, but from outside: rules write its inputs and read its outputs.
//! What it does inside, only its paths tell, to the analysis.

use super::Resolver;
use super::attributes::Attributes;
use super::scope::ScopeId;
use crate::base::codes;
use crate::hir::{ExternPath, ItemRef, Loc};
use crate::syntax::ast;
use smol_str::SmolStr;

/// Blazes' labels of paths: confluent or order-sensitive, reading or writing.
const LABELS: [&str; 4] = ["CR", "CW", "OR", "OW"];

impl<'a> Resolver<'a> {
    pub fn declare_extern(&mut self, scope: ScopeId, node: &'a ast::ExternNode, item: ItemRef) {
        for decl in &node.collections {
            let id = self.kind.node.collections.next_id();
            let attributes = Attributes::default();
            self.declare_collection(scope, decl, scope, item, SmolStr::default(), attributes);
            if let Some(collection) = self.kind.node.collections_mut().get_mut(id) {
                collection.imported = true;
                collection.public = false;
                self.kind.foreign.insert(id);
            }
        }
        self.kind
            .paths
            .extend(node.paths.iter().map(|path| (scope, path, item)));
    }

    pub fn resolve_extern_path(&mut self, scope: ScopeId, path: &ast::ExternPath, item: ItemRef) {
        let at = |name: &ast::Path| Loc::new(item, name.span());
        let input = self.find_collection(scope, &path.input, at(&path.input));
        let output = self.find_collection(scope, &path.output, at(&path.output));
        let label = path.label.as_str();
        if !LABELS.contains(&label) {
            let message = format!("unknown label {label}: a path is `CR`, `CW`, `OR` or `OW`");
            let loc = Loc::new(item, path.label.span);
            self.report_unknown(
                codes::E0202,
                loc,
                label,
                LABELS,
                message,
                "not a label of a path",
            );
        }
        let (Some(input), Some(output)) = (input, output) else {
            return;
        };
        let mut gate = Vec::with_capacity(path.gate.len());
        for name in &path.gate {
            let collection = &self.kind.node.collections[input.id];
            if let Some(place) = collection.column(name.as_str()) {
                gate.push(place);
                continue;
            }
            let columns: Vec<SmolStr> = collection.columns.iter().map(|c| c.name.clone()).collect();
            let message = format!(
                "unknown column {name}: `{}` has no column `{name}`",
                collection.name
            );
            let columns = columns.iter().map(SmolStr::as_str);
            let loc = Loc::new(item, name.span);
            self.report_unknown(
                codes::E0204,
                loc,
                name.as_str(),
                columns,
                message,
                "unknown column",
            );
        }
        self.kind.node.extern_paths.push(ExternPath {
            input: input.id,
            output: output.id,
            label: path.label.text.clone(),
            gate,
            loc: Loc::new(item, path.span),
        });
    }
}
