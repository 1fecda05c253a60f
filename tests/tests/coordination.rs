//! The programs of `tests/calm` say what is to be inserted into them: `//! coordinate: none`,
//! `seal C by K`, `order C, …`, or what only a person can decide.

use bloom_compiler::coordination::{Coordinated, Coordination, Insertion, coordinate};
use bloom_tests::program::{bloom_files, check_text, module_name, read, root, standard_library};

struct Case {
    name: String,
    text: String,
    wanted: String,
}

fn cases() -> Vec<Case> {
    let case = |path: std::path::PathBuf| {
        let text = read(&path);
        let mut lines = text.lines();
        let wanted = lines.find_map(|line| line.strip_prefix("//! coordinate: "));
        Some(Case {
            wanted: wanted?.trim().to_owned(),
            name: module_name(&path),
            text,
        })
    };
    let files = bloom_files(&root().join("tests/calm"));
    files.into_iter().filter_map(case).collect()
}

fn coordinated(name: &str, text: &str) -> Coordinated {
    let checked = check_text(name, text, &standard_library());
    assert!(checked.is_fine(), "{name}: {:#?}", checked.diagnostics);
    coordinate(&checked, Coordination::Auto)
}

/// `seal click by campaign`
fn line(insertion: &Insertion) -> String {
    let mut line = format!("{} {}", insertion.strategy.name(), insertion.on.join(", "));
    if !insertion.by.is_empty() {
        line += &format!(" by {}", insertion.by.join(", "));
    }
    line
}

#[test]
fn what_is_inserted_is_what_the_headers_say() {
    let cases = cases();
    assert!(cases.len() > 20, "{} programs", cases.len());
    let mut wrong = Vec::new();
    for Case { name, text, wanted } in cases {
        let done = coordinated(&name, &text);
        let inserted: Vec<String> = done.insertions.iter().map(line).collect();
        let replicated = text.contains(" replicated ");
        let fine = match wanted.split(' ').next().unwrap_or_default() {
            "none" => inserted.is_empty() && done.advice.is_empty(),
            "seal" => inserted == [wanted.clone()],
            "order" if replicated => inserted == [wanted.clone()],
            // No order of messages helps.
            "reject" | "nondeterministic" => inserted.is_empty() && done.advice.is_empty(),
            "fifo" => inserted.len() == 1 && inserted[0].starts_with("fifo "),
            "order" | "key-order" => !inserted.is_empty() || !done.advice.is_empty(),
            other => panic!("{name}: no strategy is called `{other}`"),
        };
        if !fine {
            let advice: Vec<String> = done.advice.iter().map(line).collect();
            wrong.push(format!(
                "{name}: {wanted}; inserted {inserted:?}, advised {advice:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_has_insertions_is_clean_with_them() {
    let mut seen = 0;
    for Case { name, text, .. } in cases() {
        let done = coordinated(&name, &text);
        assert_eq!(done.diagnostics, [], "{name}");
        for mended in done.insertions.iter().flat_map(|one| &one.mends) {
            seen += 1;
            let outputs = |report: &bloom_compiler::calm::Report| {
                let mut outputs = report.outputs.iter().filter(|o| o.place == mended.place);
                outputs.next().map(|output| output.label.clone())
            };
            let (before, after) = (outputs(&done.before), outputs(&done.after));
            assert!(after < before, "{name}: {after:?} after {before:?}");
        }
    }
    assert!(seen > 1, "{seen} outputs are mended");
}

/// What is printed compiles to a program that needs nothing more.
#[test]
fn coordinated_programs_are_programs() {
    for Case { name, text, .. } in cases() {
        let done = coordinated(&name, &text);
        let library = standard_library();
        // The prelude follows the program itself among the files.
        let prelude = library.iter().position(|(name, _)| name == "std.prelude");
        let prelude = prelude.map(|at| bloom_compiler::base::FileId(at as u32 + 1));
        let again = coordinated(&name, &done.program.source(prelude));
        assert_eq!(again.insertions, [], "{name}");
        let labels = |report: &bloom_compiler::calm::Report| -> Vec<String> {
            let outputs = report.outputs.iter();
            let outputs = outputs.map(|o| format!("{} {:?}", o.name, o.label));
            let views = report.views.iter();
            outputs
                .chain(views.map(|v| format!("{} {}", v.name, v.converges)))
                .collect()
        };
        assert_eq!(labels(&again.before), labels(&done.after), "{name}");
    }
}
