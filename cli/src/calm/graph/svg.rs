//! The graph as a picture: a file of its own, or inside a page, whose colours it then takes.

use std::fmt::Write;

use super::layout::{Layout, Line, Rect, layout};
use super::{Edge, Flow, Graph, Node, Tone};

/// Boxes that can be looked at; larger graphs are for tools that search.
pub(crate) const NODES_MAX: usize = 400;
/// Of a letter of the fonts used, about.
const LETTER_WIDTH: f64 = 7.3;
const LINE_HEIGHT: f64 = 16.0;
const PADDING: f64 = 10.0;

/// The colours, for light and for dark; `:root` is the page or the picture itself.
pub(crate) const COLORS: &str = "\
:root { --paper: #ffffff; --ink: #1f2328; --faint: #656d76; --line: #d0d7de; --panel: #f6f8fa;
  --good: #1a7f37; --good-fill: #dafbe1; --sealed: #0b62a8; --sealed-fill: #ddf0ff;
  --doubt: #9a6700; --doubt-fill: #fff8c5; --bad: #c01c28; --bad-fill: #ffe3e0;
  --accepted: #7a3e9d; --accepted-fill: #f3e6fb; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --line: #3d444d;
  --panel: #161b22; --good: #4ac26b; --good-fill: #12301b; --sealed: #58a6ff; --sealed-fill: #10263f;
  --doubt: #d9a521; --doubt-fill: #332701; --bad: #ff7b72; --bad-fill: #3d1513;
  --accepted: #c297e0; --accepted-fill: #2b1a36; } }
";

/// How boxes and edges are drawn, with the colours above.
pub(crate) const STYLE: &str = "\
.graph text { font: 12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: var(--ink); }
.graph text.small { font-size: 11px; fill: var(--faint); }
.graph text.kind { font-weight: bold; }
.graph text.mark { font-size: 10.5px; fill: var(--bad); paint-order: stroke; stroke: var(--panel); stroke-width: 4px; }
.graph .frame { fill: var(--panel); stroke: var(--line); }
.graph .box { fill: var(--paper); stroke: var(--faint); }
.graph .good .box { fill: var(--good-fill); stroke: var(--good); }
.graph .sealed .box { fill: var(--sealed-fill); stroke: var(--sealed); }
.graph .doubtful .box { fill: var(--doubt-fill); stroke: var(--doubt); }
.graph .bad .box { fill: var(--bad-fill); stroke: var(--bad); stroke-width: 2; }
.graph .accepted .box { fill: var(--accepted-fill); stroke: var(--accepted); }
.graph .guard { fill: none; stroke: var(--sealed); stroke-width: 1.5; stroke-dasharray: 2 2; }
.graph .edge { fill: none; stroke: var(--faint); stroke-width: 1.3; }
.graph .edge.next { stroke-dasharray: 2 3; }
.graph .edge.async { stroke-dasharray: 7 4; }
.graph .edge.nonmonotone { stroke: var(--bad); }
.graph .tip { fill: var(--faint); }
.graph .tip.nonmonotone { fill: var(--bad); }
";

/// A file; none if the graph is too large to be looked at.
pub(crate) fn render(graph: &Graph) -> Option<String> {
    let picture = picture(
        graph,
        Some(&format!(
            "{COLORS}svg {{ background: var(--paper); }}\n{STYLE}"
        )),
    )?;
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{picture}"
    ))
}

/// The element for a page that has [`COLORS`] and [`STYLE`] already.
pub(crate) fn inline(graph: &Graph) -> Option<String> {
    picture(graph, None)
}

fn picture(graph: &Graph, style: Option<&str>) -> Option<String> {
    if graph.nodes.len() > NODES_MAX {
        return None;
    }
    let sizes: Vec<(f64, f64)> = graph.nodes.iter().map(size).collect();
    let layout = layout(graph, &sizes);
    let mut out = String::new();
    write(&mut out, graph, &layout, style).expect("a string takes any text");
    Some(out)
}

fn write(
    out: &mut String,
    graph: &Graph,
    layout: &Layout,
    style: Option<&str>,
) -> std::fmt::Result {
    let (width, height) = (layout.width + 2.0, layout.height + 2.0);
    writeln!(
        out,
        "<svg class=\"graph\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-1 -1 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"dataflow graph\">"
    )?;
    if let Some(style) = style {
        writeln!(out, "<style>\n{style}</style>")?;
    }
    let several = graph.clusters.len() > 1;
    for (name, rect) in graph.clusters.iter().zip(&layout.clusters) {
        frame(out, name, *rect, several)?;
    }
    for (edge, way) in graph.edges.iter().zip(&layout.edges) {
        line(out, edge, way)?;
    }
    for (node, rect) in graph.nodes.iter().zip(&layout.nodes) {
        boxed(out, node, *rect)?;
    }
    // Above all boxes and lines.
    for (edge, way) in graph.edges.iter().zip(&layout.edges) {
        marks(out, edge, way)?;
    }
    writeln!(out, "</svg>")
}

/// The lines of text in a box.
fn lines(node: &Node) -> Vec<(&str, &'static str)> {
    let mut lines = vec![(node.name.as_str(), "name"), (node.kind, "small")];
    for more in [&node.note, &node.inserted] {
        if !more.is_empty() {
            lines.push((more.as_str(), "small"));
        }
    }
    lines
}

