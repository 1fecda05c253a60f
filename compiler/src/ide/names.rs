//! Where names stand, and what they mean: collections and their columns, functions, constants, variables, types,
//! modules, nodes of tests.
//!
//! They are found item by item, in two ways. The resolved program ([`program`]) says what each literal, head and
//! expression means and where it is as a whole; where in it the name stands, its text tells. The syntax tree ([`tree`])
//! has the names that resolution leaves no place of. What a module declares is known by its declaration, so that the
//! copies which imports make of it are one. A walk of its own ([`fields`]) finds the fields behind dots, which only
//! types tell; they are looked for where they are asked for, so that what needs no types does not wait for them. After
//! an edit of rules ([`again`]) these are looked at, and all other items keep their names ([`packed`]).

mod again;
mod fields;
mod packed;
mod program;
mod tree;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bloom_stdx::arena::Arena;
use rustc_hash::FxHashSet;

use crate::base::{FileId, FileSpan, Span};
use crate::database::{self, Db, Package};
use crate::hir::{Collection, ItemRef, Loc, Place, Program, VarId};
use crate::syntax::ast;
use crate::typing::Typed;

use again::Standing;
use packed::{Groups, ItemNames, Mentions, Numbers};

/// What a name does where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Declares,
    /// The head of a rule, a row that a test feeds, or the first place of a variable.
    Writes,
    Reads,
}

/// A name in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mention {
    pub place: FileSpan,
    pub target: Target,
    pub role: Role,
}

/// What a name means, by where that is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A module that is a file.
    File(FileId),
    Collection(FileSpan),
    Column(FileSpan),
    Function(FileSpan),
    Constant(FileSpan),
    Type(FileSpan),
    /// A variant of an enum.
    Variant(FileSpan),
    /// Of a record, a variant or a lattice.
    Field(FileSpan),
    /// A module, node or protocol.
    Module(FileSpan),
    /// What an `import` is called.
    Import(FileSpan),
    Spec(FileSpan),
    /// A group of rules, by the first of its name in the module.
    Group(FileSpan),
    /// A node of a test.
    TestNode(FileSpan),
    /// Of the rule, function or constant at this place.
    Variable(FileSpan, VarId),
}

impl Target {
    /// Where a collection is declared; none of all else.
    pub fn collection(self) -> Option<FileSpan> {
        match self {
            Target::Collection(declared) => Some(declared),
            Target::File(_)
            | Target::Column(_)
            | Target::Function(_)
            | Target::Constant(_)
            | Target::Type(_)
            | Target::Variant(_)
            | Target::Field(_)
            | Target::Module(_)
            | Target::Import(_)
            | Target::Spec(_)
            | Target::Group(_)
            | Target::TestNode(_)
            | Target::Variable(..) => None,
        }
    }
}

/// A file in which names are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    /// Its path as a module.
    pub name: &'t str,
    pub text: &'t str,
    pub module: &'t ast::Module,
}

/// All names of a program.
#[derive(Debug, Default)]
pub struct Names {
    mentions: Mentions,
    /// By what they mean: once somebody asks.
    groups: OnceLock<Groups>,
}

/// The names of a package.
#[salsa::tracked(returns(ref), no_eq)]
pub fn names_of(db: &dyn Db, package: Package) -> Arc<Names> {
    let files = package.files(db).iter();
    let modules = files.map(|&file| Arc::clone(database::module(db, file)));
    let modules: Vec<Arc<ast::Module>> = modules.collect();
    let files = package.files(db).iter().zip(&modules);
    let sources: Vec<Source<'_>> = files
        .map(|(&file, module)| Source {
            name: file.name(db),
            text: file.text(db),
            module,
        })
        .collect();
    let known = Known {
        program: database::program(db, package),
        places: &database::resolved(db, package).places,
        only: None,
        pause: &|| db.unwind_if_revision_cancelled(),
    };
    let before = db.recalls().of_package::<Standing>(package);
    let again = before.and_then(|before| before.again(known, &sources, &modules));
    let names = Arc::new(again.unwrap_or_else(|| Names::found(known, &sources)));
    let standing = Standing::new(&names, known, &sources, &modules);
    db.recalls().keep(package, Arc::new(standing));
    names
}

