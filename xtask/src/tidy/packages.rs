//! Which package may know which: the table of `ARCHITECTURE.md`, checked against Cargo's own graph
//! of dependencies as they are built, transitively. Dependencies of tests do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Violation;

/// A package of ours, and those of ours that it may name itself.
const MAY_NAME: [(&str, &[&str]); 10] = [
    ("bloom-stdx", &[]),
    ("bloom-plan", &["bloom-stdx"]),
    ("bloom-compiler", &["bloom-plan", "bloom-stdx"]),
    ("bloom-runtime", &["bloom-plan", "bloom-stdx"]),
    (
        "bloom-delivery",
        &["bloom-runtime", "bloom-plan", "bloom-stdx"],
    ),
    (
        "bloom-store",
        &[
            "bloom-delivery",
            "bloom-runtime",
            "bloom-plan",
            "bloom-stdx",
        ],
    ),
    (
        "bloom-host",
        &[
            "bloom-store",
            "bloom-delivery",
            "bloom-runtime",
            "bloom-plan",
            "bloom-stdx",
        ],
    ),
    (
        "bloom-sim",
        &[
            "bloom-store",
            "bloom-delivery",
            "bloom-runtime",
            "bloom-plan",
            "bloom-stdx",
        ],
    ),
    ("bloom-lsp", &["bloom-compiler", "bloom-plan", "bloom-stdx"]),
    ("bloom-xtask", &["bloom-stdx"]),
];

/// A package of ours, and those that must not come in by any path.
const MUST_NOT_REACH: [(&str, &[&str]); 6] = [
    ("bloom-plan", &["tokio", "cranelift-codegen", "salsa"]),
    ("bloom-compiler", &["tokio", "mio", "bloom-runtime", "raft"]),
    (
        "bloom-runtime",
        &[
            "tokio",
            "mio",
            "salsa",
            "cranelift-codegen",
            "bloom-compiler",
            "raft",
        ],
    ),
    ("bloom-delivery", &["tokio", "mio", "bloom-compiler"]),
    ("bloom-store", &["tokio", "mio", "bloom-compiler"]),
    ("bloom-lsp", &["bloom-runtime", "bloom-host"]),
];

/// Packages by name, with the names of those that each is built with.
type Graph = BTreeMap<String, BTreeSet<String>>;

pub fn check(root: &Path) -> Result<Vec<Violation>, String> {
    // For this machine only: other platforms have packages that nobody here has downloaded.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", &host_triple()?])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let graph = graph(&metadata).ok_or("cargo metadata has another form than expected")?;
    Ok(violations(&graph))
}

fn host_triple() -> Result<String, String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .map_err(|error| format!("rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "rustc names no host".to_owned())
}

fn graph(metadata: &Value) -> Option<Graph> {
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()?
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
        .collect();
    let mut graph = Graph::new();
    for node in metadata["resolve"]["nodes"].as_array()? {
        let known = graph
            .entry((*names.get(node["id"].as_str()?)?).to_owned())
            .or_default();
        for dependency in node["deps"].as_array()? {
            let kinds = dependency["dep_kinds"].as_array()?;
            if kinds.iter().any(|kind| kind["kind"].is_null()) {
                known.insert((*names.get(dependency["pkg"].as_str()?)?).to_owned());
            }
        }
    }
    Some(graph)
}

fn violations(graph: &Graph) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (package, allowed) in MAY_NAME {
        for known in graph.get(package).into_iter().flatten() {
            if known.starts_with("bloom-") && !allowed.contains(&known.as_str()) {
                violations.push(Violation::new(
                    package,
                    format!("must not depend on `{known}`"),
                ));
            }
        }
    }
    for (package, refused) in MUST_NOT_REACH {
        for refused in refused {
            if let Some(path) = path(graph, package, refused) {
                let message = format!("must not reach `{refused}`, but does: {}", path.join(" → "));
                violations.push(Violation::new(package, message));
            }
        }
    }
    violations
}

/// A shortest way from one package to another, breadth first.
fn path(graph: &Graph, from: &str, to: &str) -> Option<Vec<String>> {
    let mut paths = vec![vec![from.to_owned()]];
    let mut seen = BTreeSet::from([from.to_owned()]);
    while !paths.is_empty() {
        let mut longer = Vec::new();
        for path in paths {
            let last = path.last()?;
            if last == to {
                return Some(path);
            }
            for next in graph.get(last).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    longer.push(path.iter().chain([next]).cloned().collect());
                }
            }
        }
        paths = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph_of(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph
                .entry((*from).to_owned())
                .or_default()
                .insert((*to).to_owned());
        }
        graph
    }

    #[test]
    fn what_the_table_allows_is_fine() {
        let graph = graph_of(&[("bloom-compiler", "bloom-plan"), ("bloom-host", "tokio")]);
        assert_eq!(violations(&graph), []);
    }

    #[test]
    fn a_package_is_found_behind_another() {
        let graph = graph_of(&[("bloom-runtime", "thing"), ("thing", "tokio")]);
        let found = violations(&graph);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.ends_with("bloom-runtime → thing → tokio"));
    }

    #[test]
    fn a_direct_dependency_outside_the_table_is_found() {
        let graph = graph_of(&[("bloom-sim", "bloom-host")]);
        assert_eq!(violations(&graph).len(), 1);
    }
}
