//! The report as one page that needs no other file and no script, for light and for dark.

mod schedule;

use std::fmt::Write;

use super::document::{Assumption, Blame, Document, Fix, Insertion, Path, Subject};
use super::graph::Graph;
use super::graph::svg::{self, escaped};
use super::human::path_kind;

/// Beside the colours of the graph.
const STYLE: &str = include_str!("html/page.css");

pub(super) fn render(document: &Document, graph: &Graph) -> String {
    let mut out = String::new();
    write(&mut out, document, graph).expect("a string takes any text");
    out
}

fn write(out: &mut String, document: &Document, graph: &Graph) -> std::fmt::Result {
    let subjects = document.subjects();
    writeln!(out, "<!doctype html>")?;
    writeln!(out, "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    )?;
    writeln!(out, "<meta name=\"color-scheme\" content=\"light dark\">")?;
    writeln!(
        out,
        "<title>{} – bloom calm</title>",
        escaped(&document.program)
    )?;
    writeln!(
        out,
        "<style>\n{}{STYLE}{}</style>\n</head>\n<body>\n<main>",
        svg::COLORS,
        svg::STYLE
    )?;
    let class = if document.confluent { "good" } else { "bad" };
    writeln!(
        out,
        "<h1 class=\"{class}\">{}</h1>",
        escaped(&document.verdict())
    )?;
    if let Some(after) = document.verdict_after() {
        writeln!(out, "<p>{}.</p>", escaped(&capitalized(&after)))?;
    }
    overview(out, &subjects)?;
    for subject in subjects.iter().filter(|subject| !subject.is_good) {
        reason(out, subject)?;
    }
    insertions(out, "Inserted coordination", &document.coordination)?;
    insertions(out, "Advised, not inserted", &document.advice)?;
    for refused in &document.refused {
        writeln!(out, "<p class=\"note\">Refused: {}.</p>", marked(refused))?;
    }
    picture(out, graph)?;
    certificates(out, &subjects)?;
    paths(out, &document.paths)?;
    rules(out, document)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

fn overview(out: &mut String, subjects: &[Subject<'_>]) -> std::fmt::Result {
    let coordinated = subjects.iter().any(|subject| changed(subject).is_some());
    write!(
        out,
        "<table class=\"overview\">\n<tr><th>Name</th><th>As written</th>"
    )?;
    if coordinated {
        write!(out, "<th>Coordinated</th>")?;
    }
    writeln!(out, "<th>Which means</th></tr>")?;
    for subject in subjects {
        let name = escaped(&subject.name);
        let name = match subject.is_good {
            true => name,
            false => format!("<a href=\"#{}\">{name}</a>", anchor(&subject.name)),
        };
        let word = if subject.is_view {
            " <small>view</small>"
        } else {
            ""
        };
        write!(
            out,
            "<tr><td><code>{name}</code>{word}</td><td>{}</td>",
            chip(subject)
        )?;
        if coordinated {
            let after = changed(subject).map_or(String::new(), |after| {
                format!("<span class=\"chip good\">{}</span>", escaped(after))
            });
            write!(out, "<td>{after}</td>")?;
        }
        writeln!(out, "<td>{}</td></tr>", marked(subject.meaning))?;
    }
    writeln!(out, "</table>")
}

/// The label after coordination, if that changed it.
fn changed<'s>(subject: &'s Subject<'_>) -> Option<&'s str> {
    subject
        .after
        .as_deref()
        .filter(|after| *after != subject.title)
}

fn chip(subject: &Subject<'_>) -> String {
    let class = match (
        subject.is_good,
        subject.accepted,
        subject.title.starts_with("seal"),
    ) {
        (true, _, true) => "sealed",
        (true, _, false) => "good",
        (false, Some(_), _) => "accepted",
        (false, None, _) => "bad",
    };
    format!(
        "<span class=\"chip {class}\">{}</span>",
        escaped(&subject.title)
    )
}

fn anchor(name: &str) -> String {
    format!("of-{}", escaped(name))
}

/// A section about a bad output or view.
fn reason(out: &mut String, subject: &Subject<'_>) -> std::fmt::Result {
    writeln!(
        out,
        "<section id=\"{}\">\n<h2><code>{}</code> {}</h2>\n<p>{}.</p>",
        anchor(&subject.name),
        escaped(&subject.name),
        chip(subject),
        marked(&capitalized(subject.meaning))
    )?;
    if let Some(why) = subject.accepted {
        writeln!(out, "<p class=\"note\">Accepted: {}</p>", marked(why))?;
    }
    if let Some((shortest, others)) = subject.because.split_first() {
        blame(out, shortest)?;
        if !others.is_empty() {
            writeln!(
                out,
                "<details><summary>{} more causes</summary>",
                others.len()
            )?;
            others.iter().try_for_each(|other| blame(out, other))?;
            writeln!(out, "</details>")?;
        }
    }
    if let Some(witness) = subject.witness {
        writeln!(out, "<h3>{}</h3>", capitalized(witness.title()))?;
        out.push_str(&schedule::diagram(witness, &subject.name));
    }
    fixes(out, subject.fixes)?;
    writeln!(out, "</section>")
}

fn blame(out: &mut String, blame: &Blame) -> std::fmt::Result {
    writeln!(out, "<p>{}.</p>", marked(&capitalized(&blame.text)))?;
    if !blame.source.is_empty() {
        writeln!(
            out,
            "<figure><figcaption>{}</figcaption><pre>{}</pre></figure>",
            escaped(&blame.rule),
            escaped(&blame.source.join("\n"))
        )?;
    }
    if blame.path.len() > 1 {
        let steps: Vec<String> = blame
            .path
            .iter()
            .map(|step| format!("<code>{}</code>", escaped(step)))
            .collect();
        writeln!(out, "<p class=\"way\">{}</p>", steps.join(" → "))?;
    }
    Ok(())
}

fn fixes(out: &mut String, fixes: &[Fix]) -> std::fmt::Result {
    if fixes.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h3>Ways to mend it, the cheapest first</h3>\n<ol class=\"fixes\">"
    )?;
    for fix in fixes {
        writeln!(out, "<li>{}<pre>", marked(&fix.title))?;
        for change in &fix.diff {
            let class = if change.starts_with('-') {
                "del"
            } else {
                "ins"
            };
            writeln!(out, "<span class=\"{class}\">{}</span>", escaped(change))?;
        }
        writeln!(out, "</pre></li>")?;
    }
    writeln!(out, "</ol>")
}

fn insertions(out: &mut String, title: &str, insertions: &[Insertion]) -> std::fmt::Result {
    if insertions.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h2>{title}</h2>\n<table>\n<tr><th>What</th><th>On</th><th>For</th><th>Why</th><th>Price</th></tr>"
    )?;
    for one in insertions {
        let by = match one.by.as_slice() {
            [] => String::new(),
            columns => format!(" by {}", columns.join(", ")),
        };
        writeln!(
            out,
            "<tr><td><span class=\"chip sealed\">{}</span></td><td><code>{}{}</code></td><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            one.kind,
            escaped(&one.on),
            escaped(&by),
            escaped(&one.full_names.join(", ")),
            marked(&one.why),
            marked(&one.price)
        )?;
    }
    writeln!(out, "</table>")
}

fn picture(out: &mut String, graph: &Graph) -> std::fmt::Result {
    writeln!(out, "<h2>Dataflow</h2>")?;
    match svg::inline(graph) {
        Some(svg) => {
            writeln!(out, "<div class=\"wide\">\n{svg}</div>")?;
            writeln!(
                out,
                "<p class=\"legend\">Solid edges are of the same tick, dotted ones of the next, dashed ones of some later tick, perhaps at another node. Red edges are not monotone, and say why. A box in a second frame is where coordination was inserted.</p>"
            )
        }
        None => writeln!(
            out,
            "<p>The graph has {} collections, too many to be looked at; <code>bloom graph --format dot</code> gives it to other tools.</p>",
            graph.nodes.len()
        ),
    }
}

fn certificates(out: &mut String, subjects: &[Subject<'_>]) -> std::fmt::Result {
    let certified: Vec<&Subject<'_>> = subjects
        .iter()
        .filter(|s| s.is_good && !s.certificate.is_empty())
        .collect();
    if certified.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h2>What this rests on</h2>\n<table>\n<tr><th>Name</th><th>Assumptions</th></tr>"
    )?;
    for subject in certified {
        let item = |one: &Assumption| format!("{} <small>{}</small>", marked(&one.text), one.kind);
        let items: Vec<String> = subject.certificate.iter().map(item).collect();
        writeln!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td></tr>",
            escaped(&subject.name),
            items.join("<br>")
        )?;
    }
    writeln!(out, "</table>")
}

