//! Who writes a collection and who reads it, as a hierarchy of calls: a rule leads from what its body names to
//! its head.

use crate::base::FileSpan;
use crate::database::{Db, Package};
use crate::hir::{CollectionId, Literal, Loc, NodeKind};

/// A collection, and where rules name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub collection: Named,
    /// Of a collection that is read, the literals; of one that is written, the heads.
    pub places: Vec<FileSpan>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub declared: FileSpan,
    pub name: String,
    /// `table`
    pub word: &'static str,
}

/// The collection that is declared at a place.
pub fn collection(db: &dyn Db, package: Package, declared: FileSpan) -> Option<Named> {
    let walk = Walk { db, package };
    let all = walk
        .kinds()
        .flat_map(|kind| kind.collections.values().map(move |c| (kind, c)));
    let mut found = all.filter(|(_, collection)| walk.place(collection.loc) == declared);
    let (_, collection) = found.next()?;
    Some(Named {
        declared,
        name: collection.name.to_string(),
        word: collection.kind.word(),
    })
}

/// What the rules that derive a collection read, and where.
pub fn writers(db: &dyn Db, package: Package, declared: FileSpan) -> Vec<Link> {
    Walk { db, package }.links(declared, true)
}

/// What the rules that read a collection derive, and where they read it.
pub fn readers(db: &dyn Db, package: Package, declared: FileSpan) -> Vec<Link> {
    Walk { db, package }.links(declared, false)
}

struct Walk<'d> {
    db: &'d dyn Db,
    package: Package,
}

impl<'d> Walk<'d> {
    fn place(&self, loc: Loc) -> FileSpan {
        crate::database::file_span(self.db, self.package, loc)
    }

    fn kinds(&self) -> impl Iterator<Item = &'d NodeKind> {
        crate::database::program(self.db, self.package).kinds()
    }

    fn links(&self, declared: FileSpan, writers: bool) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for kind in self.kinds() {
            let is_it = |id: CollectionId| self.place(kind.collections[id].loc) == declared;
            for rule in kind.rules.values() {
                let reads = rule.literals.iter().filter_map(|node| match node.literal {
                    Literal::Atom { collection, .. } | Literal::Not { collection, .. } => {
                        Some((collection, rule.loc.at(node.span)))
                    }
                    Literal::Error
                    | Literal::Condition(_)
                    | Literal::Let { .. }
                    | Literal::In { .. } => None,
                });
                let head = rule.head.collection;
                match writers {
                    true if is_it(head) => {
                        reads.for_each(|(from, at)| self.link(&mut links, kind, from, at))
                    }
                    false => reads
                        .filter(|(from, _)| is_it(*from))
                        .for_each(|(_, at)| self.link(&mut links, kind, head, at)),
                    true => {}
                }
            }
        }
        links.sort_by(|a, b| a.collection.cmp(&b.collection));
        links
    }

    fn link(&self, links: &mut Vec<Link>, kind: &NodeKind, of: CollectionId, at: Loc) {
        let collection = &kind.collections[of];
        let (declared, place) = (self.place(collection.loc), self.place(at));
        let known = links
            .iter_mut()
            .find(|link| link.collection.declared == declared);
        match known {
            Some(link) if link.places.contains(&place) => {}
            Some(link) => link.places.push(place),
            None => links.push(Link {
                collection: Named {
                    declared,
                    name: collection.name.to_string(),
                    word: collection.kind.word(),
                },
                places: vec![place],
            }),
        }
    }
}
