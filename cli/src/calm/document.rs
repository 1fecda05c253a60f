//! A report with every id made a name and every place a line: what all formats are rendered from, and, as it
//! stands, the document that `--format json` prints.
//!
//! Nothing here knows the compiler's tables, so that renderers are tested on reports made by hand.

use serde::Serialize;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Document {
    /// The path of the program as it was named.
    pub(crate) program: String,
    /// Whether every output and view is the same in every run, as the program is written.
    pub(crate) confluent: bool,
    pub(crate) outputs: Vec<Output>,
    pub(crate) views: Vec<View>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) coordination: Vec<Insertion>,
    pub(crate) advice: Vec<Insertion>,
    pub(crate) accepted: Vec<Accepted>,
    /// The outputs with the coordination above.
    pub(crate) after: Vec<After>,
    pub(crate) after_views: Vec<AfterView>,
    /// Why the program must not run with coordination, where it must not.
    pub(crate) refused: Vec<String>,
    pub(crate) paths: Vec<Path>,
    /// Whether names need their kind of node to be told apart.
    #[serde(skip)]
    pub(crate) several_kinds: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) node: String,
    #[serde(flatten)]
    pub(crate) label: Label,
    pub(crate) deterministic: bool,
    pub(crate) lower_bound: bool,
    /// The label as a clause.
    pub(crate) meaning: String,
    pub(crate) at: String,
    pub(crate) certificate: Vec<Assumption>,
    pub(crate) because: Vec<Blame>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) witness: Option<Witness>,
    pub(crate) fixes: Vec<Fix>,
}

