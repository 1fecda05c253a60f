//! The text of `--emit hir`: the program after names are resolved and modules expanded, close to how it
//! would be written without modules. It is for people and golden tests, and is not read back.

mod print;

use super::{
    Action, Arrow, Collection, CollectionKind, Delivery, Function, HeadColumn, Literal, NodeKind,
    Program, Rule, Test, TypeDef, TypeDefKind, TypeRef,
};
use print::Printer;
use std::fmt::{self, Write};

impl Program {
    /// The dump.
    pub fn dump(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("a string takes any text");
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        for (id, def) in self.types.iter().skip(1) {
            writeln!(out, "{id} {}", self.show_def(def))?;
        }
        for (id, function) in self.functions.iter() {
            write!(out, "{id} fn {}", function.name)?;
            self.write_function(out, function)?;
        }
        for (id, node) in self.nodes.iter() {
            write!(out, "{id} ")?;
            self.write_node(out, node)?;
        }
        for node in &self.unused {
            write!(out, "unused ")?;
            self.write_node(out, node)?;
        }
        for test in &self.tests {
            self.write_test(out, test)?;
        }
        for spec in &self.specs {
            writeln!(out, "spec {} of {} rules", spec.name, spec.rules.len())?;
        }
        for fault in &self.fault_tests {
            write!(out, "fault ")?;
            self.write_test(out, &fault.test)?;
        }
        Ok(())
    }

