//! A run as text: what happens in each tick at each node, in one order. The same run is the same text, byte for byte.

use std::fmt::Write;

use bloom_plan::testing::FaultTest;

use super::concrete::execute_watched;
use super::hypothesis::{FaultSpec, Hypothesis};
use super::run::Programs;
use crate::watch::shown;

/// The run of a test under a hypothesis. An error says why a node cannot start or end a tick.
pub fn trace(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: &Hypothesis,
) -> Result<String, String> {
    let mut ticks = Vec::new();
    let execution = execute_watched(programs, test, spec, hypothesis, &mut |tick, world| {
        let mut text = format!("tick {tick}\n");
        for node in world.all() {
            let name = world.name(node);
            if !world.is_up(node) {
                push(&mut text, format_args!("  {name} is down\n"));
                continue;
            }
            if !world.has_just_ticked(node) {
                push(&mut text, format_args!("  {name} does nothing\n"));
                continue;
            }
            let plan = world.plan(node);
            for (place, relation) in (0..).zip(&plan.relations) {
                let rows = world.rows(node, &relation.name).unwrap_or_default();
                for row in rows {
                    let id = bloom_plan::plan::RelationId(place);
                    let row = shown(plan, id, &row);
                    push(&mut text, format_args!("  {name}.{}{row}\n", relation.name));
                }
            }
        }
        ticks.push(text);
    })?;
    let mut text = String::new();
    for (tick, sent) in ticks.iter().zip(&execution.traffic) {
        text.push_str(tick);
        for sent in sent {
            let after: Vec<String> = sent.after.iter().map(u32::to_string).collect();
            let arrives = match after.as_slice() {
                [] => "lost".to_owned(),
                after => format!("after {}", after.join(", ")),
            };
            push(
                &mut text,
                format_args!(
                    "  {} -> {} {}: {arrives}\n",
                    sent.from, sent.to, sent.channel
                ),
            );
        }
    }
    for (spec, what, tick) in &execution.broken {
        push(
            &mut text,
            format_args!("broken in tick {tick}, {spec}: {what}\n"),
        );
    }
    Ok(text)
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes any text");
}
