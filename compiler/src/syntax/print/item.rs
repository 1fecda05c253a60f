//! Items.

use super::{PARENS, Printer};
use crate::syntax::ast::{
    Attribute, Collection, CollectionKind, Column, DocLine, Enum, ExternNode, Field, Function,
    FunctionKind, Import, Include, Item, ItemKind, ItemNode, Lattice, LatticeForm, ModuleItem,
    ModuleKind, ModuleRef, OwnMerge, Record, Rule, TypeParam, ValueParam,
};

impl Printer {
    pub fn items(&mut self, items: &[ItemNode]) {
        for node in items {
            self.item(&node.item);
        }
    }

    fn item(&mut self, item: &Item) {
        self.docs(&item.docs);
        self.attributes(&item.attributes);
        match &item.kind {
            ItemKind::Import(import) => self.import(import),
            ItemKind::Include(include) => self.include(include),
            ItemKind::TypeAlias(alias) => {
                self.declared("type", alias.name.as_str(), &alias.type_params);
                self.infix("=");
                self.ty(&alias.ty);
                self.end();
            }
            ItemKind::Record(record) => self.record(record),
            ItemKind::Enum(item) => self.enumeration(item),
            ItemKind::Lattice(lattice) => self.lattice(lattice),
            ItemKind::Function(function) => self.function(function),
            ItemKind::Const(item) => {
                self.word("const");
                self.word(item.name.as_str());
                if let Some(ty) = &item.ty {
                    self.mark(": ");
                    self.ty(ty);
                }
                self.infix("=");
                self.expr(&item.value);
                self.end();
            }
            ItemKind::Collection(collection) => self.collection(collection),
            ItemKind::Periodic(periodic) => {
                self.word("periodic");
                self.word(periodic.name.as_str());
                self.mark("(every: ");
                self.expr(&periodic.every);
                self.mark(")");
                self.end();
            }
            ItemKind::Rule(rule) => self.rule(&rule.read()),
            ItemKind::Bootstrap(block) => {
                self.word("bootstrap");
                self.rules(&block.rules);
            }
            ItemKind::Rules(group) => {
                self.word("rules");
                self.word(group.name.as_str());
                self.rules(&group.rules);
            }
            ItemKind::Seal(seal) => {
                self.word("seal");
                self.rule(&seal.rule);
            }
            ItemKind::Module(module) => self.module_item(module),
            ItemKind::Spec(spec) => self.spec(spec),
            ItemKind::Test(test) => self.test(test),
            ItemKind::FaultTest(test) => self.fault_test(test),
            ItemKind::Extern(node) => self.extern_node(node),
            ItemKind::Broken(_) => {}
        }
    }

    pub fn docs(&mut self, docs: &[DocLine]) {
        if !docs.is_empty() && !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        for line in docs {
            self.line(&format!("/// {}", line.text));
        }
    }

