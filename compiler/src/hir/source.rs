//! The resolved program as Bloom source without imports, which means the same and can be compiled again.
//!
//! Names qualified by imports get underscores for dots; what an import took in and gave out becomes a
//! `scratch`. What the language itself declares (`stdout`, `cluster`, `sys.…`, and what `sealed by` stands
//! for) is not declared again, nor is what stands in the prelude.

mod expr;
mod foreign;
mod names;
mod rule;
mod spec;
mod test;

use super::{
    Collection, CollectionKind, Column, ConstantId, Delivery, Function, FunctionId, FunctionKind,
    LatticeForm, Loc, NodeKind, Origin, OwnLattice, Program, TypeDef, TypeDefId, TypeDefKind,
    TypeParam,
};
use crate::base::FileId;
use bloom_stdx::arena::Id;
use expr::Writer;
use names::Names;

impl Program {
    /// The source; `prelude` is the file whose declarations are in scope everywhere.
    pub fn source(&self, prelude: Option<FileId>) -> String {
        let names = Names::new(self);
        let source = Source {
            program: self,
            names: &names,
            prelude,
        };
        let mut items: Vec<String> = Vec::new();
        for (id, def) in self.types.iter().skip(1) {
            if source.is_own(def.loc) {
                items.push(source.type_def(id, def));
            }
        }
        let shared = |id: &ConstantId| !source.is_of_node(*id);
        let mut constants: Vec<ConstantId> = Vec::new();
        for id in self
            .nodes
            .iter()
            .flat_map(|(_, node)| &node.constants)
            .filter(|id| shared(id))
        {
            if !constants.contains(id) {
                constants.push(*id);
            }
        }
        items.extend(constants.into_iter().filter_map(|id| source.constant(id)));
        for (id, function) in self.functions.iter() {
            if function.lattice.is_none() && source.is_own(function.loc) {
                items.push(source.function(id, function));
            }
        }
        let first = self.nodes.iter().next();
        let agree = self.nodes.values().any(|node| node.replicated);
        for (_, collection) in first.iter().flat_map(|(_, node)| node.collections.iter()) {
            if source.is_shared(collection) {
                items.extend(source.collection(collection, agree));
            }
        }
        items.extend(source.foreign_nodes());
        for (_, node) in self.nodes.iter() {
            items.push(source.node(node));
        }
        items.extend(self.specs.iter().map(|spec| source.spec(spec)));
        items.extend(self.tests.iter().map(|test| source.test(test)));
        let fault_tests = self.fault_tests.iter();
        items.extend(fault_tests.map(|fault| source.fault_test(fault)));
        items.join("\n") + "\n"
    }
}

struct Source<'a> {
    program: &'a Program,
    names: &'a Names,
    prelude: Option<FileId>,
}

impl<'a> Source<'a> {
    fn is_own(&self, loc: Loc) -> bool {
        Some(self.program.places[loc.item].file) != self.prelude
    }

    /// Whether a constant is a parameter, or may depend on one or on the node's address.
    fn is_of_node(&self, id: ConstantId) -> bool {
        let constant = &self.program.constants[id];
        let reads = |expr: &super::Expr| match expr {
            super::Expr::Constant(id) => self.is_of_node(*id),
            super::Expr::SelfAddr => true,
            _ => false,
        };
        let init = constant.init.as_ref();
        constant.parameter
            || init.is_some_and(|body| body.exprs.iter().any(|(_, node)| reads(&node.expr)))
    }

    /// Whether it is one channel between all kinds of node: who may seal it is then known at each.
    fn is_shared(&self, collection: &Collection) -> bool {
        let is_same =
            |other: &Collection| other.loc == collection.loc && other.name == collection.name;
        let has = |node: &NodeKind| node.collections.iter().any(|(_, other)| is_same(other));
        matches!(collection.kind, CollectionKind::Channel { .. })
            && self.program.nodes.len() > 1
            && self.program.nodes.iter().all(|(_, node)| has(node))
    }

