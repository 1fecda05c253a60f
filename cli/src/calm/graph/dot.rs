//! The graph in Graphviz' language.

use std::fmt::Write;

use super::{Edge, Flow, Graph, Node, Tone};

pub(crate) fn render(graph: &Graph, title: &str) -> String {
    let mut out = String::new();
    write(&mut out, graph, title).expect("a string takes any text");
    out
}

fn write(out: &mut String, graph: &Graph, title: &str) -> std::fmt::Result {
    writeln!(out, "digraph {} {{", quoted(title))?;
    writeln!(out, "  rankdir=LR;")?;
    writeln!(
        out,
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\"];"
    )?;
    writeln!(out, "  edge [fontname=\"Helvetica\", fontsize=10];")?;
    for (cluster, name) in graph.clusters.iter().enumerate() {
        writeln!(out, "  subgraph cluster_{cluster} {{")?;
        writeln!(out, "    label={};", quoted(name))?;
        for (id, node) in graph.nodes.iter().enumerate() {
            if node.cluster == cluster {
                writeln!(out, "    n{id} [{}];", node_attributes(node))?;
            }
        }
        writeln!(out, "  }}")?;
    }
    for edge in &graph.edges {
        writeln!(
            out,
            "  n{} -> n{} [{}];",
            edge.from,
            edge.to,
            edge_attributes(edge)
        )?;
    }
    writeln!(out, "}}")
}

fn node_attributes(node: &Node) -> String {
    let mut label = format!("{}\n{}", node.name, node.kind);
    for more in [&node.note, &node.inserted] {
        if !more.is_empty() {
            label.push('\n');
            label.push_str(more);
        }
    }
    let (fill, line) = match node.tone {
        Tone::Plain => ("#ffffff", "#555555"),
        Tone::Good => ("#d8f0dc", "#1a7f37"),
        Tone::Sealed => ("#d6eaf8", "#0b62a8"),
        Tone::Doubtful => ("#fff4d6", "#9a6700"),
        Tone::Bad => ("#fbdcdc", "#c01c28"),
        Tone::Accepted => ("#efe3f7", "#7a3e9d"),
    };
    let pen = if node.inserted.is_empty() {
        ""
    } else {
        ", penwidth=3"
    };
    format!(
        "label={}, fillcolor=\"{fill}\", color=\"{line}\"{pen}",
        quoted(&label)
    )
}

fn edge_attributes(edge: &Edge) -> String {
    let style = match edge.flow {
        Flow::Now => "solid",
        Flow::Next => "dotted",
        Flow::Async => "dashed",
    };
    match edge.marks.as_slice() {
        [] => format!("style={style}"),
        marks => format!(
            "style={style}, label={}, color=\"#c01c28\", fontcolor=\"#c01c28\"",
            quoted(&marks.join(", "))
        ),
    }
}

/// A string of Graphviz.
fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