fn size(node: &Node) -> (f64, f64) {
    let lines = lines(node);
    let longest = lines.iter().map(|(text, _)| text.chars().count()).max();
    (
        longest.unwrap_or(0) as f64 * LETTER_WIDTH + 2.0 * PADDING,
        lines.len() as f64 * LINE_HEIGHT + PADDING,
    )
}

fn frame(out: &mut String, name: &str, rect: Rect, several: bool) -> std::fmt::Result {
    let Rect {
        x,
        y,
        width,
        height,
    } = rect;
    writeln!(
        out,
        "<rect class=\"frame\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"8\"/>"
    )?;
    let word = if several { "node " } else { "" };
    writeln!(
        out,
        "<text class=\"kind\" x=\"{:.1}\" y=\"{:.1}\">{word}{}</text>",
        x + 12.0,
        y + 19.0,
        escaped(name)
    )
}

fn boxed(out: &mut String, node: &Node, rect: Rect) -> std::fmt::Result {
    let class = match node.tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Sealed => "sealed",
        Tone::Doubtful => "doubtful",
        Tone::Bad => "bad",
        Tone::Accepted => "accepted",
    };
    let Rect {
        x,
        y,
        width,
        height,
    } = rect;
    writeln!(out, "<g class=\"{class}\">")?;
    writeln!(
        out,
        "<rect class=\"box\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"/>"
    )?;
    if !node.inserted.is_empty() {
        writeln!(
            out,
            "<rect class=\"guard\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\"/>",
            x - 4.0,
            y - 4.0,
            width + 8.0,
            height + 8.0
        )?;
    }
    for (row, (text, class)) in (1u32..).zip(lines(node)) {
        let below = y + f64::from(row) * LINE_HEIGHT + 1.0;
        writeln!(
            out,
            "<text class=\"{class}\" x=\"{:.1}\" y=\"{below:.1}\" text-anchor=\"middle\">{}</text>",
            rect.centre(),
            escaped(text)
        )?;
    }
    writeln!(out, "</g>")
}

fn line(out: &mut String, edge: &Edge, line: &Line) -> std::fmt::Result {
    let flow = match edge.flow {
        Flow::Now => "now",
        Flow::Next => "next",
        Flow::Async => "async",
    };
    let class = if edge.marks.is_empty() {
        ""
    } else {
        " nonmonotone"
    };
    let is_loop = edge.from == edge.to;
    let path = if is_loop {
        looped(&line.points)
    } else {
        curve(line)
    };
    writeln!(out, "<path class=\"edge {flow}{class}\" d=\"{path}\"/>")?;
    let Some(&[before, last]) = line.points.last_chunk::<2>() else {
        return Ok(());
    };
    let (tip, (dx, dy)) = if is_loop {
        (line.points[0], (0.0, 1.0))
    } else if line.upright {
        (last, (0.0, (last.1 - before.1).signum()))
    } else {
        (last, ((last.0 - before.0).signum(), 0.0))
    };
    writeln!(
        out,
        "<path class=\"tip{class}\" d=\"M{:.1} {:.1} L{:.1} {:.1} L{:.1} {:.1} Z\"/>",
        tip.0,
        tip.1,
        tip.0 - 8.0 * dx - 4.0 * dy,
        tip.1 - 8.0 * dy - 4.0 * dx,
        tip.0 - 8.0 * dx + 4.0 * dy,
        tip.1 - 8.0 * dy + 4.0 * dx
    )
}

/// Through the points; level at each, or upright.
fn curve(line: &Line) -> String {
    let Some((first, rest)) = line.points.split_first() else {
        return String::new();
    };
    let mut path = format!("M{:.1} {:.1}", first.0, first.1);
    let mut last = *first;
    for &(x, y) in rest {
        let (ax, ay, bx, by) = match line.upright {
            true => (last.0, (last.1 + y) / 2.0, x, (last.1 + y) / 2.0),
            false => ((last.0 + x) / 2.0, last.1, (last.0 + x) / 2.0, y),
        };
        path.push_str(&format!(" C{ax:.1} {ay:.1} {bx:.1} {by:.1} {x:.1} {y:.1}"));
        last = (x, y);
    }
    path
}

/// Out of the top of a box and back into it.
fn looped(points: &[(f64, f64)]) -> String {
    let (x, y) = points[0];
    format!(
        "M{:.1} {y:.1} C{:.1} {:.1} {:.1} {:.1} {x:.1} {y:.1}",
        x - 24.0,
        x - 26.0,
        y - 26.0,
        x + 2.0,
        y - 26.0
    )
}

/// Why an edge is not monotone, beside its middle.
fn marks(out: &mut String, edge: &Edge, line: &Line) -> std::fmt::Result {
    let Some(&[a, b]) = line.points.first_chunk::<2>() else {
        return Ok(());
    };
    let (x, y) = match edge.from == edge.to {
        true => (a.0 - 12.0, a.1 - 22.0),
        false => ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0 + 3.5),
    };
    for (row, mark) in (0u32..).zip(&edge.marks) {
        let y = y + f64::from(row) * 12.0;
        writeln!(
            out,
            "<text class=\"mark\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
            escaped(mark)
        )?;
    }
    Ok(())
}

/// Text of XML and HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
