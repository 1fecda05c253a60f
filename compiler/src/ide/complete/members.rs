//! What can follow a dot.

use super::{Complete, CompletionKind};
use crate::hir::{Builtin, Program, TypeDefKind};
use crate::syntax::ast::ItemKind;
use bloom_plan::functions::BUILTINS;

impl Complete<'_, '_> {
    /// After `path.`
    pub(super) fn members(&mut self, path: &[String]) {
        let [name] = path else {
            return self.methods(None);
        };
        if name == "sys" {
            for (collection, detail) in [
                ("rule", "the rules of the program"),
                ("collection", "its collections"),
                ("depends", "which collections rules read and write"),
                ("stratum", "the strata of derived collections"),
            ] {
                self.add(collection, CompletionKind::Collection, detail);
            }
            return;
        }
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return self.variants(name);
        }
        if let Some(kind) = self.scene.test_nodes().remove(name) {
            for (own, seen) in self.scene.of_node(&kind) {
                if !own.contains('.') {
                    self.row(own, seen);
                }
            }
            return;
        }
        if self.scene.imports().iter().any(|(alias, _)| alias == name) {
            for (own, seen) in self.scene.imported(name) {
                self.row(own, seen);
            }
            return;
        }
        let collection = self.scene.named(name);
        if collection.is_some_and(|seen| !seen.collection.sealed_by.is_empty()) {
            self.add(
                "sealed",
                CompletionKind::Collection,
                "the partitions that are complete",
            );
            self.add(
                "seals",
                CompletionKind::Collection,
                "what is sealed so far, and by whom",
            );
            return;
        }
        let ty = self.scene.variable_type(&self.cursor, name);
        self.methods(ty.as_deref());
    }

    fn variants(&mut self, name: &str) {
        let program = self.scene.program;
        for def in program.types.values() {
            let own = def.name.rsplit('.').next();
            if let TypeDefKind::Enum { variants } = &def.kind
                && own == Some(name)
            {
                for variant in variants {
                    let one = self.add(variant.name.as_str(), CompletionKind::Variant, name);
                    one.doc = variant.doc.to_string();
                    if !variant.fields.is_empty() {
                        one.insert += "($1)";
                        one.is_snippet = true;
                    }
                }
            }
        }
        // Types that the file of an import of upper-case name has: nodes and protocols have none to see.
        let nested: Vec<String> = self
            .scene
            .levels()
            .iter()
            .flat_map(|(items, _)| *items)
            .filter_map(|node| match &node.item.kind {
                ItemKind::Module(module) if module.name.text == name => Some(&module.items),
                _ => None,
            })
            .flatten()
            .filter_map(|node| match &node.item.kind {
                ItemKind::Record(record) => Some(record.name.text.to_string()),
                ItemKind::Enum(item) => Some(item.name.text.to_string()),
                _ => None,
            })
            .collect();
        for ty in nested {
            self.add(ty, CompletionKind::Type, name);
        }
    }

    /// The methods and fields of a type; of one that is not known, all methods.
    fn methods(&mut self, ty: Option<&str>) {
        let head = ty.map(|ty| ty.split('<').next().unwrap_or(ty));
        let is_lattice = head.is_some_and(|head| {
            let known = Builtin::ALL.iter().find(|builtin| builtin.name() == head);
            match known {
                Some(builtin) => builtin.is_lattice(),
                None => is_own_lattice(self.scene.program, head),
            }
        });
        for builtin in BUILTINS {
            let Some(receiver) = builtin.receiver() else {
                continue;
            };
            let of = receiver.split('<').next().unwrap_or(receiver);
            let fits = match (head, of) {
                (None, _) => true,
                (Some(_), "L" | "M") => is_lattice,
                (Some(head), of) => of.len() == 1 || of == head,
            };
            if fits {
                let one = self.add(builtin.name, CompletionKind::Method, builtin.signature);
                builtin.doc.clone_into(&mut one.doc);
                one.insert += match builtin.signature.contains("()") {
                    true => "()",
                    false => "($1)",
                };
                one.is_snippet = one.insert.contains('$');
            }
        }
        if is_lattice || head.is_none() {
            let one = self.add("reveal", CompletionKind::Method, "the value as it is now");
            "The plain value of a lattice as it is now. A point of order: the value may still grow.".clone_into(&mut one.doc);
        }
        if let Some(head) = head {
            for (field, ty, doc) in fields(self.scene.program, head) {
                self.add(field, CompletionKind::Field, ty).doc = doc;
            }
        }
    }
}

fn is_own_lattice(program: &Program, name: &str) -> bool {
    let mut types = program.types.values();
    types.any(|def| {
        def.name.rsplit('.').next() == Some(name) && matches!(def.kind, TypeDefKind::Lattice { .. })
    })
}

/// The fields of a record or declared lattice: names, types, documentation.
pub(super) fn fields(program: &Program, name: &str) -> Vec<(String, String, String)> {
    let mut types = program.types.values();
    let def = types.find(|def| def.name.rsplit('.').next() == Some(name));
    let fields = match def.map(|def| &def.kind) {
        Some(TypeDefKind::Record { fields } | TypeDefKind::Lattice { fields, .. }) => fields,
        Some(TypeDefKind::Enum { .. }) | None => return Vec::new(),
    };
    let fields = fields.iter();
    fields
        .map(|field| {
            let ty = program.show_type(&field.ty);
            (field.name.to_string(), ty, field.doc.to_string())
        })
        .collect()
}
