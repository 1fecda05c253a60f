//! What there is to say of a name from the syntax trees alone: imports, modules and groups of rules; of specs and tests,
//! `checks` says it.
//!
//! Types are shown as they are written, so that a module is told as its author wrote it, whatever it is imported with.

mod checks;

use super::{Hover, code, listed};
use crate::base::{FileId, FileSpan, Span};
use crate::database::{self, Db, Package};
use crate::ide::definitions::implementations;
use crate::ide::names::{Mention, Role, Target, names_of};
use crate::syntax::ast::{
    CollectionKind, DocLine, Import, Item, ItemKind, ItemNode, Module, ModuleItem, ModuleKind,
    TypeKind,
};
use crate::syntax::print;

/// Of more members and lines than this the rest is not shown.
const LINES_MAX: usize = 24;

#[derive(Clone, Copy)]
pub(super) struct Written<'d> {
    pub db: &'d dyn Db,
    pub package: Package,
}

/// An item, and where its spans count from.
#[derive(Clone, Copy)]
struct Found<'d> {
    item: &'d Item,
    base: u32,
    /// The module that it stands in, if any.
    inside: Option<&'d ModuleItem>,
}

impl<'d> Written<'d> {
    pub fn hover(self, mention: Mention) -> Option<Hover> {
        let (declaration, paragraphs) = match mention.target {
            Target::File(file) => self.file(file)?,
            Target::Import(declared) => self.import(declared)?,
            Target::Module(declared) => self.module(declared)?,
            Target::Group(declared) => self.group(declared, mention.target)?,
            Target::Spec(declared) => self.spec(declared, mention.target)?,
            Target::TestNode(declared) => self.test_node(declared)?,
            Target::Constant(declared) => self.parameter(declared)?,
            Target::Type(declared) => self.alias(declared)?,
            Target::Collection(_)
            | Target::Column(_)
            | Target::Function(_)
            | Target::Variant(_)
            | Target::Field(_)
            | Target::Variable(..) => return None,
        };
        Some(Hover {
            place: mention.place,
            declaration,
            paragraphs,
        })
    }

