//! A document from what the compiler found: ids become names, places become lines.

mod changes;

use std::cell::RefCell;

use bloom_compiler::base::{FileSpan, Label as SourceLabel, render};
use bloom_compiler::calm::report;
use bloom_compiler::calm::{Report, Tables};
use bloom_compiler::coordination::{self, Coordinated};
use bloom_compiler::hir::{CollectionKind, Literal, Loc, Program};
use bloom_compiler::mend::{Budget, Patient, remedies};

use super::document::{
    Accepted, After, AfterView, Assumption, Blame, Document, Fix, Insertion, Label, Output, Path,
    Rule, View,
};
use crate::sources::Sources;

/// What is needed to name things.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) sources: &'a Sources,
    /// As written.
    pub(super) program: &'a Program,
    pub(super) report: &'a Report,
    pub(super) tables: &'a Tables,
    /// For trying fixes.
    pub(super) budget: &'a RefCell<Budget>,
    /// Whether excerpts are drawn in colours.
    pub(super) colors: bool,
}

/// The document of a program; witnesses are added by others.
pub(super) fn document(names: Names<'_>, shown: &str, found: &Coordinated) -> Document {
    let before = &found.before;
    let several_kinds = names.program.nodes.len() > 1;
    let full_name = |node: &str, name: &str| match several_kinds {
        true => format!("{node}.{name}"),
        false => name.to_owned(),
    };
    let insertion = |one: &coordination::Insertion| Insertion {
        kind: one.strategy.name(),
        on: one.on.join(", "),
        by: one.by.iter().map(ToString::to_string).collect(),
        of: one
            .mends
            .iter()
            .map(|mended| mended.name.to_string())
            .collect(),
        full_names: one
            .mends
            .iter()
            .map(|mended| full_name(&mended.node, &mended.name))
            .collect(),
        node: one.node.to_string(),
        price: one.price.words.clone(),
        why: one.why.clone(),
    };
    let accepted = |one: &coordination::Accepted| Accepted {
        name: one.name.to_string(),
        node: one.node.to_string(),
        reason: one.reason.to_string(),
    };
    Document {
        program: shown.to_owned(),
        confluent: before
            .outputs
            .iter()
            .all(|output| output.label.is_deterministic())
            && before.views.iter().all(|view| view.converges),
        outputs: before
            .outputs
            .iter()
            .map(|output| names.output(output))
            .collect(),
        views: before.views.iter().map(|view| names.view(view)).collect(),
        rules: names.rules(),
        coordination: found.insertions.iter().map(insertion).collect(),
        advice: found.advice.iter().map(insertion).collect(),
        accepted: found.accepted.iter().map(accepted).collect(),
        after: found.after.outputs.iter().map(after).collect(),
        after_views: found.after.views.iter().map(after_view).collect(),
        refused: found
            .diagnostics
            .iter()
            .map(|one| one.message.clone())
            .collect(),
        paths: names.tables.paths.iter().map(path).collect(),
        several_kinds,
    }
}

