//! Where names stand, and what they mean: collections, functions, constants, and the variables of rules.
//!
//! The resolved program says what each literal, head and expression means and where it is as a whole; where in
//! it the name stands, its text tells. What a module declares is known by its declaration, so that the
//! copies which imports make of it are one. Costs a walk over the program.

use bloom_stdx::arena::Arena;

use crate::base::{FileId, FileSpan, Span};
use crate::hir::{
    Body, Expr, ItemRef, Literal, Loc, NodeKind, Origin, Pat, Place, Program, Rule, VarId,
};

/// What a name does where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Declares,
    /// The head of a rule, or the first place of a variable.
    Writes,
    Reads,
}

/// A name in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mention {
    pub place: FileSpan,
    pub role: Role,
    pub target: Target,
}

/// What a name means, by where that is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    Collection(FileSpan),
    Function(FileSpan),
    Constant(FileSpan),
    /// Of the rule, function or constant at this place.
    Variable(FileSpan, VarId),
}

/// All names of a program.
#[derive(Debug, Default)]
pub struct Names {
    /// By place.
    pub(super) mentions: Vec<Mention>,
}

impl Names {
    /// `places` say where items are, which the program itself need not know.
    pub fn new<'t>(
        program: &Program,
        places: &Arena<ItemRef, Place>,
        text: &dyn Fn(FileId) -> &'t str,
    ) -> Self {
        let mut walk = Walk {
            program,
            places,
            text,
            mentions: Vec::new(),
        };
        for (_, function) in program.functions.iter() {
            walk.declares(&function.name, function.loc, Target::Function);
            walk.body(&function.body);
        }
        for (_, constant) in program.constants.iter() {
            walk.declares(&constant.name, constant.loc, Target::Constant);
            constant.init.iter().for_each(|body| walk.body(body));
        }
        for kind in program.nodes.values().chain(&program.unused) {
            walk.kind(kind);
        }
        let mut mentions = walk.mentions;
        mentions.sort_unstable();
        mentions.dedup();
        Self { mentions }
    }

    /// The name at a byte of a file, or just before it.
    pub fn at(&self, file: FileId, offset: u32) -> Option<Mention> {
        let mut found = self.mentions.iter().filter(|mention| {
            let Span { start, end } = mention.place.span;
            mention.place.file == file && start <= offset && offset <= end
        });
        // Of two that touch, the one that begins here.
        found.next_back().copied()
    }

    /// Where what is meant is declared; a variable, where it is first named.
    pub fn declarations(&self, target: Target) -> impl Iterator<Item = FileSpan> {
        let mentions = self.of(target);
        let declares = mentions.filter(move |mention| match target {
            Target::Variable(..) => mention.role == Role::Writes,
            Target::Collection(_) | Target::Function(_) | Target::Constant(_) => {
                mention.role == Role::Declares
            }
        });
        declares.map(|mention| mention.place)
    }

    /// All places that mean the same, in the order of files.
    pub fn of(&self, target: Target) -> impl Iterator<Item = Mention> {
        let mentions = self.mentions.iter().copied();
        mentions.filter(move |mention| mention.target == target)
    }
}

struct Walk<'p, 't> {
    program: &'p Program,
    places: &'p Arena<ItemRef, Place>,
    text: &'p dyn Fn(FileId) -> &'t str,
    mentions: Vec<Mention>,
}

