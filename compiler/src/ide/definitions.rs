//! Where the type of something is declared, and what implements a protocol.

use super::names::{Role, Target, all_names, names_of};
use crate::base::{FileId, FileSpan};
use crate::database::{self, Db, Package};
use crate::hir::{Loc, Program, TypeDef, TypeRef};
use crate::syntax::ast::{ItemKind, ItemNode};
use crate::typing::Typed;
use bloom_plan::types::TypeId;

/// The declarations of the types of what is named at a byte of a file: of a column or variable those of its type
/// and of its parts, of a type its own.
pub fn type_definitions(
    db: &dyn Db,
    package: Package,
    (file, offset): (FileId, u32),
) -> Vec<FileSpan> {
    let walk = Walk { db, package };
    let names = all_names(db, package);
    let mentions = names.all_at(file, offset);
    let found = mentions
        .into_iter()
        .filter_map(|mention| match mention.target {
            Target::Type(place) => Some(vec![place]),
            Target::Column(place) => walk.column(place).map(|ty| walk.definitions(ty)),
            Target::Field(place) => Some(walk.of_field(place)),
            Target::Variable(of, var) => {
                let found = walk
                    .typed()
                    .kinds(walk.program())
                    .find_map(|(kind, types)| {
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

    fn program(&self) -> &'d Program {
        database::program(self.db, self.package)
    }

    fn typed(&self) -> &'d Typed {
        database::typed(self.db, self.package)
    }

    fn column(&self, declared: FileSpan) -> Option<TypeId> {
        self.typed()
            .kinds(self.program())
            .find_map(|(kind, types)| {
                let (id, at) = kind.collections.iter().find_map(|(id, collection)| {
                    let mut columns = collection.columns.iter();
                    let at = columns.position(|column| self.place(column.loc) == declared)?;
                    Some((id, at))
                })?;
                Some(types?.collections.get(id)?.get(at)?.ty)
            })
    }

    /// The declarations of the types that a field is written with.
    fn of_field(&self, declared: FileSpan) -> Vec<FileSpan> {
        let program = self.program();
        let mut fields = program.types.values().flat_map(TypeDef::all_fields);
        let mut found = Vec::new();
        if let Some(field) = fields.find(|field| self.place(field.loc) == declared) {
            field.ty.walk(&mut |ty| {
                if let TypeRef::Def(def, _) = ty {
                    found.push(self.place(program.types[*def].loc));
                }
            });
        }
        found.retain(|place| !place.span.is_empty());
        found
    }

    /// Where the types are declared that a type is shown with.
    fn definitions(&self, ty: TypeId) -> Vec<FileSpan> {
        let shown = self.typed().types.show(ty);
        let words = shown.split(|c: char| !c.is_alphanumeric() && c != '_');
        let words: Vec<&str> = words.collect();
        let types = self.program().types.values();
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
