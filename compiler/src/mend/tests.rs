//! Which fixes small programs get, and that each one does what it says.

use super::{Budget, Patient, after, attach, is_better, remedies};
use crate::base::{Diagnostic, Sources, codes};
use crate::calm::fixes::Effort;
use crate::calm::report::Place;
use crate::check::{self, Checked, File};

const PRELUDE: &str = include_str!("../../../stdlib/prelude.bloom");

struct Case {
    sources: Sources,
    names: Vec<String>,
    checked: Checked,
}

fn case(text: &str) -> Case {
    let mut sources = Sources::single("main.bloom", text);
    sources.add("<std>/prelude.bloom", PRELUDE);
    let names = vec!["main".to_owned(), "std.prelude".to_owned()];
    let files: Vec<File<'_>> = names
        .iter()
        .zip(sources.iter())
        .map(|(name, (_, text))| File {
            name,
            text,
            dedalus: false,
        })
        .collect();
    let checked = check::check(&files);
    assert!(checked.is_fine(), "{:?}", checked.diagnostics);
    Case {
        sources,
        names,
        checked,
    }
}

impl Case {
    fn patient(&self) -> Patient<'_> {
        Patient {
            sources: &self.sources,
            names: &self.names,
            program: &self.checked.program,
            report: &self.checked.calm,
        }
    }

    /// The first output or view that is bad.
    fn bad(&self) -> Place {
        let report = &self.checked.calm;
        let output = report.outputs.iter().find(|o| !o.label.is_deterministic());
        let view = report.views.iter().find(|view| !view.converges);
        let place = output
            .map(|output| output.place)
            .or(view.map(|view| view.place));
        place.expect("the program has something to mend")
    }

    /// The efforts of the fixes, and the program that the first one of that effort gives.
    fn mended(&self, effort: Effort) -> String {
        let place = self.bad();
        let found = remedies(self.patient(), place, &mut Budget::default());
        for remedy in &found {
            let after = after(self.patient(), &remedy.fix.edits).expect("a fix gives no errors");
            assert!(is_better(&self.checked.calm, &after, place), "{remedy:?}");
        }
        let remedy = found.iter().find(|remedy| remedy.effort == effort);
        let remedy = remedy.unwrap_or_else(|| panic!("{found:#?} lacks {effort:?}"));
        let edited = self.sources.edited(&remedy.fix.edits);
        let edited = edited.expect("edits of a fix do not overlap");
        edited
            .iter()
            .next()
            .expect("the program stands first")
            .1
            .to_owned()
    }
}

/// Has the fix, and no line of it that is not there.
fn gives(text: &str, effort: Effort, lines: &[&str]) {
    let mended = case(text).mended(effort);
    for line in lines {
        assert!(mended.contains(line), "{mended}\nlacks {line}");
    }
}

const COUNT: &str = "\
input  add(session: Int, item: String);
input  leave(session: Int);
/// How many.
output receipt(session: Int, lines: Int);
table cart(session: Int, item: String);
table leaving(session: Int);
cart{session, item} <= add{session, item};
leaving{session} <= leave{session};
receipt{session, lines: count()} <= leaving{session}, cart{session};
";

#[test]
fn an_output_that_counts_becomes_a_view() {
    gives(
        COUNT,
        Effort::View,
        &["\nview receipt(session: Int, lines: Int);"],
    );
}

#[test]
fn a_count_waits_for_a_seal_and_the_source_gets_it() {
    gives(
        COUNT,
        Effort::Seal,
        &[
            "add(session: Int, item: String) sealed by session;",
            "leaving{session}, cart{session}, add.sealed{session};",
        ],
    );
    let sealed = COUNT.replace(
        "item: String);\ninput",
        "item: String) sealed by session;\ninput",
    );
    gives(
        &sealed,
        Effort::Wait,
        &["cart{session}, add.sealed{session};"],
    );
}

#[test]
fn what_is_accepted_says_so_before_the_declaration() {
    let line = "/// How many.\n#[nondeterministic(\"why this may differ\")]\noutput receipt";
    gives(COUNT, Effort::Accept, &[line]);
}