impl<'t> Walk<'_, 't> {
    fn place(&self, loc: Loc) -> FileSpan {
        let place = self.places[loc.item];
        FileSpan::new(place.file, loc.span.shifted(place.offset))
    }

    /// Nothing if the place is not in its text, as after a mistake.
    fn text_at(&self, place: FileSpan) -> &'t str {
        (self.text)(place.file)
            .get(place.span.range())
            .unwrap_or_default()
    }

    fn add(&mut self, place: FileSpan, role: Role, target: Target) {
        if !place.span.is_empty() {
            self.mentions.push(Mention {
                place,
                role,
                target,
            });
        }
    }

    fn declares(&mut self, name: &str, loc: Loc, target: fn(FileSpan) -> Target) {
        let place = self.place(loc);
        let own = name.rsplit('.').next().unwrap_or(name);
        if let Some(span) = word(self.text_at(place), own) {
            let named = FileSpan::new(place.file, span.shifted(place.span.start));
            self.add(named, Role::Declares, target(place));
        }
    }

    fn kind(&mut self, kind: &NodeKind) {
        for collection in kind.collections.values() {
            if !collection.is_everywhere() {
                self.declares(&collection.name, collection.loc, Target::Collection);
            }
            let defaults = collection.columns.iter();
            for body in defaults.filter_map(|column| column.default.as_ref()) {
                self.body(body);
            }
        }
        let written = |rule: &&std::sync::Arc<Rule>| rule.origin == Origin::Written;
        for rule in kind.rules.values().filter(written) {
            let head = rule.loc.at(rule.head.span);
            self.path(head, Role::Writes, kind, rule.head.collection);
            for node in &rule.literals {
                match node.literal {
                    Literal::Atom { collection, .. } | Literal::Not { collection, .. } => {
                        let literal = rule.loc.at(node.span);
                        self.path(literal, Role::Reads, kind, collection);
                    }
                    Literal::Error
                    | Literal::Condition(_)
                    | Literal::Let { .. }
                    | Literal::In { .. } => {}
                }
            }
            self.body(&rule.body);
        }
    }

    /// A collection named at the start of a head or literal.
    fn path(
        &mut self,
        whole: Loc,
        role: Role,
        kind: &NodeKind,
        collection: crate::hir::CollectionId,
    ) {
        let collection = &kind.collections[collection];
        if collection.is_everywhere() {
            return;
        }
        let place = self.place(whole);
        let text = self.text_at(place);
        let span = last_of_path(text).shifted(place.span.start);
        let target = Target::Collection(self.place(collection.loc));
        self.add(FileSpan::new(place.file, span), role, target);
    }

    fn body(&mut self, body: &Body) {
        let of = self.place(body.loc);
        for (_, node) in body.pats.iter() {
            if let Pat::Var(var) = node.pat {
                self.variable(body, of, var, node.span);
            }
        }
        for (_, node) in body.exprs.iter() {
            let place = self.place(body.loc.at(node.span));
            let path = || last_of_path(self.text_at(place)).shifted(place.span.start);
            match node.expr {
                Expr::Var(var) => self.variable(body, of, var, node.span),
                Expr::Function(function) | Expr::Call { function, .. } => {
                    let named = FileSpan::new(place.file, path());
                    let function = self.program.functions[function].loc;
                    let target = Target::Function(self.place(function));
                    self.add(named, Role::Reads, target);
                }
                Expr::Constant(constant) => {
                    let named = FileSpan::new(place.file, path());
                    let constant = self.program.constants[constant].loc;
                    let target = Target::Constant(self.place(constant));
                    self.add(named, Role::Reads, target);
                }
                Expr::Error
                | Expr::Literal(_)
                | Expr::Interpolation(_)
                | Expr::SelfAddr
                | Expr::TestNode(_)
                | Expr::CallBuiltin { .. }
                | Expr::CallVar { .. }
                | Expr::Method { .. }
                | Expr::Field { .. }
                | Expr::TupleField { .. }
                | Expr::Construct { .. }
                | Expr::Record { .. }
                | Expr::Tuple(_)
                | Expr::List(_)
                | Expr::Set(_)
                | Expr::Map(_)
                | Expr::Unary { .. }
                | Expr::Binary { .. }
                | Expr::Range { .. }
                | Expr::If { .. }
                | Expr::Match { .. }
                | Expr::Let { .. }
                | Expr::Lambda { .. } => {}
            }
        }
        for &var in &body.params {
            self.variable(body, of, var, body.vars[var].span);
        }
    }

    fn variable(&mut self, body: &Body, of: FileSpan, var: VarId, span: Span) {
        let known = &body.vars[var];
        let place = self.place(body.loc.at(span));
        let role = match known.span == span {
            true => Role::Writes,
            false => Role::Reads,
        };
        // What stands for a variable without naming it, such as a column left out, is not its place.
        if self.text_at(place) == known.name.as_str() {
            self.add(place, role, Target::Variable(of, var));
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the text has this word.
fn word(text: &str, word: &str) -> Option<Span> {
    let mut found = text.match_indices(word);
    found.find_map(|(at, _)| {
        let end = at + word.len();
        let whole = !text[..at].ends_with(is_word) && !text[end..].starts_with(is_word);
        whole.then(|| Span::new(at as u32, end as u32))
    })
}

/// Where the last name of the path is that the text begins with, behind `not`.
fn last_of_path(text: &str) -> Span {
    let inner = match text.strip_prefix("not") {
        Some(rest) if !rest.starts_with(is_word) => rest.trim_start(),
        _ => text,
    };
    let from = text.len() - inner.len();
    let path = inner.split(|c| !is_word(c) && c != '.').next();
    let path = path.unwrap_or_default();
    let last = path.rfind('.').map_or(0, |dot| dot + 1);
    Span::new((from + last) as u32, (from + path.len()) as u32)
}
