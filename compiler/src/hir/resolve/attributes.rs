//! Attributes: `#[nondeterministic("reason")]`, and what the arrivals of a collection are promised:
//! `#[once]`, `#[fifo("group")]`, `#[ordered("log")]`.

use super::Resolver;
use crate::base::codes;
use crate::hir::{CollectionKind, Delivery, ItemRef, Loc};
use crate::syntax::ast;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// What the attributes before an item say.
#[derive(Default)]
pub(super) struct Attributes {
    /// The reason of `#[nondeterministic("reason")]`.
    pub nondeterministic: Option<SmolStr>,
    pub delivery: Delivery,
}

const KNOWN: [&str; 4] = ["nondeterministic", "once", "fifo", "ordered"];

impl<'a> Resolver<'a> {
    /// Reads the attributes of an item; what they cannot be is reported.
    pub fn attributes(&mut self, item: &ast::Item, item_ref: ItemRef) -> Attributes {
        let mut read = Attributes::default();
        let mut before: Option<Loc> = None;
        for attribute in &item.attributes {
            let loc = Loc::new(item_ref, attribute.name.span);
            match attribute.name.as_str() {
                "nondeterministic" => {
                    let reason = self.only_string(attribute, "reason", loc);
                    read.nondeterministic = Some(reason.unwrap_or_default());
                    continue;
                }
                name if !KNOWN.contains(&name) => {
                    let message = format!("unknown attribute `{name}`");
                    self.report_unknown(
                        codes::E0225,
                        loc,
                        name,
                        KNOWN,
                        message,
                        "not an attribute",
                    );
                    continue;
                }
                _ => {}
            }
            if !self.check_delivered(item, attribute, loc) {
                continue;
            }
            let Some(delivery) = self.delivery(attribute, loc) else {
                continue;
            };
            if let Some(before) = before {
                let message = "a collection has one delivery: two are given";
                let diagnostic = self
                    .diagnostic(codes::E0231, loc, message, "the second")
                    .with_label(self.program.file_span(before), "the first")
                    .with_help("`fifo` implies `once`, and `ordered` implies both");
                self.report(diagnostic);
                continue;
            }
            before = Some(loc);
            read.delivery = delivery;
        }
        read
    }

    /// What the attribute promises, if its argument is what it must be.
    fn delivery(&mut self, attribute: &ast::Attribute, loc: Loc) -> Option<Delivery> {
        match attribute.name.as_str() {
            "once" => self.no_argument(attribute, loc).then_some(Delivery::Once),
            "fifo" => self
                .only_string(attribute, "group", loc)
                .map(Delivery::Fifo),
            _ => self
                .only_string(attribute, "log", loc)
                .map(Delivery::Ordered),
        }
    }

    /// The attribute's argument, which is a string that says something.
    fn only_string(&mut self, attribute: &ast::Attribute, what: &str, loc: Loc) -> Option<SmolStr> {
        let given = match attribute.args.as_slice() {
            [
                ast::Expr {
                    kind: ast::ExprKind::Literal(ast::LitKind::Str(text)),
                    ..
                },
            ] if !text.is_empty() => Some(SmolStr::clone(text)),
            _ => None,
        };
        if given.is_none() {
            let name = &attribute.name;
            let message = format!("`{name}` takes its {what} as one string: `{name}(\"…\")`");
            self.error(codes::E0225, loc, message, format!("{what} missing"));
        }
        given
    }

    fn no_argument(&mut self, attribute: &ast::Attribute, loc: Loc) -> bool {
        let none = attribute.args.is_empty();
        if !none {
            let message = format!("`{}` takes no argument", attribute.name);
            self.error(codes::E0225, loc, message, "an argument is given");
        }
        none
    }

    /// Only what arrives can be promised how, and only what has a sender can be sent again.
    fn check_delivered(&mut self, item: &ast::Item, attribute: &ast::Attribute, loc: Loc) -> bool {
        use ast::CollectionKind as Kind;
        let decl = match &item.kind {
            ast::ItemKind::Collection(decl) => Some(decl),
            _ => None,
        };
        let name = &attribute.name;
        let problem = match decl.map(|decl| decl.kind) {
            Some(Kind::Channel) => return true,
            Some(Kind::Loopback) if name.as_str() != "ordered" => return true,
            Some(Kind::Loopback) => {
                "what a loopback carries stays at its node, which takes it in before the next entry of a log"
                    .to_owned()
            }
            Some(Kind::Input) if name.as_str() != "once" => return true,
            Some(Kind::Input) => {
                "what is fed to an input has no sender that could send it again".to_owned()
            }
            Some(Kind::Table | Kind::Scratch | Kind::Static | Kind::Output | Kind::View) => {
                let decl = decl.expect("it has a kind");
                format!("nothing arrives in `{}` from elsewhere", decl.name)
            }
            None => "the attribute does not stand before a collection".to_owned(),
        };
        let place = match name.as_str() {
            "once" => "a channel or loopback",
            "ordered" => "an input or channel",
            _ => "an input, channel or loopback",
        };
        let message = format!("only {place} can be `{name}`: {problem}");
        self.error(codes::E0231, loc, message, "does not fit what follows");
        false
    }

    /// A log makes replicas agree: where an ordered collection of the program itself is in no replicated kind,
    /// there is nobody to agree with.
    pub fn check_ordered(&mut self) {
        let mut agree: BTreeMap<Loc, (SmolStr, bool)> = BTreeMap::new();
        for node in self.program.nodes.values() {
            for collection in node.collections.values() {
                let is_companion = matches!(collection.kind, CollectionKind::Seal { .. });
                if let Delivery::Ordered(_) = collection.delivery
                    && !collection.imported
                    && !is_companion
                {
                    let name = collection.name.clone();
                    agree.entry(collection.loc).or_insert((name, false)).1 |= node.replicated;
                }
            }
        }
        for (loc, (name, replicated)) in agree {
            if !replicated {
                let message = format!("`{name}` is ordered, but in no node that is replicated");
                let diagnostic = self
                    .diagnostic(codes::E0231, loc, message, "nobody to agree with")
                    .with_help(
                        "an ordered log makes the replicas of a node agree: `node Name replicated { … }`; \
                         `#[fifo(\"group\")]` keeps the order of each sender",
                    );
                self.report(diagnostic);
            }
        }
    }
}