impl Names<'_> {
    fn output(self, output: &report::Output) -> Output {
        Output {
            name: output.name.to_string(),
            node: output.node.to_string(),
            label: label(&output.label),
            deterministic: output.label.is_deterministic(),
            lower_bound: output.lower_bound,
            meaning: output.meaning(),
            at: self.at(output.loc),
            certificate: output.certificate.iter().map(assumption).collect(),
            because: output
                .because
                .iter()
                .map(|blame| self.blame(blame))
                .collect(),
            witness: None,
            fixes: self.fixes(
                output.place,
                output.label.is_deterministic(),
                output.accepted.is_some(),
            ),
        }
    }

    fn view(self, view: &report::View) -> View {
        View {
            name: view.name.to_string(),
            node: view.node.to_string(),
            converges: view.converges,
            prefix_safe: view.prefix_safe,
            title: view.title(),
            meaning: view.meaning().to_owned(),
            at: self.at(view.loc),
            certificate: view.certificate.iter().map(assumption).collect(),
            because: view.because.iter().map(|blame| self.blame(blame)).collect(),
            witness: None,
            fixes: self.fixes(view.place, view.converges, view.accepted.is_some()),
        }
    }

    fn rules(self) -> Vec<Rule> {
        let rule = |rule: &report::RuleVerdict| Rule {
            at: self.at(self.program.nodes[rule.rule.node].rules[rule.rule.rule].loc),
            node: rule.node.to_string(),
            head: rule.head.to_string(),
            kind: match rule.why.is_empty() {
                true => "monotone",
                false => "nonmonotone",
            },
            why: rule.why.iter().map(|cause| cause.name()).collect(),
        };
        self.tables.rules.iter().map(rule).collect()
    }

    fn blame(self, blame: &report::Blame) -> Blame {
        let place = self.program.file_span(blame.rule);
        Blame {
            rule: self.sources.position(place),
            kind: blame.cause.name(),
            over: blame.over.to_string(),
            path: blame.path.iter().map(ToString::to_string).collect(),
            text: blame.text.clone(),
            excerpt: self.excerpt(blame, place),
            source: self.lines(place),
        }
    }

    /// The rule with the cause marked, and where its source is declared.
    fn excerpt(self, blame: &report::Blame, rule: FileSpan) -> String {
        let marked = self.literal(blame).unwrap_or(rule);
        let mut labels = vec![SourceLabel::new(marked, blame.cause.phrase())];
        let source = blame.path.first().and_then(|name| self.declaration(name));
        if let Some((source, words)) = source.filter(|(source, _)| *source != marked) {
            labels.push(SourceLabel::new(source, words));
        }
        render::excerpt(
            "because",
            &blame.text,
            &labels,
            &self.sources.texts,
            self.colors,
        )
    }

    /// The row of the blamed rule's body that is read too early.
    fn literal(self, blame: &report::Blame) -> Option<FileSpan> {
        let violations = self.report.violations.iter();
        let mut places = violations
            .filter(|one| one.cause == blame.cause)
            .filter_map(|one| {
                let node = &self.program.nodes[one.rule.node];
                let rule = &node.rules[one.rule.rule];
                let literal = rule.literals.get(one.literal? as usize)?;
                let reads = match &literal.literal {
                    Literal::Atom { collection, .. } | Literal::Not { collection, .. } => {
                        *collection
                    }
                    Literal::Error
                    | Literal::Condition(_)
                    | Literal::Let { .. }
                    | Literal::In { .. } => return None,
                };
                let is_it = rule.loc == blame.rule && node.collections[reads].name == blame.over;
                is_it.then(|| self.program.file_span(rule.loc.at(literal.span)))
            });
        places.next()
    }

    /// What mends an output or view. What is good, or accepted, needs no mending.
    fn fixes(self, place: report::Place, is_good: bool, is_accepted: bool) -> Vec<Fix> {
        if is_good || is_accepted {
            return Vec::new();
        }
        let patient = Patient {
            sources: &self.sources.texts,
            names: &self.sources.names,
            program: self.program,
            report: self.report,
        };
        let fixes = remedies(patient, place, &mut self.budget.borrow_mut());
        fixes
            .iter()
            .map(|remedy| changes::fix(&remedy.fix, &self.sources.texts))
            .collect()
    }

    /// Where a source is declared, `Kind.name` or the name alone, and when its rows come.
    fn declaration(self, name: &str) -> Option<(FileSpan, &'static str)> {
        let (kind, own) = match name.split_once('.') {
            Some((kind, own)) => (Some(kind), own),
            None => (None, name),
        };
        let mut nodes = self.program.nodes.iter().map(|(_, node)| node);
        nodes.find_map(|node| {
            let own = match kind {
                Some(kind) if kind == node.name => own,
                _ => name,
            };
            let collection = &node.collections[node.collection(own)?];
            let place = self.program.file_span(collection.loc);
            let is_timer = matches!(collection.kind, CollectionKind::Periodic { .. });
            let words = match is_timer {
                true => "fires when a clock says",
                false => "rows come at any time, in any order",
            };
            (!place.span.is_empty()).then_some((place, words))
        })
    }

    /// The whole lines at a place.
    fn lines(self, place: FileSpan) -> Vec<String> {
        let text = self.sources.texts.text(place.file);
        let range = self.sources.texts.range(place);
        let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[range.end..]
            .find('\n')
            .map_or(text.len(), |at| range.end + at);
        text[start..end].lines().map(str::to_owned).collect()
    }

    fn at(self, loc: Loc) -> String {
        self.sources.position(self.program.file_span(loc))
    }
}

fn label(label: &report::Label) -> Label {
    Label {
        label: label.name(),
        by: match label {
            report::Label::Seal(by) => by.iter().map(ToString::to_string).collect(),
            report::Label::Async
            | report::Label::Run
            | report::Label::Instance
            | report::Label::Diverge => Vec::new(),
        },
    }
}

fn assumption(assumption: &report::Assumption) -> Assumption {
    Assumption {
        kind: assumption.kind.name(),
        text: assumption.text.clone(),
    }
}

fn after(output: &report::Output) -> After {
    After {
        name: output.name.to_string(),
        node: output.node.to_string(),
        label: label(&output.label),
        deterministic: output.label.is_deterministic(),
    }
}

fn after_view(view: &report::View) -> AfterView {
    AfterView {
        name: view.name.to_string(),
        node: view.node.to_string(),
        converges: view.converges,
        prefix_safe: view.prefix_safe,
        title: view.title(),
    }
}

fn path(path: &report::Path) -> Path {
    Path {
        from: path.from.to_string(),
        to: path.to.to_string(),
        asynchronous: path.asynchronous,
        nonmonotone: path.nonmonotone,
    }
}