/// The fields behind dots of a package.
#[salsa::tracked(returns(ref), no_eq)]
pub(super) fn fields_of(db: &dyn Db, package: Package) -> Names {
    let program = database::program(db, package);
    let places = &database::resolved(db, package).places;
    Names::fields(program, places, database::typed(db, package))
}

/// The names of a package, with the fields behind dots.
#[derive(Clone, Copy)]
pub struct AllNames<'d> {
    db: &'d dyn Db,
    package: Package,
}

pub fn all_names(db: &dyn Db, package: Package) -> AllNames<'_> {
    AllNames { db, package }
}

impl<'d> AllNames<'d> {
    /// As [`Names::at`].
    pub fn at(self, file: FileId, offset: u32) -> Option<Mention> {
        self.all_at(file, offset).pop()
    }

    /// As [`Names::all_at`].
    pub fn all_at(self, file: FileId, offset: u32) -> Vec<Mention> {
        let found: Vec<Mention> = names_of(self.db, self.package)
            .all_at(file, offset)
            .collect();
        match found.iter().any(|mention| mention.place.span.end > offset) {
            true => found,
            // One that ends here may touch a field, or what ends here be a field itself.
            false => {
                let fields = fields_of(self.db, self.package).all_at(file, offset);
                let fields: Vec<Mention> = fields.collect();
                if fields.is_empty() { found } else { fields }
            }
        }
    }

    /// As [`Names::of`].
    pub fn of(self, target: Target) -> impl Iterator<Item = Mention> + use<'d> {
        let is_field = matches!(target, Target::Field(_));
        let fields = is_field.then(|| fields_of(self.db, self.package));
        let fields = fields.into_iter().flat_map(move |fields| fields.of(target));
        names_of(self.db, self.package).of(target).chain(fields)
    }

    /// As [`Names::declarations`].
    pub fn declarations(self, target: Target) -> Vec<FileSpan> {
        names_of(self.db, self.package).declarations(target)
    }
}

impl Names {
    /// `places` say where items are, which the program itself need not know; `sources` stand by their number.
    pub fn new(program: &Program, places: &Arena<ItemRef, Place>, sources: &[Source<'_>]) -> Self {
        let known = Known {
            program,
            places,
            only: None,
            pause: &|| {},
        };
        Self::found(known, sources)
    }

    /// The fields behind dots alone.
    pub fn fields(program: &Program, places: &Arena<ItemRef, Place>, typed: &Typed) -> Self {
        let known = Known {
            program,
            places,
            only: None,
            pause: &|| {},
        };
        let mut found = Vec::new();
        fields::names(known, typed, &mut found);
        found.sort_unstable();
        let mut numbers = Numbers::default();
        let mut files = Vec::new();
        for own in found.chunk_by(|(a, _), (b, _)| a == b) {
            let item = own[0].0;
            let mut mentions = own.iter().map(|(_, mention)| *mention).collect();
            let names = ItemNames::new(item, &mut mentions, &mut numbers);
            files.resize_with(files.len().max(item.file.0 as usize + 1), Vec::new);
            files[item.file.0 as usize].push((item.offset, names));
        }
        Self::of_mentions(Mentions::new(files, numbers))
    }

    fn found(known: Known<'_>, sources: &[Source<'_>]) -> Self {
        let mut numbers = Numbers::default();
        let mut files = vec![Vec::new(); sources.len()];
        tree::names(known, sources, &mut |item, mentions| {
            let names = ItemNames::new(item, mentions, &mut numbers);
            files[item.file.0 as usize].push((item.offset, names));
        });
        Self::of_mentions(Mentions::new(files, numbers))
    }

    fn of_mentions(mentions: Mentions) -> Self {
        Self {
            mentions,
            groups: OnceLock::new(),
        }
    }

    /// The name at a byte of a file, or just before it. Where a column and a variable are named by one word, the
    /// variable.
    pub fn at(&self, file: FileId, offset: u32) -> Option<Mention> {
        self.all_at(file, offset).last()
    }