    fn writer(&self, body: &'a super::Body) -> Writer<'a> {
        Writer {
            program: self.program,
            names: self.names,
            body,
            nodes: &[],
        }
    }

    fn ty(&self, ty: &super::TypeRef, params: &[TypeParam]) -> String {
        expr::type_text(self.names, ty, params)
    }

    fn type_def(&self, id: TypeDefId, def: &'a TypeDef) -> String {
        let name = &self.names.types[id.index()];
        let params = type_params(&def.params);
        let fields = |fields: &[super::Field]| {
            let field = |f: &super::Field| format!("{}: {}", f.name, self.ty(&f.ty, &def.params));
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        };
        match &def.kind {
            TypeDefKind::Record { fields: of } => {
                format!("record {name}{params} {{ {} }}", fields(of))
            }
            TypeDefKind::Enum { variants } => {
                let variant = |v: &super::Variant| match v.fields.as_slice() {
                    [] => v.name.to_string(),
                    of => format!("{}({})", v.name, fields(of)),
                };
                let variants: Vec<String> = variants.iter().map(variant).collect();
                format!("enum {name}{params} {{ {} }}", variants.join(", "))
            }
            TypeDefKind::Lattice { fields: of, form } => match form {
                LatticeForm::Product => format!("lattice {name}{params}({});", fields(of)),
                LatticeForm::Lexicographic => {
                    format!("lattice {name}{params} lex ({});", fields(of))
                }
                LatticeForm::Own { .. } => {
                    let merge = self.own_merge(id);
                    format!("lattice {name}{params}({}) {{\n{merge}}}", fields(of))
                }
            },
        }
    }

    /// `bottom = …; merge(a, b) = …;` of a lattice.
    fn own_merge(&self, def: TypeDefId) -> String {
        let value = |function: &'a Function| {
            let writer = self.writer(&function.body);
            function
                .body
                .value
                .map(|value| writer.expr(value))
                .unwrap_or_default()
        };
        let mut text = String::new();
        for (_, function) in self.program.functions.iter() {
            match function.lattice {
                Some(OwnLattice::Bottom(of)) if of == def => {
                    text += &format!("bottom = {};\n", value(function));
                }
                Some(OwnLattice::Merge(of)) if of == def => {
                    let params = function.param_names.join(", ");
                    text += &format!("merge({params}) = {};\n", value(function));
                }
                _ => {}
            }
        }
        text
    }

    /// `const name: T = init;`, for what has a value and is no parameter.
    fn constant(&self, id: ConstantId) -> Option<String> {
        let constant = &self.program.constants[id];
        if constant.parameter || self.names.periods.contains(&id) {
            return None;
        }
        Some(format!("const {};", self.typed_constant(id)))
    }

    fn typed_constant(&self, id: ConstantId) -> String {
        let constant = &self.program.constants[id];
        let mut text = self.names.constants[id.index()].to_string();
        if let Some(ty) = &constant.ty {
            text += &format!(": {}", self.ty(ty, &[]));
        }
        if let Some(body) = &constant.init
            && let Some(value) = body.value
        {
            text += &format!(" = {}", self.writer(body).expr(value));
        }
        text
    }

    fn function(&self, id: FunctionId, function: &'a Function) -> String {
        let kind = match function.kind {
            FunctionKind::Inferred => "",
            FunctionKind::Monotone => "monotone ",
            FunctionKind::Morphism => "morphism ",
        };
        let param = |(name, ty)| format!("{name}: {}", self.ty(ty, &function.type_params));
        let params: Vec<String> = function
            .param_names
            .iter()
            .zip(&function.params)
            .map(param)
            .collect();
        let writer = self.writer(&function.body);
        format!(
            "{kind}fn {}{}({}): {} = {};",
            self.names.functions[id.index()],
            type_params(&function.type_params),
            params.join(", "),
            self.ty(&function.result, &function.type_params),
            function
                .body
                .value
                .map(|value| writer.expr(value))
                .unwrap_or_default()
        )
    }

    fn node(&self, node: &'a NodeKind) -> String {
        let params: Vec<String> = node
            .parameters
            .iter()
            .map(|&id| self.typed_constant(id))
            .collect();
        let params = match params.as_slice() {
            [] => String::new(),
            params => format!("({})", params.join(", ")),
        };
        let replicated = if node.replicated { " replicated" } else { "" };
        let mut text = format!(
            "\nnode {}{params}{replicated} {{\n",
            names::of_node(&node.name)
        );
        let own = node.constants.iter().filter(|&&id| self.is_of_node(id));
        for constant in own.filter_map(|&id| self.constant(id)) {
            text += &format!("{constant}\n");
        }
        for (_, collection) in node.collections.iter() {
            if self.is_shared(collection) || foreign::is_foreign(node, collection) {
                continue;
            }
            if let Some(declaration) = self.collection(collection, node.replicated) {
                text += &format!("{declaration}\n");
            }
        }
        text.push('\n');
        for (_, rule) in node.rules.iter() {
            match rule.origin {
                Origin::Written | Origin::SealSend => text += &self.rule(node, rule),
                Origin::System | Origin::SealCollect(_) => {}
            }
        }
        text + "}"
    }

