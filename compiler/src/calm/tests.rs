//! Labels of small programs: each refinement with a near miss.

use std::fmt::Write;

use expect_test::{Expect, expect};

use crate::check::{File, check};

/// The outputs and views of a program, with the causes of those that are bad.
fn labels(text: &str, expect: &Expect) {
    let checked = check(&[File {
        name: "main",
        text,
        dedalus: false,
    }]);
    assert!(checked.is_fine(), "{:#?}", checked.diagnostics);
    let mut shown = String::new();
    let mut line = |name: &str, verdict: String, because: &[super::report::Blame]| {
        let causes = because
            .iter()
            .map(|b| format!("{} over {}", b.cause.name(), b.over));
        let causes: Vec<String> = causes.collect();
        writeln!(shown, "{name}: {verdict} {}", causes.join(", ")).expect("strings take all");
    };
    for output in &checked.calm.outputs {
        line(
            &output.name,
            output.label.name().to_owned(),
            &output.because,
        );
    }
    for view in &checked.calm.views {
        let verdict = if view.converges {
            "converges"
        } else {
            "wavers"
        };
        line(&view.name, verdict.to_owned(), &view.because);
    }
    expect.assert_eq(&shown);
}

#[test]
fn a_kept_join_waits_and_a_fleeting_one_does_not() {
    labels(
        "input a(x: Int); input b(x: Int);
         table ka(x: Int); table kb(x: Int);
         output both(x: Int); output together(x: Int);
         ka{x} <= a{x}; kb{x} <= b{x};
         both{x} <= ka{x}, kb{x};
         together{x} <= a{x}, b{x};",
        &expect![[r#"
            both: async 
            together: run batch over b, batch over a
        "#]],
    );
}