    pub fn attributes(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            self.word("#[");
            self.mark(attribute.name.as_str());
            if !attribute.args.is_empty() {
                self.bracketed(PARENS, &attribute.args, Self::expr);
            }
            self.mark("]\n");
        }
    }

    /// `word Name<params>`
    fn declared(&mut self, word: &str, name: &str, type_params: &[TypeParam]) {
        self.word(word);
        self.word(name);
        if !type_params.is_empty() {
            self.bracketed(("<", ">"), type_params, |printer, param| {
                if param.lattice {
                    printer.word("lattice");
                }
                printer.word(param.name.as_str());
            });
            self.out.push(' ');
        }
    }

    fn open_block(&mut self) {
        self.word("{");
        self.out.push('\n');
    }

    fn close_block(&mut self) {
        self.out.push_str("}\n");
    }

    fn rules(&mut self, rules: &[Rule]) {
        self.open_block();
        for rule in rules {
            self.rule(rule);
        }
        self.close_block();
    }

    fn module_ref(&mut self, target: &ModuleRef) {
        self.path(&target.path);
        self.type_args(&target.type_args);
        if !target.args.is_empty() {
            self.args(&target.args);
        }
    }

    fn import(&mut self, import: &Import) {
        self.word("import");
        self.module_ref(&import.target);
        if let Some(alias) = &import.alias {
            self.word("as");
            self.word(alias.as_str());
        }
        self.end();
    }

    fn include(&mut self, include: &Include) {
        self.word("include");
        self.module_ref(&include.target);
        if !include.without.is_empty() {
            self.word("without");
            self.commas(&include.without, |printer, name| {
                printer.word(name.as_str())
            });
        }
        self.end();
    }

    fn record(&mut self, record: &Record) {
        self.declared("record", record.name.as_str(), &record.type_params);
        self.word("{");
        self.commas(&record.fields, Self::field);
        self.word("}\n");
    }

    fn enumeration(&mut self, item: &Enum) {
        self.declared("enum", item.name.as_str(), &item.type_params);
        self.word("{");
        self.commas(&item.variants, |printer, variant| {
            printer.docs(&variant.docs);
            printer.word(variant.name.as_str());
            if !variant.fields.is_empty() {
                printer.bracketed(PARENS, &variant.fields, Self::field);
            }
        });
        self.word("}\n");
    }

    fn field(&mut self, field: &Field) {
        self.docs(&field.docs);
        self.word(field.name.as_str());
        self.mark(": ");
        self.ty(&field.ty);
    }

    fn lattice(&mut self, lattice: &Lattice) {
        self.declared("lattice", lattice.name.as_str(), &lattice.type_params);
        if lattice.form == LatticeForm::Lexicographic {
            self.word("lex");
        }
        self.bracketed(PARENS, &lattice.fields, Self::field);
        match &lattice.form {
            LatticeForm::Product | LatticeForm::Lexicographic => self.end(),
            LatticeForm::Own(own) => self.own_merge(own),
        }
    }

    fn own_merge(&mut self, own: &OwnMerge) {
        self.open_block();
        if let Some(bottom) = &own.bottom {
            self.word("bottom");
            self.infix("=");
            self.expr(bottom);
            self.end();
        }
        if let Some(merge) = &own.merge {
            self.word("merge");
            self.mark("(");
            self.commas(&[&merge.left, &merge.right], |printer, name| {
                printer.word(name.as_str());
            });
            self.mark(")");
            self.infix("=");
            self.expr(&merge.body);
            self.end();
        }
        self.close_block();
    }

    fn function(&mut self, function: &Function) {
        match function.kind {
            FunctionKind::Inferred => {}
            FunctionKind::Monotone => self.word("monotone"),
            FunctionKind::Morphism => self.word("morphism"),
        }
        self.declared("fn", function.name.as_str(), &function.type_params);
        self.bracketed(PARENS, &function.params, |printer, param| {
            printer.word(param.name.as_str());
            printer.mark(": ");
            printer.ty(&param.ty);
        });
        self.mark(": ");
        self.ty(&function.ret);
        self.infix("=");
        self.expr(&function.body);
        self.end();
    }

    pub fn collection(&mut self, collection: &Collection) {
        self.word(match collection.kind {
            CollectionKind::Table => "table",
            CollectionKind::Scratch => "scratch",
            CollectionKind::Static => "static",
            CollectionKind::Input => "input",
            CollectionKind::Output => "output",
            CollectionKind::View => "view",
            CollectionKind::Channel => "channel",
            CollectionKind::Loopback => "loopback",
        });
        self.word(collection.name.as_str());
        self.mark("(");
        self.commas(&collection.keys, Self::column);
        if let Some(values) = &collection.values {
            self.infix("=>");
            self.commas(values, Self::column);
        }
        self.mark(")");
        if collection.durable.is_some() {
            self.word("durable");
        }
        if collection.immutable.is_some() {
            self.word("immutable");
        }
        if !collection.sealed_by.is_empty() {
            self.word("sealed by");
            self.commas(&collection.sealed_by, |printer, name| {
                printer.word(name.as_str())
            });
        }
        self.end();
    }

    fn column(&mut self, column: &Column) {
        self.docs(&column.docs);
        if column.at.is_some() {
            self.word("@");
            self.mark("");
        }
        self.word(column.name.as_str());
        if let Some(ty) = &column.ty {
            self.mark(": ");
            self.ty(ty);
        }
        if let Some(default) = &column.default {
            self.infix("=");
            self.expr(default);
        }
    }

    fn module_item(&mut self, module: &ModuleItem) {
        self.module_header(module);
        self.open_block();
        self.items(&module.items);
        self.close_block();
    }

    pub fn module_header(&mut self, module: &ModuleItem) {
        let word = match module.kind {
            ModuleKind::Module => "module",
            ModuleKind::Node => "node",
            ModuleKind::Protocol => "protocol",
        };
        self.declared(word, module.name.as_str(), &module.type_params);
        if !module.params.is_empty() {
            self.bracketed(PARENS, &module.params, Self::value_param);
        }
        if module.replicated.is_some() {
            self.word("replicated");
        }
        if !module.protocols.is_empty() {
            self.infix(":");
            self.commas(&module.protocols, Self::ty);
        }
    }

    fn value_param(&mut self, param: &ValueParam) {
        self.word(param.name.as_str());
        self.mark(": ");
        self.ty(&param.ty);
        if let Some(default) = &param.default {
            self.infix("=");
            self.expr(default);
        }
    }

    fn extern_node(&mut self, node: &ExternNode) {
        self.word("extern node");
        self.word(node.name.as_str());
        self.open_block();
        for collection in &node.collections {
            self.collection(collection);
        }
        for path in &node.paths {
            self.word("path");
            self.path(&path.input);
            self.infix("->");
            self.path(&path.output);
            self.mark(": ");
            self.word(path.label.as_str());
            if !path.gate.is_empty() {
                self.bracketed(PARENS, &path.gate, |printer, name| {
                    printer.word(name.as_str());
                });
            }
            self.end();
        }
        self.close_block();
    }
}
