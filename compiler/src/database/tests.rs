//! An edit runs again what it changed and no more, and what comes of it is what a check from nothing
//! gives.

use std::fs;
use std::sync::{Arc, Mutex};

use bloom_stdx::random::Random;
use expect_test::{Expect, expect};
use salsa::Setter;

mod edits;
mod literals;
mod patched;

use super::{Database, File, Language, Package, calm_report, checked, diagnostics, effort};
use crate::check::tests::{bloom_files, root, stdlib};
use crate::check::{self, Checked};

/// Checks `before`, then `after`, and compares the queries that the second check ran, and how many rules it
/// looked at in each stage.
fn check_edit(before: &str, after: &str, expect: &Expect) {
    let ran: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&ran);
    let mut db = Database::observed(move |event| {
        if let salsa::EventKind::WillExecute { database_key } = event.kind {
            let name = format!("{database_key:?}");
            let name = name.split('(').next().expect("a split has a first part");
            log.lock()
                .expect("no test panics while it logs")
                .push(name.to_owned());
        }
    });
    let file = File::new(&db, "main".to_owned(), Language::Bloom, before.to_owned());
    let package = Package::new(&db, vec![file]);
    let all = |db: &Database| {
        calm_report(db, package);
        diagnostics(db, package)
    };
    all(&db);
    ran.lock().expect("no test panics while it logs").clear();
    file.set_text(&mut db).to(after.to_owned().into());
    all(&db);
    let queries = ran.lock().expect("no test panics while it logs").join(" ");
    let effort = match queries.contains("resolved") {
        true => format!("{:?}", effort(&db, package)),
        false => "no rules".to_owned(),
    };
    expect.assert_eq(&format!("{queries}\n{effort}\n"));
}

const RULES: &str = "\
input a(x: Int, y: Int);
table b(x: Int);
output c(x: Int);
b{x} <= a{x, y}, y > 1;
b{x} <= a{x}, x > 2;
c{x} <= b{x}, not a{x, y: 3};
";

