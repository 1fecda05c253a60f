//! Where the type of something is declared, and what implements a protocol.

use super::names::{Role, Target, names_of};
use crate::base::{FileId, FileSpan};
use crate::database::{self, Db, Package};
use crate::hir::{Loc, NodeKind};
use crate::syntax::ast::{ItemKind, ItemNode};
use crate::typing::NodeTypes;
use bloom_plan::types::TypeId;

/// The declarations of the types of what is named at a byte of a file: of a column or variable those of its type
/// and of its parts, of a type its own.
pub fn type_definitions(
    db: &dyn Db,
    package: Package,
    (file, offset): (FileId, u32),
) -> Vec<FileSpan> {
    let walk = Walk { db, package };
    let mentions = names_of(db, package).all_at(file, offset);
    let found = mentions.filter_map(|mention| match mention.target {
        Target::Type(place) => Some(vec![place]),
        Target::Column(place) => walk.column(place).map(|ty| walk.definitions(ty)),
        Target::Variable(of, var) => {
            let found = walk.kinds().find_map(|(kind, types)| {
                let mut rules = kind.rules.iter();
                let (id, _) = rules.find(|(_, rule)| walk.place(rule.body.loc) == of)?;
                types?.rules.get(id)?.vars.get(var).copied()
            });
            found.map(|ty| walk.definitions(ty))
        }
        Target::File(_)
        | Target::Collection(_)
        | Target::Function(_)
        | Target::Constant(_)
        | Target::Variant(_)
        | Target::Module(_)
        | Target::Import(_)
        | Target::Spec(_)
        | Target::Group(_)
        | Target::TestNode(_) => None,
    });
    let mut found: Vec<FileSpan> = found.flatten().collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The names of the modules and nodes that say they have a protocol.
pub fn implementations(db: &dyn Db, package: Package, protocol: Target) -> Vec<FileSpan> {
    let mentions = names_of(db, package).of(protocol);
    let reads: Vec<FileSpan> = mentions
        .filter(|mention| mention.role == Role::Reads)
        .map(|mention| mention.place)
        .collect();
    let mut found = Vec::new();
    for (file, &source) in (0..).map(FileId).zip(package.files(db)) {
        headers(
            &database::module(db, source).items,
            0,
            &mut |header, name| {
                let is_named = |place: &FileSpan| {
                    place.file == file
                        && header.start <= place.span.start
                        && place.span.end <= header.end
                };
                if reads.iter().any(is_named) {
                    found.push(FileSpan::new(file, name));
                }
            },
        );
    }
    found
}

/// Of each module its protocols, where it has some, and its name.
fn headers(
    items: &[ItemNode],
    base: u32,
    visit: &mut impl FnMut(crate::base::Span, crate::base::Span),
) {
    for node in items {
        let start = base + node.offset;
        if let ItemKind::Module(module) = &node.item.kind {
            if let (Some(first), Some(last)) = (module.protocols.first(), module.protocols.last()) {
                let protocols = first.span.cover(last.span);
                visit(protocols.shifted(start), module.name.span.shifted(start));
            }
            headers(&module.items, start, visit);
        }
    }
}

struct Walk<'d> {
    db: &'d dyn Db,
    package: Package,
}

impl<'d> Walk<'d> {
    fn place(&self, loc: Loc) -> FileSpan {
        database::file_span(self.db, self.package, loc)
    }

    fn kinds(&self) -> impl Iterator<Item = (&'d NodeKind, Option<&'d NodeTypes>)> + use<'d> {
        let typed = database::typed(self.db, self.package);
        let types = typed.nodes.values().chain(&typed.unused);
        let program = database::program(self.db, self.package);
        let kinds = program.nodes.values().chain(&program.unused);
        kinds.zip(types.map(Some).chain(std::iter::repeat(None)))
    }

    fn column(&self, declared: FileSpan) -> Option<TypeId> {
        self.kinds().find_map(|(kind, types)| {
            let (id, at) = kind.collections.iter().find_map(|(id, collection)| {
                let mut columns = collection.columns.iter();
                let at = columns.position(|column| self.place(column.loc) == declared)?;
                Some((id, at))
            })?;
            Some(types?.collections.get(id)?.get(at)?.ty)
        })
    }

    /// Where the types are declared that a type is shown with.
    fn definitions(&self, ty: TypeId) -> Vec<FileSpan> {
        let shown = database::typed(self.db, self.package).types.show(ty);
        let words = shown.split(|c: char| !c.is_alphanumeric() && c != '_');
        let words: Vec<&str> = words.collect();
        let types = database::program(self.db, self.package).types.values();
        let named = types.filter(|def| {
            def.name
                .rsplit('.')
                .next()
                .is_some_and(|own| words.contains(&own))
        });
        let declared = named.map(|def| self.place(def.loc));
        declared.filter(|place| !place.span.is_empty()).collect()
    }
}
