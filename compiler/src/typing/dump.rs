//! The types of a program as text: what `--emit types` prints, and tests compare.

use std::fmt::Write;

use bloom_stdx::arena::Id;

use super::{BodyTypes, NodeTypes, Typed};
use crate::hir::{Body, NodeKind, Program};

impl Typed {
    /// Columns and constants with their types; rules and functions with those of their variables.
    pub fn dump(&self, program: &Program) -> String {
        let mut text = String::new();
        for (id, constant) in program.constants.iter() {
            let ty = self.types.show(self.constants[id].ty);
            line(&mut text, format_args!("{id} {}: {ty}", constant.name));
        }
        for (id, instance) in self.instances.iter() {
            let function = &program.functions[instance.function];
            let args: Vec<String> = instance
                .type_args
                .iter()
                .map(|&ty| self.types.show(ty))
                .collect();
            let args = match args.is_empty() {
                true => String::new(),
                false => format!("<{}>", args.join(", ")),
            };
            let result = self.types.show(instance.result);
            let vars = self.vars(&function.body, &instance.body);
            line(
                &mut text,
                format_args!("{id} {}{args}({vars}): {result}", function.name),
            );
        }
        for (kind, types) in program.nodes.values().zip(self.nodes.values()) {
            self.node(&mut text, kind, types);
        }
        for (kind, types) in program.unused.iter().zip(&self.unused) {
            self.node(&mut text, kind, types);
        }
        text
    }

    fn node(&self, text: &mut String, kind: &NodeKind, types: &NodeTypes) {
        line(text, format_args!("node {}", kind.name));
        for (id, collection) in kind.collections.iter() {
            let columns = collection.columns.iter().zip(&types.collections[id]);
            let columns: Vec<String> = columns
                .map(|(column, types)| format!("{}: {}", column.name, self.types.show(types.ty)))
                .collect();
            line(
                text,
                format_args!("  {id} {}({})", collection.name, columns.join(", ")),
            );
        }
        for (id, rule) in kind.rules.iter() {
            let body = &types.rules[id];
            let vars = self.vars(&rule.body, body);
            let mut injected: Vec<(usize, String)> = body
                .injections
                .iter()
                .map(|(expr, &ty)| (expr.index(), format!("{expr} into {}", self.types.show(ty))))
                .collect();
            injected.sort();
            let injected: String = injected
                .into_iter()
                .map(|(_, text)| format!("; {text}"))
                .collect();
            line(text, format_args!("  {id} {vars}{injected}"));
        }
    }

    fn vars(&self, body: &Body, types: &BodyTypes) -> String {
        let vars = body.vars.iter().zip(types.vars.values());
        let vars: Vec<String> = vars
            .map(|((_, var), &ty)| format!("{}: {}", var.name, self.types.show(ty)))
            .collect();
        vars.join(", ")
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("writing to a string never fails");
}