fn paths(out: &mut String, paths: &[Path]) -> std::fmt::Result {
    if paths.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h2>Ways from sources to outputs</h2>\n<table>\n<tr><th>From</th><th>To</th><th>Is</th></tr>"
    )?;
    for path in paths {
        let class = if path.asynchronous && path.nonmonotone {
            " class=\"doubt\""
        } else {
            ""
        };
        writeln!(
            out,
            "<tr{class}><td><code>{}</code></td><td><code>{}</code></td><td>{}</td></tr>",
            escaped(&path.from),
            escaped(&path.to),
            path_kind(path)
        )?;
    }
    writeln!(out, "</table>")
}

fn rules(out: &mut String, document: &Document) -> std::fmt::Result {
    if document.rules.is_empty() {
        return Ok(());
    }
    let nonmonotone = document
        .rules
        .iter()
        .filter(|rule| !rule.why.is_empty())
        .count();
    writeln!(
        out,
        "<details><summary>{} rules, {nonmonotone} of them not monotone</summary>\n<table>\n<tr><th>At</th><th>Derives</th><th>Kind</th></tr>",
        document.rules.len()
    )?;
    for rule in &document.rules {
        let why = match rule.why.as_slice() {
            [] => String::new(),
            why => format!(": {}", why.join(", ")),
        };
        writeln!(
            out,
            "<tr><td><code>{}</code></td><td><code>{}</code></td><td>{}{why}</td></tr>",
            escaped(&rule.at),
            escaped(&document.full_name(&rule.node, &rule.head)),
            rule.kind
        )?;
    }
    writeln!(out, "</table>\n</details>")
}

/// Text whose names between backquotes are code.
fn marked(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        match at % 2 == 1 {
            true => out.push_str(&format!("<code>{}</code>", escaped(part))),
            false => out.push_str(&escaped(part)),
        }
    }
    out
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