    /// A declaration, for what the language does not declare itself; `agree`: replicas may share its log.
    fn collection(&self, collection: &'a Collection, agree: bool) -> Option<String> {
        if names::is_of_language(&collection.name) {
            return None;
        }
        let name = names::plain(&collection.name);
        let word = match collection.kind {
            CollectionKind::Periodic { every } => {
                let body = self.program.constants[every].init.as_ref()?;
                let value = self.writer(body).expr(body.value?);
                return Some(format!("periodic {name}(every: {value});"));
            }
            CollectionKind::Input | CollectionKind::Output | CollectionKind::View
                if collection.imported =>
            {
                "scratch"
            }
            CollectionKind::Table
            | CollectionKind::Scratch
            | CollectionKind::Static
            | CollectionKind::Input
            | CollectionKind::Output
            | CollectionKind::View
            | CollectionKind::Channel { .. }
            | CollectionKind::Loopback => collection.kind.word(),
            _ => return None,
        };
        Some(self.declared(word, collection, agree))
    }

    fn declared(&self, word: &str, collection: &'a Collection, agree: bool) -> String {
        let name = names::plain(&collection.name);
        let mut columns = String::new();
        let mut keys = true;
        for (i, column) in collection.columns.iter().enumerate() {
            columns += match (i, keys, column.key) {
                (0, _, true) => "",
                (0, _, false) => "=> ",
                (_, true, false) => " => ",
                _ => ", ",
            };
            keys = column.key;
            columns += &self.column(column);
        }
        let mut text = format!("{word} {name}({columns})");
        if collection.durable {
            text += " durable";
        }
        if collection.immutable {
            text += " immutable";
        }
        // What is printed as a scratch has no seals.
        if !collection.sealed_by.is_empty() && word == collection.kind.word() {
            let column = |&place: &u32| collection.columns[place as usize].name.as_str();
            let columns: Vec<&str> = collection.sealed_by.iter().map(column).collect();
            text += &format!(" sealed by {}", columns.join(", "));
        }
        let reason = reason(collection.nondeterministic.as_deref());
        let delivery = delivery(&collection.delivery, agree);
        format!("{reason}{delivery}{text};")
    }

    fn column(&self, column: &'a Column) -> String {
        let mut text = if column.location {
            "@".to_owned()
        } else {
            String::new()
        };
        text += &column.name;
        if let Some(ty) = &column.ty {
            text += &format!(": {}", self.ty(ty, &[]));
        }
        if let Some(body) = &column.default
            && let Some(value) = body.value
        {
            text += &format!(" = {}", self.writer(body).expr(value));
        }
        text
    }
}

fn type_params(params: &[TypeParam]) -> String {
    if params.is_empty() {
        return String::new();
    }
    let param = |p: &TypeParam| format!("{}{}", if p.lattice { "lattice " } else { "" }, p.name);
    format!(
        "<{}>",
        params.iter().map(param).collect::<Vec<_>>().join(", ")
    )
}

fn reason(nondeterministic: Option<&str>) -> String {
    nondeterministic
        .map(|why| {
            format!(
                "#[nondeterministic({})]\n",
                bloom_plan::display::string(why)
            )
        })
        .unwrap_or_default()
}

fn delivery(delivery: &Delivery, agree: bool) -> String {
    let string = bloom_plan::display::string;
    match delivery {
        Delivery::Free => String::new(),
        Delivery::Once => "#[once]\n".to_owned(),
        Delivery::Fifo(group) => format!("#[fifo({})]\n", string(group)),
        // Of a kind that is not replicated, that means nothing and must not be said.
        Delivery::Ordered(_) if !agree => String::new(),
        Delivery::Ordered(log) => format!("#[ordered({})]\n", string(log)),
    }
}