    fn show_def(&self, def: &TypeDef) -> String {
        let params: Vec<&str> = def.params.iter().map(|param| param.name.as_str()).collect();
        let params = if params.is_empty() {
            String::new()
        } else {
            format!("<{}>", params.join(", "))
        };
        let fields = |fields: &[super::Field]| {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("{}: {}", field.name, self.show_type(&field.ty)))
                .collect();
            fields.join(", ")
        };
        match &def.kind {
            TypeDefKind::Record { fields: of } => {
                format!("record {}{params} {{ {} }}", def.name, fields(of))
            }
            TypeDefKind::Lattice { fields: of, .. } => {
                format!("lattice {}{params}({})", def.name, fields(of))
            }
            TypeDefKind::Enum { variants } => {
                let variants: Vec<String> = variants
                    .iter()
                    .map(|variant| match variant.fields.as_slice() {
                        [] => variant.name.to_string(),
                        of => format!("{}({})", variant.name, fields(of)),
                    })
                    .collect();
                format!("enum {}{params} {{ {} }}", def.name, variants.join(", "))
            }
        }
    }

    fn write_function(&self, out: &mut String, function: &Function) -> fmt::Result {
        let params: Vec<String> = function
            .param_names
            .iter()
            .zip(&function.params)
            .map(|(name, ty)| format!("{name}: {}", self.show_type(ty)))
            .collect();
        let printer = Printer {
            program: self,
            body: &function.body,
            test: None,
        };
        let value = function
            .body
            .value
            .map_or_else(String::new, |value| printer.expr(value));
        let result = self.show_type(&function.result);
        writeln!(out, "({}): {result} = {value}", params.join(", "))
    }

    fn write_node(&self, out: &mut String, node: &NodeKind) -> fmt::Result {
        let replicated = if node.replicated { " replicated" } else { "" };
        writeln!(out, "node {}{replicated}", node.name)?;
        for &id in &node.constants {
            let constant = &self.constants[id];
            let word = if constant.parameter {
                "parameter"
            } else {
                "const"
            };
            let ty = constant
                .ty
                .as_ref()
                .map_or_else(String::new, |ty| format!(": {}", self.show_type(ty)));
            let init = constant.init.as_ref().and_then(|body| {
                let printer = Printer {
                    program: self,
                    body,
                    test: None,
                };
                Some(format!(" = {}", printer.expr(body.value?)))
            });
            writeln!(
                out,
                "  {word} {}{ty}{}",
                constant.name,
                init.unwrap_or_default()
            )?;
        }
        for (id, collection) in node.collections.iter() {
            writeln!(out, "  {id} {}", self.show_collection(collection))?;
        }
        for path in &node.extern_paths {
            let name = |id| &node.collections[id].name;
            writeln!(
                out,
                "  path {} -> {}: {}",
                name(path.input),
                name(path.output),
                path.label
            )?;
        }
        for (id, rule) in node.rules.iter() {
            writeln!(out, "  {id} {}", self.show_rule(node, rule))?;
        }
        Ok(())
    }

    fn show_collection(&self, collection: &Collection) -> String {
        let word = match collection.kind {
            CollectionKind::Seals { .. } => "seals",
            CollectionKind::Sealed { .. } => "sealed",
            kind => kind.word(),
        };
        let mut columns = String::new();
        let mut keys = true;
        for (i, column) in collection.columns.iter().enumerate() {
            let parting = match (i, keys, column.key) {
                (0, _, true) => "",
                (0, _, false) => "=> ",
                (_, true, false) => " => ",
                _ => ", ",
            };
            keys = column.key;
            let at = if column.location { "@" } else { "" };
            let ty = column
                .ty
                .as_ref()
                .map_or_else(String::new, |ty| format!(": {}", self.show_type(ty)));
            let default = column.default.as_ref().and_then(|body| {
                let printer = Printer {
                    program: self,
                    body,
                    test: None,
                };
                Some(format!(" = {}", printer.expr(body.value?)))
            });
            columns += &format!(
                "{parting}{at}{}{ty}{}",
                column.name,
                default.unwrap_or_default()
            );
        }
        let sealed: Vec<&str> = collection
            .sealed_by
            .iter()
            .map(|&place| collection.columns[place as usize].name.as_str())
            .collect();
        let sealed = if sealed.is_empty() {
            String::new()
        } else {
            format!(" sealed by {}", sealed.join(", "))
        };
        let durable = if collection.durable { " durable" } else { "" };
        let immutable = if collection.immutable {
            " immutable"
        } else {
            ""
        };
        let public = if collection.public { " public" } else { "" };
        let delivery = match &collection.delivery {
            Delivery::Free => String::new(),
            Delivery::Once => " once".to_owned(),
            Delivery::Fifo(group) => format!(" fifo {group}"),
            Delivery::Ordered(log) => format!(" ordered {log}"),
        };
        format!(
            "{word} {}({columns}){durable}{immutable}{sealed}{delivery}{public}",
            collection.name
        )
    }

    fn show_rule(&self, node: &NodeKind, rule: &Rule) -> String {
        let printer = Printer {
            program: self,
            body: &rule.body,
            test: None,
        };
        let head = &node.collections[rule.head.collection];
        let columns: Vec<String> = head
            .columns
            .iter()
            .zip(&rule.head.columns)
            .filter(|(_, value)| !matches!(value, HeadColumn::Omitted))
            .map(|(column, value)| format!("{}: {}", column.name, printer.head_column(value)))
            .collect();
        let mut text = format!("{}{{{}}}", head.name, columns.join(", "));
        if !rule.literals.is_empty() || rule.arrow != Arrow::Merge {
            text += &format!(" {} ", arrow_symbol(rule.arrow));
        }
        let literals: Vec<String> = rule
            .literals
            .iter()
            .map(|literal| match &literal.literal {
                Literal::Error => "error".to_string(),
                Literal::Atom { collection, args } => {
                    printer.row(&node.collections[*collection], args)
                }
                Literal::Not { collection, args } => {
                    format!("not {}", printer.row(&node.collections[*collection], args))
                }
                Literal::Condition(expr) => printer.expr(*expr),
                Literal::Let { pat, value } => {
                    format!("let {} = {}", printer.pat(*pat), printer.expr(*value))
                }
                Literal::In { pat, source } => {
                    format!("{} in {}", printer.pat(*pat), printer.expr(*source))
                }
            })
            .collect();
        text += &literals.join(", ");
        if rule.bootstrap {
            text += "  // bootstrap";
        }
        if let Some(group) = &rule.group {
            text += &format!("  // group {group}");
        }
        text
    }

    fn write_test(&self, out: &mut String, test: &Test) -> fmt::Result {
        writeln!(out, "test \"{}\"", test.name)?;
        let printer = Printer {
            program: self,
            body: &test.body,
            test: Some(test),
        };
        for node in &test.nodes {
            let args: Vec<String> = node
                .args
                .iter()
                .map(|arg| arg.map_or_else(|| "default".to_string(), |arg| printer.expr(arg)))
                .collect();
            writeln!(
                out,
                "  node {}: {}({})",
                node.name,
                self.nodes[node.kind].name,
                args.join(", ")
            )?;
        }
        for step in &test.steps {
            writeln!(out, "  {}", self.show_action(test, &printer, &step.action))?;
        }
        Ok(())
    }

    fn show_action(&self, test: &Test, printer: &Printer<'_>, action: &Action) -> String {
        let name = |node: u32| test.nodes[node as usize].name.as_str();
        let names = |nodes: &[u32]| {
            nodes
                .iter()
                .map(|&node| name(node))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let collection =
            |node: u32, id| &self.nodes[test.nodes[node as usize].kind].collections[id];
        match action {
            Action::Error => "error".to_string(),
            Action::Start { node } => format!("start {}", name(*node)),
            Action::Feed {
                node,
                collection: id,
                row,
            } => {
                let row: Vec<String> = row
                    .iter()
                    .map(|column| printer.head_column(column))
                    .collect();
                format!(
                    "feed {}.{}({})",
                    name(*node),
                    collection(*node, *id).name,
                    row.join(", ")
                )
            }
            Action::Seal {
                node,
                collection: id,
                key,
            } => {
                let key: Vec<String> = key.iter().map(|&expr| printer.expr(expr)).collect();
                format!(
                    "seal {}.{}({})",
                    name(*node),
                    collection(*node, *id).name,
                    key.join(", ")
                )
            }
            Action::Tick { count, nodes } => {
                let count = count.map_or_else(|| "1".to_string(), |count| printer.expr(count));
                let nodes = nodes
                    .as_ref()
                    .map_or_else(String::new, |nodes| format!(" {}", names(nodes)));
                format!("tick {count}{nodes}")
            }
            Action::Settle => "settle".to_string(),
            Action::Advance(duration) => format!("advance {}", printer.expr(*duration)),
            Action::Crash(node) => format!("crash {}", name(*node)),
            Action::Restart(node) => format!("restart {}", name(*node)),
            Action::Partition(groups) => {
                let groups: Vec<String> = groups
                    .iter()
                    .map(|group| format!("{{{}}}", names(group)))
                    .collect();
                format!("partition {}", groups.join(" | "))
            }
            Action::Heal => "heal".to_string(),
            Action::Drop { from, to, channel } => {
                format!(
                    "drop {} -> {} {}",
                    name(*from),
                    name(*to),
                    collection(*from, *channel).name
                )
            }
            Action::ExpectRows {
                node,
                collection: id,
                rows,
            } => {
                let rows: Vec<String> = rows
                    .iter()
                    .map(|row| {
                        row.iter()
                            .map(|&expr| printer.expr(expr))
                            .collect::<Vec<_>>()
                            .join(", ")
                    })
                    .map(|row| format!("({row})"))
                    .collect();
                format!(
                    "expect {}.{} == {{{}}}",
                    name(*node),
                    collection(*node, *id).name,
                    rows.join(", ")
                )
            }
            Action::ExpectMatch {
                node,
                collection: id,
                args,
                negated,
            } => {
                let not = if *negated { "not " } else { "" };
                format!(
                    "expect {not}{}.{}",
                    name(*node),
                    printer.row(collection(*node, *id), args)
                )
            }
            Action::ExpectError { text } => format!("expect error {text:?}"),
        }
    }

    /// A type as the user would write it.
    pub fn show_type(&self, ty: &TypeRef) -> String {
        let list = |types: &[TypeRef]| {
            types
                .iter()
                .map(|ty| self.show_type(ty))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let applied = |name: &str, args: &[TypeRef]| match args {
            [] => name.to_string(),
            args => format!("{name}<{}>", list(args)),
        };
        match ty {
            TypeRef::Error => "?".to_string(),
            TypeRef::Builtin(builtin, args) => applied(builtin.name(), args),
            TypeRef::Def(def, args) => applied(&self.types[*def].name, args),
            TypeRef::Param(i) => format!("${i}"),
            TypeRef::Opaque { name, .. } => name.to_string(),
            TypeRef::Tuple(parts) => format!("({})", list(parts)),
            TypeRef::Function { params, result } => {
                format!("fn({}): {}", list(params), self.show_type(result))
            }
        }
    }
}

fn arrow_symbol(arrow: Arrow) -> &'static str {
    match arrow {
        Arrow::Merge => "<=",
        Arrow::DeferredMerge => "<+",
        Arrow::DeferredDelete => "<-",
        Arrow::Upsert => "<+-",
        Arrow::AsyncMerge => "<~",
    }
}
