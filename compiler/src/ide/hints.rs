//! What the text leaves out, shown beside it: types that were inferred, columns of rows by position, and the
//! label of what a rule derives.

use bloom_stdx::arena::Arena;

use crate::base::FileSpan;
use crate::calm::report::Report;
use crate::hir::{
    Collection, Expr, HeadColumn, ItemRef, Literal, Loc, NodeKind, Origin, Pat, PatId, Place,
    Program, Rule,
};
use crate::typing::{BodyTypes, NodeTypes, Typed};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HintKind {
    /// `: Int`, behind a name.
    Type,
    /// `key: `, before a value.
    Column,
    /// ` async`, behind a rule.
    Label,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hint {
    /// A byte of the file.
    pub at: u32,
    pub kind: HintKind,
    pub text: String,
}

/// The hints of a stretch of a file.
pub fn hints(
    program: &Program,
    places: &Arena<ItemRef, Place>,
    typed: &Typed,
    report: &Report,
    text: &str,
    within: FileSpan,
) -> Vec<Hint> {
    let mut walk = Walk {
        places,
        typed,
        text,
        within,
        hints: Vec::new(),
    };
    for (kind, types) in typed.kinds(program) {
        walk.kind(kind, types);
    }
    for output in &report.outputs {
        let Some(kind) = program.nodes.get(output.place.node) else {
            continue;
        };
        let rules = kind.rules.values();
        for rule in rules.filter(|rule| rule.head.collection == output.place.collection) {
            let end = walk.place(rule.loc).span.end;
            walk.add(
                rule.loc,
                end,
                HintKind::Label,
                format!(" {}", output.label.name()),
            );
        }
    }
    let mut hints = walk.hints;
    hints.sort_unstable();
    hints.dedup();
    hints
}

struct Walk<'a> {
    places: &'a Arena<ItemRef, Place>,
    typed: &'a Typed,
    text: &'a str,
    within: FileSpan,
    hints: Vec<Hint>,
}

impl Walk<'_> {
    fn place(&self, loc: Loc) -> FileSpan {
        let place = self.places[loc.item];
        FileSpan::new(place.file, loc.span.shifted(place.offset))
    }

    fn is_within(&self, loc: Loc) -> bool {
        let FileSpan { file, span } = self.place(loc);
        let within = self.within.span;
        file == self.within.file && span.start <= within.end && within.start <= span.end
    }

    fn add(&mut self, loc: Loc, at: u32, kind: HintKind, text: String) {
        if self.is_within(loc) {
            self.hints.push(Hint { at, kind, text });
        }
    }

    fn kind(&mut self, kind: &NodeKind, types: Option<&NodeTypes>) {
        for (id, collection) in kind.collections.iter() {
            let types = types.and_then(|types| types.collections.get(id));
            let columns = collection.columns.iter().enumerate();
            for (at, column) in columns.filter(|(_, column)| column.ty.is_none()) {
                let ty = types.and_then(|types| types.get(at));
                if let Some(ty) = ty.filter(|_| !collection.is_everywhere()) {
                    let end = self.place(column.loc).span.end;
                    let text = format!(": {}", self.typed.types.show(ty.ty));
                    self.add(column.loc, end, HintKind::Type, text);
                }
            }
        }
        for (id, rule) in kind.rules.iter() {
            if rule.origin == Origin::Written && self.is_within(rule.loc) {
                self.rule(
                    kind,
                    rule,
                    types
                        .and_then(|types| types.rules.get(id))
                        .map(|types| &**types),
                );
            }
        }
    }

    fn rule(&mut self, kind: &NodeKind, rule: &Rule, types: Option<&BodyTypes>) {
        let head = rule.loc.at(rule.head.span);
        if self.is_by_position(head) {
            let columns = rule.head.columns.iter().enumerate();
            for (at, column) in columns {
                if let HeadColumn::Expr(expr) = column {
                    let named = match rule.body.expr(*expr) {
                        Expr::Var(var) => Some(rule.body.vars[*var].name.as_str()),
                        _ => None,
                    };
                    let collection = &kind.collections[rule.head.collection];
                    self.column(collection, at as u32, rule.body.expr_loc(*expr), named);
                }
            }
        }
        for node in &rule.literals {
            match &node.literal {
                Literal::Atom { collection, args } | Literal::Not { collection, args } => {
                    if self.is_by_position(rule.loc.at(node.span)) {
                        for arg in args {
                            let named = match rule.body.pat(arg.pat) {
                                Pat::Var(var) => Some(rule.body.vars[*var].name.as_str()),
                                _ => None,
                            };
                            let collection = &kind.collections[*collection];
                            self.column(collection, arg.column, rule.body.pat_loc(arg.pat), named);
                        }
                    }
                }
                Literal::Let { pat, .. } => self.bound(rule, *pat, types),
                Literal::Error | Literal::Condition(_) | Literal::In { .. } => {}
            }
        }
    }

    /// Whether the row that stands here has its columns by position.
    fn is_by_position(&self, row: Loc) -> bool {
        let text = self.text.get(self.place(row).span.range());
        let bracket = text.and_then(|text| text.find(['(', '{']).map(|at| text.as_bytes()[at]));
        bracket == Some(b'(')
    }

    fn column(&mut self, of: &Collection, column: u32, value: Loc, named: Option<&str>) {
        let name = of.columns.get(column as usize).map(|column| &column.name);
        let name = name.filter(|name| named != Some(name.as_str()) && of.columns.len() > 1);
        if let Some(name) = name {
            let start = self.place(value).span.start;
            self.add(value, start, HintKind::Column, format!("{name}: "));
        }
    }

    /// The type of what a `let` binds to one name.
    fn bound(&mut self, rule: &Rule, pat: PatId, types: Option<&BodyTypes>) {
        if let Pat::Var(var) = rule.body.pat(pat)
            && let Some(&ty) = types.and_then(|types| types.vars.get(*var))
        {
            let loc = rule.body.pat_loc(pat);
            let end = self.place(loc).span.end;
            let text = format!(": {}", self.typed.types.show(ty));
            self.add(loc, end, HintKind::Type, text);
        }
    }
}
