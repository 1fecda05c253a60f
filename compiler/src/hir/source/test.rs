//! Tests and fault tests as source.

use super::Source;
use super::expr::Writer;
use super::names::{of_node, plain};
use crate::hir::{
    Action, Collection, CollectionId, Column, ExprId, FaultBounds, FaultTest, HeadColumn, Step,
    Test,
};
use bloom_plan::display;

impl<'a> Source<'a> {
    pub fn test(&self, test: &'a Test) -> String {
        let name = display::string(&test.name);
        let checks = self.checks(test);
        format!("\ntest {name}{checks} {}", self.steps(test))
    }

    pub fn fault_test(&self, fault: &'a FaultTest) -> String {
        let mut text = format!("\nfault test {}", display::string(&fault.test.name));
        text += &self.checks(&fault.test);
        let bounds = bounds(&self.test_writer(&fault.test), &fault.bounds);
        if !bounds.is_empty() {
            text += &format!(" with {}", bounds.join(", "));
        }
        text + " " + &self.steps(&fault.test)
    }

    fn checks(&self, test: &Test) -> String {
        let spec = |&place: &u32| self.program.specs[place as usize].name.as_str();
        let specs: Vec<&str> = test.checks.iter().map(spec).collect();
        match specs.as_slice() {
            [] => String::new(),
            specs => format!(" checks {}", specs.join(", ")),
        }
    }

    fn test_writer(&self, test: &'a Test) -> Writer<'a> {
        Writer {
            nodes: &test.nodes,
            ..self.writer(&test.body)
        }
    }

    fn steps(&self, test: &'a Test) -> String {
        let steps = test.steps.iter();
        let steps = steps.filter_map(|step| self.step(test, step));
        let steps: String = steps.map(|step| format!("{step};\n")).collect();
        format!("{{\n{steps}}}")
    }

    fn step(&self, test: &'a Test, step: &Step) -> Option<String> {
        let writer = self.test_writer(test);
        let name = |node: &u32| test.nodes[*node as usize].name.as_str();
        let names = |nodes: &[u32]| nodes.iter().map(name).collect::<Vec<_>>().join(", ");
        let of = |node: u32, id: CollectionId| {
            &self.program.nodes[test.nodes[node as usize].kind].collections[id]
        };
        // The only node of a test may have no name.
        let path = |node: u32, id: CollectionId| {
            let collection = plain(&of(node, id).name);
            match name(&node) {
                "" => collection,
                node => format!("{node}.{collection}"),
            }
        };
        Some(match &step.action {
            Action::Error => return None,
            Action::Start { node } if name(node).is_empty() => return None,
            Action::Start { node } => self.start(test, &writer, *node),
            Action::Feed {
                node,
                collection,
                row,
            } => {
                let columns = fed(&writer, &of(*node, *collection).columns, row);
                format!("{}{{{columns}}}", path(*node, *collection))
            }
            Action::Seal {
                node,
                collection,
                key,
            } => {
                let columns = sealed(&writer, of(*node, *collection), key);
                format!("seal {}{{{columns}}}", path(*node, *collection))
            }
            Action::Tick { count, nodes } => {
                let count = count.map(|count| format!(" {}", writer.expr(count)));
                let nodes = nodes.as_ref().map(|nodes| format!(" {}", names(nodes)));
                let (count, nodes) = (count.unwrap_or_default(), nodes.unwrap_or_default());
                format!("tick{count}{nodes}")
            }
            Action::Settle => "settle".to_owned(),
            Action::Advance(time) => format!("advance {}", writer.expr(*time)),
            Action::Crash(node) => format!("crash {}", name(node)),
            Action::Restart(node) => format!("restart {}", name(node)),
            Action::Partition(sides) => {
                let sides = sides.iter().map(|side| format!("{{{}}}", names(side)));
                format!("partition {}", sides.collect::<Vec<_>>().join(" | "))
            }
            Action::Heal => "heal".to_owned(),
            Action::Drop { from, to, channel } => {
                let channel = plain(&of(*from, *channel).name);
                format!("drop {} -> {} {channel}", name(from), name(to))
            }
            Action::ExpectRows {
                node,
                collection,
                rows,
            } => {
                let row = |row: &Vec<ExprId>| format!("({})", writer.all(row));
                let rows = rows.iter().map(row).collect::<Vec<_>>().join(", ");
                format!("expect {} == {{ {rows} }}", path(*node, *collection))
            }
            Action::ExpectMatch {
                node,
                collection,
                args,
                negated,
            } => {
                let not = if *negated { "not " } else { "" };
                let columns = writer.columns(of(*node, *collection), args);
                format!("expect {not}{}{{{columns}}}", path(*node, *collection))
            }
            Action::ExpectError { text } => format!("expect error {}", display::string(text)),
        })
    }

    /// `node a: Kind(param: value)`
    fn start(&self, test: &Test, writer: &Writer<'_>, node: u32) -> String {
        let declared = &test.nodes[node as usize];
        let kind = &self.program.nodes[declared.kind];
        let argument = |(param, value): (&crate::hir::ConstantId, &Option<ExprId>)| {
            let name = self.names.constant(*param);
            value.map(|value| format!("{name}: {}", writer.expr(value)))
        };
        let given = kind.parameters.iter().zip(&declared.args);
        let given: Vec<String> = given.filter_map(argument).collect();
        let arguments = match given.as_slice() {
            [] => String::new(),
            given => format!("({})", given.join(", ")),
        };
        format!("node {}: {}{arguments}", declared.name, of_node(&kind.name))
    }
}

/// The columns of a fed row that are given.
fn fed(writer: &Writer<'_>, columns: &[Column], row: &[HeadColumn]) -> String {
    let column = |(column, value): (&Column, &HeadColumn)| match value {
        HeadColumn::Expr(value) => Some(format!("{}: {}", column.name, writer.expr(*value))),
        // No step has an aggregate.
        HeadColumn::Aggregate(_) | HeadColumn::Default | HeadColumn::Omitted => None,
    };
    let columns: Vec<String> = columns.iter().zip(row).filter_map(column).collect();
    columns.join(", ")
}

fn sealed(writer: &Writer<'_>, of: &Collection, key: &[ExprId]) -> String {
    let column = |(place, value): (&u32, &ExprId)| {
        let name = &of.columns[*place as usize].name;
        format!("{name}: {}", writer.expr(*value))
    };
    let columns: Vec<String> = of.sealed_by.iter().zip(key).map(column).collect();
    columns.join(", ")
}

/// `ticks 6`, `losses until 4`, …
fn bounds(writer: &Writer<'_>, bounds: &FaultBounds) -> Vec<String> {
    let known = [
        ("ticks", bounds.ticks),
        ("losses until", bounds.losses_until),
        ("crashes", bounds.crashes),
    ];
    let known = known
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name} {}", writer.expr(value))));
    let others = bounds.others.iter().map(|other| match &other.name {
        Some(name) => format!("{name} {}", writer.expr(other.value)),
        None => writer.expr(other.value),
    });
    known.chain(others).collect()
}
