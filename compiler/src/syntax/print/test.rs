//! Tests and specs.

use super::{BRACES, Printer};
use crate::base::Span;
use crate::syntax::ast::{
    Expect, Expr, ExprKind, FaultTest, Feed, LitKind, Name, Spec, SpecLine, Step, StepKind, Test,
};

impl Printer {
    pub fn test(&mut self, test: &Test) {
        self.word("test");
        self.text(&test.name);
        self.checks(test);
        self.steps(&test.steps);
    }

    pub fn fault_test(&mut self, fault: &FaultTest) {
        self.word("fault test");
        self.text(&fault.test.name);
        self.checks(&fault.test);
        if !fault.bounds.is_empty() {
            self.word("with");
            self.commas(&fault.bounds, |printer, bound| {
                printer.word(bound.name.as_str());
                if bound.until {
                    printer.word("until");
                }
                if let Some(value) = &bound.value {
                    printer.expr(value);
                }
            });
        }
        self.steps(&fault.test.steps);
    }

    fn checks(&mut self, test: &Test) {
        if !test.checks.is_empty() {
            self.word("checks");
            self.commas(&test.checks, Self::path);
        }
    }

    pub fn spec(&mut self, spec: &Spec) {
        self.word("spec");
        self.word(spec.name.as_str());
        self.word("{");
        self.out.push('\n');
        for line in &spec.lines {
            match line {
                SpecLine::Rule(rule) => self.rule(rule),
                SpecLine::Never(never) => {
                    self.word("never");
                    self.rule(&never.rule);
                }
                SpecLine::Checker(checker) => {
                    self.word(checker.name.as_str());
                    self.end();
                }
            }
        }
        self.out.push_str("}\n");
    }

    fn text(&mut self, text: &str) {
        let kind = ExprKind::Literal(LitKind::text(text));
        self.expr(&Expr::new(kind, Span::default()));
    }

    fn steps(&mut self, steps: &[Step]) {
        self.word("{");
        self.out.push('\n');
        for step in steps.iter().filter(|step| step.kind != StepKind::Broken) {
            self.step(&step.kind);
            self.end();
        }
        self.out.push_str("}\n");
    }

    fn names(&mut self, names: &[Name]) {
        self.commas(names, |printer, name| printer.word(name.as_str()));
    }

    fn feed(&mut self, feed: &Feed) {
        self.path(&feed.path);
        self.head_args(&feed.args);
    }

    fn step(&mut self, step: &StepKind) {
        match step {
            StepKind::Node(node) => {
                self.word("node");
                self.names(&node.names);
                self.mark(": ");
                self.path(&node.kind);
                self.type_args(&node.type_args);
                if !node.args.is_empty() {
                    self.args(&node.args);
                }
            }
            StepKind::Feed(feed) => self.feed(feed),
            StepKind::Seal(feed) => {
                self.word("seal");
                self.feed(feed);
            }
            StepKind::Tick { count, nodes } => {
                self.word("tick");
                if let Some(count) = count {
                    self.expr(count);
                }
                self.names(nodes);
            }
            StepKind::Settle => self.word("settle"),
            StepKind::Advance(time) => {
                self.word("advance");
                self.expr(time);
            }
            StepKind::Crash(nodes) => {
                self.word("crash");
                self.names(nodes);
            }
            StepKind::Restart(nodes) => {
                self.word("restart");
                self.names(nodes);
            }
            StepKind::Partition(sides) => self.partition(sides),
            StepKind::Heal => self.word("heal"),
            StepKind::Drop { from, to, channel } => {
                self.word("drop");
                self.word(from.as_str());
                self.infix("->");
                self.word(to.as_str());
                self.path(channel);
            }
            StepKind::Expect(Expect::Error { text, .. }) => {
                self.word("expect error");
                self.text(text);
            }
            StepKind::Expect(Expect::Literal(literal)) => {
                self.word("expect");
                self.literal(literal);
            }
            StepKind::Broken => {}
        }
    }

    fn partition(&mut self, sides: &[Vec<Name>]) {
        self.word("partition");
        for (i, side) in sides.iter().enumerate() {
            if i > 0 {
                self.word("|");
            }
            self.bracketed(BRACES, side, |printer, name| printer.word(name.as_str()));
        }
    }
}