/// `label` and, for a seal, `by`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Label {
    pub(crate) label: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) by: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) node: String,
    pub(crate) converges: bool,
    pub(crate) prefix_safe: bool,
    pub(crate) title: &'static str,
    pub(crate) meaning: String,
    pub(crate) at: String,
    pub(crate) certificate: Vec<Assumption>,
    pub(crate) because: Vec<Blame>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) witness: Option<Witness>,
    pub(crate) fixes: Vec<Fix>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Assumption {
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Blame {
    /// `cart.bloom:14:1`.
    pub(crate) rule: String,
    pub(crate) kind: &'static str,
    pub(crate) over: String,
    pub(crate) path: Vec<String>,
    pub(crate) text: String,
    /// The rule with the cause marked, for a terminal; filled in only for it.
    #[serde(skip)]
    pub(crate) excerpt: String,
    /// The lines of the rule, for a page.
    #[serde(skip)]
    pub(crate) source: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Rule {
    pub(crate) at: String,
    pub(crate) node: String,
    pub(crate) head: String,
    /// `monotone` or `nonmonotone`.
    pub(crate) kind: &'static str,
    pub(crate) why: Vec<&'static str>,
}

/// What is inserted, or advised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Insertion {
    pub(crate) kind: &'static str,
    /// The sources, parted by a comma and a blank.
    pub(crate) on: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) by: Vec<String>,
    #[serde(rename = "for")]
    pub(crate) of: Vec<String>,
    /// The same, as texts call them.
    #[serde(skip)]
    pub(crate) full_names: Vec<String>,
    pub(crate) node: String,
    /// What it costs, as a clause.
    pub(crate) price: String,
    pub(crate) why: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Accepted {
    pub(crate) name: String,
    pub(crate) node: String,
    pub(crate) reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct After {
    pub(crate) name: String,
    pub(crate) node: String,
    #[serde(flatten)]
    pub(crate) label: Label,
    pub(crate) deterministic: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AfterView {
    pub(crate) name: String,
    pub(crate) node: String,
    pub(crate) converges: bool,
    pub(crate) prefix_safe: bool,
    pub(crate) title: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Path {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) asynchronous: bool,
    pub(crate) nonmonotone: bool,
}

/// An edit that gives a better verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fix {
    pub(crate) title: String,
    pub(crate) edits: Vec<Edit>,
    /// The lines that change, each after `- ` or `+ `.
    pub(crate) diff: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Edit {
    pub(crate) file: String,
    pub(crate) span: Span,
    pub(crate) new_text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Span {
    pub(crate) start: Position,
    pub(crate) end: Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Two schedules of the same inputs that end differently, or one in which replicas do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Witness {
    /// Between two `runs`, between `replicas` in one run, or between `moments` of one for ever.
    pub(crate) difference: &'static str,
    pub(crate) runs: Vec<Run>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Run {
    pub(crate) ticks: Vec<Tick>,
    /// What was watched, at each node where it was.
    pub(crate) ends: Vec<End>,
}

/// All rows of an output over a run, or a view's in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct End {
    pub(crate) node: String,
    /// The contents never come to rest.
    pub(crate) restless: bool,
    pub(crate) rows: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tick {
    /// The node's name.
    pub(crate) node: String,
    /// Counts the node's ticks.
    pub(crate) tick: u64,
    /// What it took in: `click(1, "a")`.
    pub(crate) arrivals: Vec<String>,
    pub(crate) sends: Vec<Sent>,
    /// Rows of the output that this tick gave, or what the view held.
    pub(crate) rows: Vec<String>,
    /// Row errors and key conflicts.
    pub(crate) errors: Vec<String>,
    /// From here on everything happens again and again.
    pub(crate) again: bool,
}

/// A message that a tick sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Sent {
    /// As it arrives: `told(1)`.
    pub(crate) row: String,
    pub(crate) to: String,
}

impl Witness {
    pub(crate) fn title(&self) -> &'static str {
        match self.difference {
            "replicas" => "a run in which replicas differ",
            "moments" => "a run that does not come to rest",
            _ => "two runs with the same inputs",
        }
    }
}

impl Run {
    /// `receipt = { (1, 2) }`, with the nodes where there are several.
    pub(crate) fn outcome(&self, name: &str) -> String {
        let several = self.ends.len() > 1;
        let each = self.ends.iter().map(|end| {
            let place = match several {
                true => format!("{name} at {}", end.node),
                false => name.to_owned(),
            };
            match end.restless {
                true => format!("{place} changes for ever"),
                false => format!("{place} = {}", set(&end.rows)),
            }
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

/// `{ (1), (2) }`, long ones cut.
pub(crate) fn set(rows: &[String]) -> String {
    const ROWS_MAX: usize = 6;
    let shown: Vec<&str> = rows.iter().take(ROWS_MAX).map(String::as_str).collect();
    let text = shown.join(", ");
    match rows.len().saturating_sub(ROWS_MAX) {
        _ if rows.is_empty() => "{}".to_owned(),
        0 => format!("{{ {text} }}"),
        more => format!("{{ {text}, … {more} more }}"),
    }
}

impl Label {
    /// `seal(campaign)`.
    pub(crate) fn title(&self) -> String {
        match self.by.as_slice() {
            [] => self.label.to_owned(),
            by => format!("{}({})", self.label, by.join(", ")),
        }
    }
}

/// An output or a view, as texts tell of it.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'d> {
    /// With its kind of node where there are several.
    pub(crate) name: String,
    /// `seal(campaign)`, or `settles` of a view.
    pub(crate) title: String,
    pub(crate) meaning: &'d str,
    pub(crate) is_good: bool,
    pub(crate) is_view: bool,
    pub(crate) certificate: &'d [Assumption],
    pub(crate) because: &'d [Blame],
    pub(crate) witness: Option<&'d Witness>,
    pub(crate) fixes: &'d [Fix],
    /// The reason for which a bad label was accepted.
    pub(crate) accepted: Option<&'d str>,
    /// What it is called with the coordination that was inserted.
    pub(crate) after: Option<String>,
}

impl Document {
    /// All outputs, then all views.
    pub(crate) fn subjects(&self) -> Vec<Subject<'_>> {
        let outputs = self.outputs.iter().map(|output| Subject {
            name: self.full_name(&output.node, &output.name),
            title: output.label.title(),
            meaning: &output.meaning,
            is_good: output.deterministic,
            is_view: false,
            certificate: &output.certificate,
            because: &output.because,
            witness: output.witness.as_ref(),
            fixes: &output.fixes,
            accepted: self.accepted_for(&output.node, &output.name),
            after: self.label_after(&output.node, &output.name),
        });
        let views = self.views.iter().map(|view| Subject {
            name: self.full_name(&view.node, &view.name),
            title: view.title.to_owned(),
            meaning: &view.meaning,
            is_good: view.converges,
            is_view: true,
            certificate: &view.certificate,
            because: &view.because,
            witness: view.witness.as_ref(),
            fixes: &view.fixes,
            accepted: self.accepted_for(&view.node, &view.name),
            after: self.view_after(&view.node, &view.name),
        });
        outputs.chain(views).collect()
    }

    fn accepted_for(&self, node: &str, name: &str) -> Option<&str> {
        let mut all = self.accepted.iter();
        let entry = all.find(|entry| entry.node == node && entry.name == name)?;
        Some(&entry.reason)
    }

    fn label_after(&self, node: &str, name: &str) -> Option<String> {
        let mut all = self.after.iter();
        let entry = all.find(|entry| entry.node == node && entry.name == name)?;
        Some(entry.label.title())
    }

    fn view_after(&self, node: &str, name: &str) -> Option<String> {
        let mut all = self.after_views.iter();
        let entry = all.find(|entry| entry.node == node && entry.name == name)?;
        Some(entry.title.to_owned())
    }

    /// What a collection is called in texts.
    pub(crate) fn full_name(&self, node: &str, name: &str) -> String {
        match self.several_kinds {
            true => format!("{node}.{name}"),
            false => name.to_owned(),
        }
    }

    /// The verdict on the program as written, in a line.
    pub(crate) fn verdict(&self) -> String {
        let good = self.outputs.iter().filter(|o| o.deterministic).count();
        let settled = self.views.iter().filter(|v| v.converges).count();
        let words = verdict((good, self.outputs.len()), (settled, self.views.len()));
        format!("{}: {words}", self.program)
    }

    /// The verdict with the coordination that was inserted, if some was.
    pub(crate) fn verdict_after(&self) -> Option<String> {
        let good = self.after.iter().filter(|o| o.deterministic).count();
        let settled = self.after_views.iter().filter(|v| v.converges).count();
        let words = verdict((good, self.after.len()), (settled, self.after_views.len()));
        (!self.coordination.is_empty()).then(|| format!("with what is inserted: {words}"))
    }
}

/// How many of how many are good, in words.
fn verdict(outputs: (usize, usize), views: (usize, usize)) -> String {
    let outputs = match outputs {
        (_, 0) => None,
        (1, 1) => Some("its output is the same in every run".to_owned()),
        (0, 1) => Some("its output can differ between runs".to_owned()),
        (2, 2) => Some("both outputs are the same in every run".to_owned()),
        (good, all) if good == all => Some(format!("all {all} outputs are the same in every run")),
        (good, all) => Some(format!("{good} of {all} outputs are the same in every run")),
    };
    let views = match views {
        (_, 0) => None,
        (1, 1) => Some("its view settles".to_owned()),
        (0, 1) => Some("its view need not settle".to_owned()),
        (2, 2) => Some("both views settle".to_owned()),
        (good, all) if good == all => Some(format!("all {all} views settle")),
        (good, all) => Some(format!("{good} of {all} views settle")),
    };
    match (outputs, views) {
        (None, None) => "it has no outputs and no views".to_owned(),
        (outputs, views) => outputs
            .into_iter()
            .chain(views)
            .collect::<Vec<_>>()
            .join("; "),
    }
}
