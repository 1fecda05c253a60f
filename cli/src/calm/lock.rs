//! The file that holds what the outputs and views of a program promise, so that a change that weakens a
//! promise is seen when it is made.
//!
//! A guarantee is weaker if its label is worse, as written or with coordination, if it needs dearer
//! coordination, if lost messages now leave rows out, or if the output is gone. What was not locked is new.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::document::{Document, Insertion};
use crate::outcome::Misuse;
use crate::sources;

/// Of the format.
const VERSION: u32 = 1;
/// Beside `bloom.toml`.
const PACKAGE_NAME: &str = "calm.lock";
/// In place of `.bloom`, beside a program that is one file.
const FILE_EXTENSION: &str = "calm.lock";
const HEADER: &str = "\
# What the outputs and views of this program promise. `bloom calm --lock` holds the program to it;
# `bloom calm --lock --update` writes it anew.
";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    version: u32,
    #[serde(default, rename = "output", skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<Guarantee>,
    #[serde(default, rename = "view", skip_serializing_if = "Vec::is_empty")]
    views: Vec<Guarantee>,
}

/// What one output or view promises.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Guarantee {
    node: String,
    name: String,
    /// Its label without coordination.
    written: String,
    /// Its label with it.
    coordinated: String,
    /// What coordination it needs, cheap ones first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    needs: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lower_bound: bool,
}

/// How a program differs from what was locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) weaker: Vec<String>,
    pub(super) stronger: Vec<String>,
    /// Not in the lock.
    pub(super) new: Vec<String>,
}

/// Where the lock of the program at `path` is kept.
pub(super) fn default_path(path: &Path) -> Result<PathBuf, Misuse> {
    if path == Path::new("-") {
        return Err(Misuse::new(
            "a program on standard input has no place for its lock; give --lock=FILE",
        ));
    }
    Ok(match path.is_dir() {
        true => path.join(PACKAGE_NAME),
        false => path.with_extension(FILE_EXTENSION),
    })
}

/// The lock at `path`, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<Lock>, Misuse> {
    if !path.exists() {
        return Ok(None);
    }
    let wrong = |e: &dyn std::fmt::Display| {
        Misuse::new(format_args!(
            "{}: {e}\n`--lock --update` writes it anew",
            path.display()
        ))
    };
    let lock: Lock = toml::from_str(&sources::read(path)?).map_err(|e| wrong(&e))?;
    if lock.version != VERSION {
        return Err(wrong(&format_args!(
            "it is of version {}, and this bloom reads {VERSION}",
            lock.version
        )));
    }
    for guarantee in lock.outputs.iter().chain(&lock.views) {
        for label in [&guarantee.written, &guarantee.coordinated] {
            if rank(label).is_none() {
                return Err(wrong(&format_args!("`{label}` is no label")));
            }
        }
    }
    Ok(Some(lock))
}

pub(super) fn write(path: &Path, lock: &Lock) -> Result<(), Misuse> {
    std::fs::write(path, lock.text()).map_err(|e| Misuse::io(path, &e))
}

impl Lock {
    pub(super) fn of(document: &Document) -> Lock {
        let needs = |node: &str, name: &str| needs(document, node, name);
        let outputs = document.outputs.iter().map(|output| {
            let after = document
                .after
                .iter()
                .find(|a| (&a.node, &a.name) == (&output.node, &output.name));
            Guarantee {
                node: output.node.clone(),
                name: output.name.clone(),
                written: output.label.title(),
                coordinated: after.map_or(output.label.title(), |after| after.label.title()),
                needs: needs(&output.node, &output.name),
                lower_bound: output.lower_bound,
            }
        });
        let views = document.views.iter().map(|view| {
            let after = document
                .after_views
                .iter()
                .find(|a| (&a.node, &a.name) == (&view.node, &view.name));
            Guarantee {
                node: view.node.clone(),
                name: view.name.clone(),
                written: view.title.to_owned(),
                coordinated: after.map_or(view.title, |after| after.title).to_owned(),
                needs: needs(&view.node, &view.name),
                lower_bound: false,
            }
        });
        let sorted = |guarantees: &mut dyn Iterator<Item = Guarantee>| {
            let mut all: Vec<Guarantee> = guarantees.collect();
            all.sort();
            all
        };
        Lock {
            version: VERSION,
            outputs: sorted(&mut { outputs }),
            views: sorted(&mut { views }),
        }
    }

