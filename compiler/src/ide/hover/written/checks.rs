//! What there is to say of specs, tests and the nodes of tests.

use super::{Written, code_start, cut, docs, one_line};
use crate::base::{FileId, FileSpan, Span};
use crate::ide::hover::{Hover, code, listed};
use crate::ide::names::{Role, Target, names_of};
use crate::syntax::ast::{Item, ItemKind, Spec, SpecLine, StepKind, Test};

impl Written<'_> {
    /// The test whose name is at a byte.
    pub fn test(self, file: FileId, offset: u32) -> Option<Hover> {
        let mut name = Span::at(offset);
        let found = self.find(file, &mut |found| {
            let own = test_of(found.item)?.name_span.shifted(found.base);
            name = own;
            (own.start <= offset && offset <= own.end).then_some(found)
        })?;
        let test = test_of(found.item)?;
        let text = self.text(file);
        let start = code_start(found.item) + found.base;
        let header = text.get(start as usize..)?.split('{').next()?;
        let mut paragraphs = docs(&found.item.docs);
        paragraphs.extend(checks(test));
        paragraphs.push(contents(test));
        let expects = test.steps.iter();
        let expects = expects.filter(|step| matches!(step.kind, StepKind::Expect(_)));
        let expects = expects.filter_map(|step| text.get(step.span.shifted(found.base).range()));
        let expects: Vec<String> = expects.map(one_line).collect();
        paragraphs.extend((!expects.is_empty()).then(|| code(&cut(expects))));
        Some(Hover {
            place: FileSpan::new(file, name),
            declaration: one_line(header),
            paragraphs,
        })
    }

    pub(super) fn spec(self, declared: FileSpan, target: Target) -> Option<(String, Vec<String>)> {
        let found = self.declaring(declared, |item| Some(spec_of(item)?.name.span))?;
        let spec = spec_of(found.item)?;
        let mut paragraphs = docs(&found.item.docs);
        paragraphs.extend(demands(spec));
        let names = names_of(self.db, self.package);
        let mut tests = Vec::new();
        for mention in names.of(target).filter(|one| one.role == Role::Reads) {
            let at = mention.place.span;
            let test = self.find(mention.place.file, &mut |found| {
                let span = found.item.span.shifted(found.base);
                let test = test_of(found.item)?;
                (span.start <= at.start && at.end <= span.end).then_some(test)
            });
            tests.extend(test.map(|test| format!("\"{}\"", test.name)));
        }
        paragraphs.push(match tests.is_empty() {
            true => "No test checks it.".to_owned(),
            false => format!("Checked by {}.", listed(&tests)),
        });
        let start = found.base + code_start(found.item);
        let end = found.base + found.item.span.end;
        let text = self.text(declared.file);
        let text = text.get(start as usize..end as usize)?;
        Some((
            cut(text.trim().lines().map(str::to_owned).collect()),
            paragraphs,
        ))
    }

    pub(super) fn test_node(self, declared: FileSpan) -> Option<(String, Vec<String>)> {
        self.find(declared.file, &mut |found| {
            let test = test_of(found.item)?;
            test.steps.iter().find_map(|step| {
                let StepKind::Node(node) = &step.kind else {
                    return None;
                };
                let is_it = |span: Span| span.shifted(found.base) == declared.span;
                let name = node.names.iter().find(|name| is_it(name.span))?;
                let of = format!("A node of the test \"{}\".", test.name);
                Some((format!("node {name}: {}", node.kind), vec![of]))
            })
        })
    }
}

fn spec_of(item: &Item) -> Option<&Spec> {
    let ItemKind::Spec(spec) = &item.kind else {
        return None;
    };
    Some(spec)
}

fn test_of(item: &Item) -> Option<&Test> {
    if let ItemKind::FaultTest(fault) = &item.kind {
        return Some(&fault.test);
    }
    let ItemKind::Test(test) = &item.kind else {
        return None;
    };
    Some(test)
}

/// What the rows of a spec's relations say.
fn demands(spec: &Spec) -> Option<String> {
    let mut never: Vec<&str> = Vec::new();
    let mut heads: Vec<&str> = Vec::new();
    let mut checkers: Vec<&str> = Vec::new();
    for line in &spec.lines {
        match line {
            SpecLine::Never(line) => never.push(line.rule.head.path.last().as_str()),
            SpecLine::Rule(rule) => heads.push(rule.head.path.last().as_str()),
            SpecLine::Checker(checker) => checkers.push(checker.name.as_str()),
        }
    }
    never.dedup();
    let mut said = Vec::new();
    if !never.is_empty() {
        said.push(format!(
            "A row of {} at any tick violates it.",
            listed(never)
        ));
    }
    if heads.contains(&"pre") || heads.contains(&"post") {
        said.push("At the end of a run each row of `pre` needs the same in `post`.".to_owned());
    }
    if !checkers.is_empty() {
        said.push(format!("Histories must be {}.", listed(checkers)));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

fn checks(test: &Test) -> Option<String> {
    let specs: Vec<String> = test.checks.iter().map(ToString::to_string).collect();
    (!specs.is_empty()).then(|| format!("Holds the run to {}.", listed(&specs)))
}

/// How much there is in a test.
fn contents(test: &Test) -> String {
    let (mut nodes, mut rows, mut expects) = (0, 0, 0);
    for step in &test.steps {
        if let StepKind::Node(node) = &step.kind {
            nodes += node.names.len();
        }
        rows += usize::from(matches!(step.kind, StepKind::Feed(_)));
        expects += usize::from(matches!(step.kind, StepKind::Expect(_)));
    }
    let of = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    format!(
        "{}, {} given, {}.",
        of(nodes.max(1), "node", "nodes"),
        of(rows, "row", "rows"),
        of(expects, "expectation", "expectations"),
    )
}