#[test]
fn a_comment_at_the_end_stops_at_the_tree() {
    check_edit(
        RULES,
        &format!("{RULES}// done\n"),
        &expect![[r#"
        parsed module well_typed
        no rules
    "#]],
    );
}

#[test]
fn a_line_above_moves_rules_and_looks_at_none() {
    let moved = RULES.replace("b{x} <= a{x}", "// and\nb{x} <= a{x}");
    check_edit(
        RULES,
        &moved,
        &expect![[r#"
            parsed module resolved well_typed program
            Effort { parsed: 0, resolved: 0, typed: 3, analyzed: 3, summarized: 3, is_judged: true, forms: 3 }
        "#]],
    );
}

#[test]
fn a_changed_rule_is_the_only_one_looked_at() {
    check_edit(
        RULES,
        &RULES.replace("x > 2", "x > 20"),
        &expect![[r#"
            parsed module resolved well_typed program typed analyzed flows calm_report
            Effort { parsed: 1, resolved: 1, typed: 1, analyzed: 1, summarized: 1, is_judged: false, forms: 0 }
        "#]],
    );
}

#[test]
fn two_changed_rules_leave_what_is_between() {
    let edited = RULES.replace("y > 1", "y > 10").replace("y: 3", "y: 30");
    check_edit(
        RULES,
        &edited,
        &expect![[r#"
            parsed module resolved well_typed program typed analyzed flows calm_report
            Effort { parsed: 2, resolved: 2, typed: 2, analyzed: 2, summarized: 2, is_judged: true, forms: 3 }
        "#]],
    );
}

#[test]
fn a_rule_that_comes_leaves_the_others() {
    check_edit(
        RULES,
        &RULES.replace("b{x} <= a{x}, x", "b{x: y} <= a{y};\nb{x} <= a{x}, x"),
        &expect![[r#"
            parsed module resolved well_typed program typed analyzed flows calm_report
            Effort { parsed: 1, resolved: 1, typed: 1, analyzed: 1, summarized: 1, is_judged: true, forms: 4 }
        "#]],
    );
}

#[test]
fn rules_far_from_a_change_keep_their_form() {
    let stage = |n: usize| {
        format!(
            "table t{n}(x: Int); input late{n}(x: Int); scratch s{n}(x: Int);\n\
             t{n}{{x}} <= s{before}{{x}};\ns{n}{{x}} <= t{n}{{x}}, not late{n}{{x}};\n",
            before = n - 1
        )
    };
    let stages: String = (1..60).map(stage).collect();
    let before = format!("input s0(x: Int); output o(x: Int);\n{stages}o{{x}} <= s59{{x}};\n");
    let after = before.replace("t30{x} <= s29{x};\n", "");
    let mut db = Database::default();
    let file = File::new(&db, "main".to_owned(), Language::Bloom, before);
    let package = Package::new(&db, vec![file]);
    calm_report(&db, package);
    assert_eq!(effort(&db, package).forms, 119);
    file.set_text(&mut db).to(after.into());
    calm_report(&db, package);
    let found = effort(&db, package);
    assert!(
        found.is_judged && (1..12).contains(&found.forms),
        "{found:?}"
    );
}

#[test]
fn an_edit_that_is_taken_back_is_not_judged_again() {
    let without = RULES.replace("b{x} <= a{x}, x > 2;\n", "");
    let mut db = Database::default();
    let file = File::new(
        &db,
        "main".to_owned(),
        Language::Bloom,
        "input a();".to_owned(),
    );
    let package = Package::new(&db, vec![file]);
    let mut judged = Vec::new();
    for text in [RULES, &without, RULES, &without, RULES] {
        file.set_text(&mut db).to(text.to_owned().into());
        let warm = checked(&db, package);
        let cold = check::tests::check_text("main", text, &[]);
        assert_eq!(facts(&warm), facts(&cold), "{text}");
        judged.push(effort(&db, package).is_judged);
    }
    assert_eq!(judged, [true, true, false, false, false]);
}

#[test]
fn a_changed_declaration_looks_at_all_rules() {
    check_edit(
        RULES,
        &RULES.replace("table b(x: Int)", "scratch b(x: Int)"),
        &expect![[r#"
            parsed module resolved well_typed program typed analyzed flows calm_report
            Effort { parsed: 1, resolved: 3, typed: 3, analyzed: 3, summarized: 3, is_judged: true, forms: 3 }
        "#]],
    );
}

/// A text with a line or two changed at random.
fn edited(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push(String::new());
    }
    for _ in 0..=random.below(2) {
        let at = random.below(lines.len());
        let other = lines[random.below(lines.len())].clone();
        match random.below(8) {
            0 => lines.insert(at, "// a remark".to_owned()),
            1 if lines.len() > 1 => drop(lines.remove(at)),
            2 => lines.insert(at, other),
            3 => {
                let digit = |c: char| if c.is_ascii_digit() { '7' } else { c };
                lines[at] = lines[at].chars().map(digit).collect();
            }
            4 => lines[at] = lines[at].replacen(['x', 'k', 'n'], "z", 1),
            5 => lines[at] = lines[at].replacen("<=", "<+", 1),
            6 => lines[at] = lines[at].replacen(", ", ",  ", 1),
            _ => lines[at].push(' '),
        }
    }
    lines.join("\n") + "\n"
}

/// What is known of a program as text, without the numbers that depend on how it came about; and the
/// instances of functions, of which some may be left over.
fn facts(checked: &Checked) -> (String, Vec<String>) {
    let types = checked.typed.dump(&checked.program);
    let (instances, types): (Vec<&str>, Vec<&str>) =
        types.lines().partition(|line| line.starts_with("inst"));
    let without_number = |line: &str| line.split_once(' ').map(|(_, rest)| rest.to_owned());
    let instances = instances.into_iter().filter_map(without_number).collect();
    let program = checked.program.dump();
    let analysis = checked.analysis.dump(&checked.program);
    let calm = format!("{:#?}", checked.calm);
    // Items by where they are.
    let mut located = String::new();
    for line in calm.lines() {
        let item = line
            .trim()
            .strip_prefix("item: item")
            .and_then(|rest| rest.strip_suffix(','));
        match item.and_then(|number| number.parse().ok()) {
            Some(number) => {
                located += &format!("{:?}", checked.program.places[crate::hir::ItemRef(number)])
            }
            None => located += line,
        }
        located.push('\n');
    }
    let types = types.join("\n");
    (
        format!("{program}\n{types}\n{analysis}\n{located}"),
        instances,
    )
}

fn compare_edits(name: &str, text: &str, library: &[(String, String)], edits: usize, seed: u64) {
    let mut random = Random::new(seed);
    let mut db = Database::default();
    let input = |db: &Database, name: &str, text: &str| {
        File::new(db, name.to_owned(), Language::Bloom, text.to_owned())
    };
    let root = input(&db, name, text);
    let files = library.iter().map(|(name, text)| input(&db, name, text));
    let files = [root].into_iter().chain(files).collect();
    let package = Package::new(&db, files);
    let mut now = text.to_owned();
    for _ in 0..edits {
        let warm = checked(&db, package);
        let cold = check::tests::check_text(name, &now, library);
        assert_eq!(warm.diagnostics, cold.diagnostics, "{name}:\n{now}");
        let (warm, cold) = (facts(&warm), facts(&cold));
        assert_eq!(warm.0, cold.0, "{name}:\n{now}");
        let kept = cold.1.iter().all(|instance| warm.1.contains(instance));
        assert!(kept, "{name}: {:?} for {:?}", warm.1, cold.1);
        // Some edits go back, so that what was right becomes wrong and right again.
        now = match random.chance(1, 3) {
            true => text.to_owned(),
            false => edited(&now, &mut random),
        };
        root.set_text(&mut db).to(now.clone().into());
    }
}

#[test]
fn an_edited_program_is_what_it_is_from_nothing() {
    let library = stdlib();
    let folders = ["tests/conformance", "tests/calm"];
    let files = folders.map(|folder| bloom_files(&root().join(folder)));
    assert!(
        files.iter().all(|files| files.len() > 100),
        "they are there"
    );
    let files = files.into_iter().flatten();
    for (seed, path) in (0..).zip(files) {
        let text = fs::read_to_string(&path).expect("the corpus is UTF-8");
        let name = path.file_stem().and_then(|stem| stem.to_str());
        compare_edits(name.expect("names are UTF-8"), &text, &library, 4, seed);
    }
}