#[test]
fn rows_that_must_meet_are_kept() {
    let text = "\
input  left(id: Int => what: String) immutable;
input  right(id: Int);
output both(id: Int, what: String);
/// Both of one tick.
both{id, what} <= left{id, what}, right{id};
";
    gives(
        text,
        Effort::Keep,
        &[
            "both{id, what} <= left_kept{id, what}, right_kept{id};",
            "table left_kept(id: Int => what: String);\nleft_kept{id, what} <= left{id, what};",
            "table right_kept(id: Int);\nright_kept{id} <= right{id};",
        ],
    );
    let place = case(text).bad();
    let found = remedies(case(text).patient(), place, &mut Budget::default());
    assert!(
        found.iter().all(|remedy| remedy.effort != Effort::View),
        "a view of it ends empty: {found:?}"
    );
}

#[test]
fn a_deletion_is_kept_too() {
    let text = "\
input add(item: String);
input remove(item: String);
view  stock(item: String);
table shelf(item: String);
shelf{item} <= add{item};
shelf{item} <- remove{item};
stock{item} <= shelf{item};
";
    gives(
        text,
        Effort::Keep,
        &[
            "shelf{item} <- remove_kept{item};",
            "remove_kept{item} <= remove{item};",
        ],
    );
}

#[test]
fn a_replaced_value_becomes_the_greatest() {
    let text = "\
input put(key: String, val: Int);
view  current(key: String => val: Int);
view  renamed(key: String => now: Int);
table register(key: String => val: Int);
register{key, val} <+- put{key, val};
current{key, val} <= register{key, val};
renamed{key, now: v} <= register{key, val: v};
";
    gives(
        text,
        Effort::Lattice,
        &[
            "register(key: String => val: Max<Int>);",
            "register{key, val} <= put{key, val};",
            "current{key, val: val.reveal} <=",
            "renamed{key, now: v.reveal} <=",
        ],
    );
}

#[test]
fn a_comparison_of_a_revealed_value_becomes_a_threshold() {
    let text = "\
input  score(player: String, points: Int);
output passed(player: String);
table best(player: String => points: Max<Int>);
best{player, points} <= score{player, points};
passed{player} <= best{player, points}, points.reveal >= 1000;
";
    let with_reveal = case(text);
    if with_reveal.checked.calm.outputs[0].label.is_deterministic() {
        panic!("a revealed value is read as it is now");
    }
    gives(
        text,
        Effort::Threshold,
        &["best{player, points}, points >= 1000;"],
    );
}

#[test]
fn exactly_so_many_becomes_at_least() {
    let text = "\
input  sign(who: String);
output carried(n: Int);
table signatures(who: String);
scratch total(=> n: Int);
signatures{who} <= sign{who};
total{n: count()} <= signatures{who};
carried{n: 2} <= total{n}, n == 2;
";
    gives(text, Effort::Threshold, &["total{n}, n >= 2;"]);
}

#[test]
fn the_greatest_that_is_kept_becomes_a_lattice_column() {
    let text = "\
input  score(player: String, points: Int);
output passed(player: String);
table best(player: String => points: Int);
best{player, points: max(points)} <= score{player, points};
passed{player} <= best{player, points}, points >= 1000;
";
    gives(
        text,
        Effort::Lattice,
        &["best(player: String => points: Max<Int>);"],
    );
}

#[test]
fn a_budget_that_is_spent_tries_nothing() {
    let case = case(COUNT);
    let mut spent = Budget { rules: 3 };
    assert_eq!(remedies(case.patient(), case.bad(), &mut spent), []);
}

#[test]
fn warnings_get_the_fixes_of_what_they_name() {
    let case = case(COUNT);
    let report = &case.checked.calm;
    let output = case.checked.program.file_span(report.outputs[0].loc);
    let rule = case.checked.tables().rules[0].rule;
    let rule = &case.checked.program.nodes[rule.node].rules[rule.rule];
    let rule = case.checked.program.file_span(rule.loc);
    let warning = |named| Diagnostic::new(codes::W0401, rule, "", "").with_label(named, "");
    let mut warnings = [warning(output), warning(rule)];
    attach(case.patient(), &mut warnings);
    let titles: Vec<&str> = warnings[0]
        .fixes
        .iter()
        .map(|fix| fix.title.as_str())
        .collect();
    assert_eq!(titles.len(), 3, "{titles:?}");
    assert!(titles[0].starts_with("make `receipt` a view"), "{titles:?}");
    assert_eq!(warnings[1].fixes, []);
}

#[test]
fn the_library_is_not_edited() {
    let mut case = case(COUNT);
    case.names[0] = "std.main".to_owned();
    assert_eq!(
        remedies(case.patient(), case.bad(), &mut Budget::default()),
        []
    );
}