    fn tree(self, file: FileId) -> Option<&'d Module> {
        let file = *self.package.files(self.db).get(file.0 as usize)?;
        Some(database::module(self.db, file))
    }

    fn text(self, file: FileId) -> &'d str {
        let files = self.package.files(self.db);
        let file = files.get(file.0 as usize);
        file.map_or("", |file| file.text(self.db))
    }

    /// The path of a file as a module.
    fn path(self, file: FileId) -> String {
        let files = self.package.files(self.db);
        let file = files.get(file.0 as usize);
        file.map_or_else(String::new, |file| file.name(self.db).clone())
    }

    /// The first item of a file of which something is found, modules before what is in them.
    fn find<T>(self, file: FileId, look: &mut impl FnMut(Found<'d>) -> Option<T>) -> Option<T> {
        find_in(&self.tree(file)?.items, 0, None, look)
    }

    /// The item that declares what is declared there.
    fn declaring(
        self,
        declared: FileSpan,
        name: impl Fn(&'d Item) -> Option<Span>,
    ) -> Option<Found<'d>> {
        self.find(declared.file, &mut |found| {
            let own = name(found.item)?.shifted(found.base);
            (own == declared.span).then_some(found)
        })
    }

    fn file(self, file: FileId) -> Option<(String, Vec<String>)> {
        let tree = self.tree(file)?;
        let mut paragraphs = docs(&tree.docs);
        let modules = tree.items.iter().filter_map(|node| module_of(&node.item));
        let modules: Vec<&str> = modules.map(|module| module.name.as_str()).collect();
        if !modules.is_empty() {
            paragraphs.push(format!("Declares {}.", listed(modules)));
        }
        let interface = interface_of(&tree.items);
        if !interface.is_empty() {
            paragraphs.push(code(&cut(interface)));
        }
        Some((format!("module {}", self.path(file)), paragraphs))
    }

    fn import(self, declared: FileSpan) -> Option<(String, Vec<String>)> {
        let found = self.declaring(declared, |item| import_of(item).map(named))?;
        let import = import_of(found.item)?;
        let target = import.target.span.shifted(found.base);
        let mut declaration = "import ".to_owned();
        declaration += &one_line(self.text(declared.file).get(target.range())?);
        if let Some(alias) = &import.alias {
            declaration += &format!(" as {alias}");
        }
        let mut paragraphs = docs(&found.item.docs);
        let last = import.target.path.last().span.shifted(found.base);
        let leads_to = self.leads_to(FileSpan::new(declared.file, last));
        if let Some((from, (module, about))) = leads_to.and_then(|to| self.imported(declared, to)) {
            paragraphs.push(from);
            paragraphs.push(code(&module));
            paragraphs.extend(about);
        }
        Some((declaration, paragraphs))
    }

    /// Where what is imported comes from, and what there is to say of it.
    fn imported(self, by: FileSpan, target: Target) -> Option<(String, (String, Vec<String>))> {
        match target {
            Target::Module(module) if module.file == by.file => {
                Some(("From this file:".to_owned(), self.module(module)?))
            }
            Target::Module(module) => {
                let from = format!("From `{}`:", self.path(module.file));
                Some((from, self.module(module)?))
            }
            Target::File(file) => Some(("All of a file:".to_owned(), self.file(file)?)),
            Target::Constant(parameter) => {
                let from = "What a parameter stands for:".to_owned();
                Some((from, self.parameter(parameter)?))
            }
            Target::Collection(_)
            | Target::Column(_)
            | Target::Function(_)
            | Target::Type(_)
            | Target::Variant(_)
            | Target::Field(_)
            | Target::Import(_)
            | Target::Spec(_)
            | Target::Group(_)
            | Target::TestNode(_)
            | Target::Variable(..) => None,
        }
    }

    /// What the name at a place is for, where it declares nothing.
    fn leads_to(self, place: FileSpan) -> Option<Target> {
        let names = names_of(self.db, self.package);
        let mut mentions = names.all_at(place.file, place.span.start);
        let found = mentions.find(|mention| mention.role != Role::Declares)?;
        Some(found.target)
    }

    /// A module, node or protocol: its head, and what others see of it.
    fn module(self, declared: FileSpan) -> Option<(String, Vec<String>)> {
        let found = self.declaring(declared, |item| Some(module_of(item)?.name.span))?;
        let module = module_of(found.item)?;
        let mut members = interface_of(&module.items);
        for protocol in &module.protocols {
            let TypeKind::Path { path, .. } = &protocol.kind else {
                continue;
            };
            let place = path.last().span.shifted(found.base);
            let place = FileSpan::new(declared.file, place);
            if let Some(Target::Module(protocol)) = self.leads_to(place) {
                members.extend(self.members(protocol));
            }
        }
        members.dedup();
        let mut declaration = print::header(module);
        if !members.is_empty() {
            declaration += &format!(" {{\n{}\n}}", indented(&cut(members)));
        }
        let mut paragraphs = docs(&found.item.docs);
        if module.kind == ModuleKind::Protocol {
            let target = Target::Module(declared);
            let found = implementations(self.db, self.package, target);
            let names = found
                .iter()
                .filter_map(|place| self.text(place.file).get(place.span.range()));
            let names: Vec<&str> = names.collect();
            paragraphs
                .extend((!names.is_empty()).then(|| format!("Implemented by {}.", listed(names))));
        }
        Some((declaration, paragraphs))
    }

    /// What others see of a protocol.
    fn members(self, declared: FileSpan) -> Vec<String> {
        let found = self.declaring(declared, |item| Some(module_of(item)?.name.span));
        let module = found.and_then(|found| module_of(found.item));
        module.map_or_else(Vec::new, |module| interface_of(&module.items))
    }

    fn group(self, declared: FileSpan, target: Target) -> Option<(String, Vec<String>)> {
        let first = self.declaring(declared, group_name)?;
        let name = self.text(declared.file).get(declared.span.range())?;
        let names = names_of(self.db, self.package);
        let mentions: Vec<Mention> = names.of(target).collect();
        let parts = mentions.iter();
        let parts = parts.filter_map(|part| self.declaring(part.place, group_name));
        let (mut paragraphs, mut heads, mut rules) = (Vec::new(), Vec::new(), 0);
        for part in parts {
            paragraphs.extend(docs(&part.item.docs));
            for rule in part.item.rules() {
                rules += 1;
                let head = rule.head.path.to_string();
                if !heads.contains(&head) {
                    heads.push(head);
                }
            }
        }
        let of = first.inside.map(|module| format!(" of `{}`", module.name));
        let of = of.unwrap_or_default();
        paragraphs.push(match rules {
            0 => format!("No rules{of}."),
            1 => format!("1 rule{of}: derives {}.", listed(&heads)),
            _ => format!("{rules} rules{of}: derive {}.", listed(&heads)),
        });
        let left_out = mentions.iter().filter(|one| one.role == Role::Reads);
        paragraphs.extend(match left_out.count() {
            0 => None,
            1 => Some("1 `include` leaves it out.".to_owned()),
            several => Some(format!("{several} `include` leave it out.")),
        });
        Some((format!("rules {name}"), paragraphs))
    }

    /// Another name for a type, which the program has written out.
    fn alias(self, declared: FileSpan) -> Option<(String, Vec<String>)> {
        let found = self.declaring(declared, |item| {
            let ItemKind::TypeAlias(alias) = &item.kind else {
                return None;
            };
            Some(alias.name.span)
        })?;
        let start = found.base + code_start(found.item);
        let end = found.base + found.item.span.end;
        let text = self.text(declared.file);
        let written = text.get(start as usize..end as usize)?;
        let declaration = one_line(written.trim_end_matches(';'));
        Some((declaration, docs(&found.item.docs)))
    }

    /// A parameter of a module.
    fn parameter(self, declared: FileSpan) -> Option<(String, Vec<String>)> {
        self.find(declared.file, &mut |found| {
            let module = module_of(found.item)?;
            let is_it = |span: Span| span.shifted(found.base) == declared.span;
            let param = module.params.iter().find(|param| is_it(param.name.span))?;
            let mut shown = format!("{}: {}", param.name, print::ty(&param.ty));
            if let Some(default) = &param.default {
                shown += &format!(" = {}", print::expr(default));
            }
            Some((shown, vec![format!("A parameter of `{}`.", module.name)]))
        })
    }
}