    fn text(&self) -> String {
        let body =
            toml::to_string(self).expect("it holds only strings, numbers and lists of tables");
        format!("{HEADER}{body}")
    }

    /// How `now` differs from this.
    pub(super) fn compare(&self, now: &Lock) -> Changes {
        let mut changes = Changes::default();
        for (word, locked, found) in [
            ("output", &self.outputs, &now.outputs),
            ("view", &self.views, &now.views),
        ] {
            for guarantee in locked {
                match find(found, guarantee) {
                    Some(now) => guarantee.compare(now, word, &mut changes),
                    None => changes.weaker.push(format!(
                        "{word} `{}` is gone; it was {}",
                        guarantee.full_name(),
                        guarantee.coordinated
                    )),
                }
            }
            for guarantee in found {
                if find(locked, guarantee).is_none() {
                    changes.new.push(format!(
                        "{word} `{}` is new: {}",
                        guarantee.full_name(),
                        guarantee.coordinated
                    ));
                }
            }
        }
        changes
    }
}

fn find<'g>(among: &'g [Guarantee], like: &Guarantee) -> Option<&'g Guarantee> {
    among
        .iter()
        .find(|other| (&other.node, &other.name) == (&like.node, &like.name))
}

impl Guarantee {
    fn full_name(&self) -> String {
        format!("{}.{}", self.node, self.name)
    }

    fn compare(&self, now: &Guarantee, word: &str, changes: &mut Changes) {
        let name = format!("{word} `{}`", now.full_name());
        let mut note = |weaker: bool, text: String| match weaker {
            true => changes.weaker.push(text),
            false => changes.stronger.push(text),
        };
        if self.coordinated != now.coordinated {
            let weaker = is_weaker(&self.coordinated, &now.coordinated);
            note(
                weaker,
                format!(
                    "{name} was {}, and is {} now",
                    self.coordinated, now.coordinated
                ),
            );
        } else if self.written != now.written {
            let weaker = is_weaker(&self.written, &now.written);
            note(
                weaker,
                format!(
                    "{name} was {} as written, and is {} now",
                    self.written, now.written
                ),
            );
        }
        let (before, after) = (price(&self.needs), price(&now.needs));
        if before != after {
            let shown = |needs: &[String]| match needs {
                [] => "no coordination".to_owned(),
                needs => needs.join(" and "),
            };
            note(
                before < after,
                format!(
                    "{name} needed {}, and needs {} now",
                    shown(&self.needs),
                    shown(&now.needs)
                ),
            );
        }
        if self.lower_bound != now.lower_bound {
            let text = match now.lower_bound {
                true => "lost messages leave rows out now",
                false => "lost messages no longer leave rows out",
            };
            note(now.lower_bound, format!("{name}: {text}"));
        }
    }
}

/// Of two different labels. Seals of different columns are no better than each other, so that change counts.
fn is_weaker(before: &str, after: &str) -> bool {
    rank(after) >= rank(before)
}

/// From good to bad, over the labels of outputs and those of views.
fn rank(label: &str) -> Option<usize> {
    let word = label.split('(').next().unwrap_or(label);
    const OUTPUTS: [&str; 5] = ["async", "seal", "run", "instance", "diverge"];
    const VIEWS: [&str; 3] = ["grows", "settles", "unsettled"];
    let place = |words: &[&str]| words.iter().position(|known| *known == word);
    place(&OUTPUTS).or_else(|| place(&VIEWS))
}

/// The dearest kind of coordination, 0 for none.
fn price(needs: &[String]) -> usize {
    const KINDS: [&str; 5] = ["once", "fifo", "seal", "key-order", "order"];
    let of = |kind: &String| {
        KINDS
            .iter()
            .position(|known| known == kind)
            .map_or(0, |at| at + 1)
    };
    needs.iter().map(of).max().unwrap_or(0)
}

/// What coordination is inserted for an output or view.
fn needs(document: &Document, node: &str, name: &str) -> Vec<String> {
    let full = document.full_name(node, name);
    let is_for = |one: &&Insertion| one.full_names.contains(&full);
    let mut kinds: Vec<String> = document
        .coordination
        .iter()
        .filter(is_for)
        .map(|one| one.kind.to_owned())
        .collect();
    kinds.sort_by_key(|kind| price(std::slice::from_ref(kind)));
    kinds.dedup();
    kinds
}

#[cfg(test)]
mod tests;
