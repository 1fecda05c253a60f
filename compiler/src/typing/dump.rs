//! The types of a program as text: what `--emit types` prints, and tests compare.

use std::fmt::Write;

use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_stdx::arena::Id;

use super::{BodyTypes, NodeTypes, Typed};
use crate::hir::{Body, NodeKind, Program};

impl Typed {
    /// Columns and constants with their types; rules and functions with those of their variables.
    pub fn dump(&self, program: &Program) -> String {
        let mut text = String::new();
        for (id, constant) in program.constants.iter() {
            let ty = show(&self.types, self.constants[id].ty);
            line(&mut text, format_args!("{id} {}: {ty}", constant.name));
        }
        for (id, instance) in self.instances.iter() {
            let function = &program.functions[instance.function];
            let args: Vec<String> = instance
                .type_args
                .iter()
                .map(|&ty| show(&self.types, ty))
                .collect();
            let args = match args.is_empty() {
                true => String::new(),
                false => format!("<{}>", args.join(", ")),
            };
            let result = show(&self.types, instance.result);
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
                .map(|(column, types)| format!("{}: {}", column.name, show(&self.types, types.ty)))
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
                .map(|(expr, &ty)| {
                    (
                        expr.index(),
                        format!("{expr} into {}", show(&self.types, ty)),
                    )
                })
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
            .map(|((_, var), &ty)| format!("{}: {}", var.name, show(&self.types, ty)))
            .collect();
        vars.join(", ")
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("writing to a string never fails");
}

/// A type as the language writes it.
pub fn show(types: &TypeTable, ty: TypeId) -> String {
    let list = |tys: &[TypeId]| {
        let shown: Vec<String> = tys.iter().map(|&ty| show(types, ty)).collect();
        shown.join(", ")
    };
    let of = |name: &str, tys: &[TypeId]| format!("{name}<{}>", list(tys));
    match types.get(ty) {
        Type::Bool => "Bool".to_owned(),
        Type::Int => "Int".to_owned(),
        Type::Float => "Float".to_owned(),
        Type::String => "String".to_owned(),
        Type::Bytes => "Bytes".to_owned(),
        Type::Addr => "Addr".to_owned(),
        Type::Time => "Time".to_owned(),
        Type::Duration => "Duration".to_owned(),
        Type::Req => "Req".to_owned(),
        Type::Or => "Or".to_owned(),
        Type::And => "And".to_owned(),
        Type::Tuple(parts) => format!("({})", list(parts)),
        Type::List(of_type) => of("List", &[*of_type]),
        Type::FrozenSet(of_type) => of("FrozenSet", &[*of_type]),
        Type::FrozenBag(of_type) => of("FrozenBag", &[*of_type]),
        Type::FrozenMap(key, value) => of("FrozenMap", &[*key, *value]),
        Type::Function { parameters, result } => {
            format!("fn({}): {}", list(parameters), show(types, *result))
        }
        Type::Max(of_type) => of("Max", &[*of_type]),
        Type::Min(of_type) => of("Min", &[*of_type]),
        Type::Set(of_type) => of("Set", &[*of_type]),
        Type::PosSet(of_type) => of("PosSet", &[*of_type]),
        Type::Bag(of_type) => of("Bag", &[*of_type]),
        Type::Map(key, value) => of("Map", &[*key, *value]),
        Type::Lex(first, second) => of("Lex", &[*first, *second]),
        Type::Lww(stamp, value) => of("Lww", &[*stamp, *value]),
        Type::Once(of_type) => of("Once", &[*of_type]),
        Type::Sealed(of_type) => of("Sealed", &[*of_type]),
        Type::Enum { name, variants } if name == "Option" => {
            let some = variants.iter().flat_map(|variant| &variant.fields).next();
            some.map_or(name.to_string(), |some| {
                format!("{}?", show(types, some.ty))
            })
        }
        Type::Record { name, .. } | Type::Enum { name, .. } | Type::Lattice { name, .. } => {
            name.to_string()
        }
    }
}