    /// All that the word at a byte of a file, or just before it, means; of two that touch, the one that begins
    /// there.
    pub fn all_at(&self, file: FileId, offset: u32) -> impl Iterator<Item = Mention> + '_ {
        let found = self.mentions.last_until(file, offset);
        found
            .into_iter()
            .filter(move |mention| offset <= mention.place.span.end)
    }

    /// Where what is meant is declared; a variable, where it is first named; a file, at its start.
    pub fn declarations(&self, target: Target) -> Vec<FileSpan> {
        if let Target::File(file) = target {
            return vec![FileSpan::new(file, Span::at(0))];
        }
        let wanted = match matches!(target, Target::Variable(..)) {
            true => Role::Writes,
            false => Role::Declares,
        };
        let mentions = self.of(target);
        let declares = mentions.filter(|mention| mention.role == wanted);
        declares.map(|mention| mention.place).collect()
    }

    /// All places that mean the same, in the order of files.
    pub fn of(&self, target: Target) -> impl Iterator<Item = Mention> + use<> {
        let groups = self.groups.get_or_init(|| self.mentions.grouped());
        self.mentions.of(target, groups).into_iter()
    }

    /// The names of a file, in the order of its text.
    pub fn in_file(&self, file: FileId) -> impl Iterator<Item = Mention> + '_ {
        self.mentions.in_file(file)
    }

    /// As [`Self::in_file`], of the items of which a part is between two places, and may be more.
    pub(super) fn in_part(
        &self,
        file: FileId,
        from: u32,
        upto: u32,
    ) -> impl Iterator<Item = Mention> + '_ {
        self.mentions.in_part(file, from, upto)
    }

    /// From where to where items of a file have others than the names that they had, or stand elsewhere: counted from the
    /// start of the text if that is before an edit, and from its end if behind, where `lengths` are those of the text
    /// before and now. Names may be said to be others that are not.
    pub(super) fn differ(
        &self,
        before: &Self,
        file: FileId,
        lengths: (usize, usize),
    ) -> Option<Range<usize>> {
        self.mentions.differ(&before.mentions, file, lengths)
    }

    /// All names, by file and place.
    pub(super) fn all(&self) -> impl Iterator<Item = Mention> + '_ {
        self.mentions.iter()
    }

    pub(super) fn count(&self) -> usize {
        self.mentions.len()
    }
}

/// The program, and where its items are.
#[derive(Clone, Copy)]
struct Known<'p> {
    program: &'p Program,
    places: &'p Arena<ItemRef, Place>,
    /// Where the items begin that names are looked for in; none for all.
    only: Option<&'p FxHashSet<Place>>,
    /// Called now and then, and does not return where nobody waits any more.
    pause: &'p dyn Fn(),
}

impl Known<'_> {
    fn place(self, loc: Loc) -> FileSpan {
        let place = self.places[loc.item];
        FileSpan::new(place.file, loc.span.shifted(place.offset))
    }

    /// Whether names are looked for in the item that begins there.
    fn wants(self, place: Place) -> bool {
        self.only.is_none_or(|only| only.contains(&place))
    }
}

/// What gets the names of each item that names are looked for in, in the order of files and places. They may be in any
/// order, some twice, and are taken from the list.
type Found<'f> = dyn FnMut(Place, &mut Vec<Mention>) + 'f;

/// Which collection each row of an item is of: by the place of the whole head, literal or step.
#[derive(Default)]
struct Rows<'p>(Vec<(FileSpan, Row<'p>)>);

/// A row, by the last part of its path, and of which declared collection it is: `c.sealed` is of `c`.
#[derive(Clone, Copy)]
struct Row<'p> {
    name: &'p str,
    of: &'p Collection,
}

impl<'p> Rows<'p> {
    /// Puts them in order, after which they can be asked for.
    fn sort(&mut self) {
        self.0.sort_by_key(|(place, _)| *place);
    }

    fn at(&self, place: FileSpan) -> impl Iterator<Item = Row<'p>> + '_ {
        let first = self.0.partition_point(|(own, _)| *own < place);
        let rows = self.0[first..].iter();
        rows.take_while(move |(own, _)| *own == place)
            .map(|(_, row)| *row)
    }
}