fn find_in<'d, T>(
    items: &'d [ItemNode],
    base: u32,
    inside: Option<&'d ModuleItem>,
    look: &mut impl FnMut(Found<'d>) -> Option<T>,
) -> Option<T> {
    items.iter().find_map(|node| {
        let base = base + node.offset;
        let item = &*node.item;
        let found = Found { item, base, inside };
        look(found).or_else(|| {
            let module = module_of(item)?;
            find_in(&module.items, base, Some(module), look)
        })
    })
}

/// What an import is called, and where.
fn named(import: &Import) -> Span {
    let named = import.alias.as_ref();
    named.unwrap_or(import.target.path.last()).span
}

fn import_of(item: &Item) -> Option<&Import> {
    let ItemKind::Import(import) = &item.kind else {
        return None;
    };
    Some(import)
}

fn module_of(item: &Item) -> Option<&ModuleItem> {
    let ItemKind::Module(module) = &item.kind else {
        return None;
    };
    Some(module)
}

fn group_name(item: &Item) -> Option<Span> {
    let ItemKind::Rules(group) = &item.kind else {
        return None;
    };
    Some(group.name.span)
}

/// Where an item begins behind its documentation.
fn code_start(item: &Item) -> u32 {
    item.docs
        .iter()
        .map(|line| line.span.end)
        .max()
        .unwrap_or(0)
}

fn docs(lines: &[DocLine]) -> Vec<String> {
    let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    Some(lines.join("\n"))
        .filter(|doc| !doc.is_empty())
        .into_iter()
        .collect()
}

/// The declarations of what others can write and read.
fn interface_of(items: &[ItemNode]) -> Vec<String> {
    let members = items.iter().filter_map(|node| {
        let ItemKind::Collection(collection) = &node.item.kind else {
            return None;
        };
        match collection.kind {
            CollectionKind::Input | CollectionKind::Output | CollectionKind::View => {
                Some(print::collection(collection))
            }
            CollectionKind::Table
            | CollectionKind::Scratch
            | CollectionKind::Static
            | CollectionKind::Channel
            | CollectionKind::Loopback => None,
        }
    });
    members.collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(mut lines: Vec<String>) -> String {
    if lines.len() > LINES_MAX {
        let rest = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push(format!("// and {rest} more"));
    }
    lines.join("\n")
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
