//! Whole programs through the whole compiler.

use std::num::NonZeroUsize;

use super::*;
use crate::check::{File, check};

const PROGRAM: &str = r#"
enum Shape { Circle(r: Int), Dot }
fn area(s: Shape): Int = match s { Circle(r) if r > 9 => 0, Circle(r) => 3 * r * r, Dot => 0 };
input shape(id: Int, s: Shape);
output total(=> area: Int);
table seen(id: Int => most: Max<Int>);
scratch known(id: Int);
total{area: sum(area(s))} <= shape{s};
seen{id, most: area(s)} <= shape{id, s};
known(id) <= shape{id}, seen{id, most}, most >= 3, not shape{id, s: Circle(1)};
"#;

fn with_program(test: impl Fn(Typing<'_>)) {
    let checked = check(&[File {
        name: "shapes",
        text: PROGRAM,
        dedalus: false,
    }]);
    assert!(checked.is_fine(), "{:?}", checked.diagnostics);
    let sources = Sources::single("shapes.bloom", PROGRAM);
    test(Typing {
        program: &checked.program,
        typed: &checked.typed,
        analysis: &checked.analysis,
        sources: &sources,
    });
}

#[test]
fn equal_programs_give_equal_bytes() {
    with_program(|of| {
        let target = Target::native();
        assert_eq!(compile(of, &target), compile(of, &target));
    });
}

#[test]
fn every_dump_parses_back() {
    with_program(|of| {
        for text in [emit_rir(of), emit_optimized(of)] {
            let program = rir::text::parse(&text).expect("printed");
            assert_eq!(rir::text::print(&program), text);
            assert_eq!(rir::verify::verify(&program), Ok(()));
        }
        let plan: Plan = bloom_plan::text::parse(&emit_plan(of)).expect("printed");
        assert_eq!(vec![plan], make_plans(of));
    });
}

#[test]
fn names_of_the_source_reach_the_plan() {
    with_program(|of| {
        let plan = make_plans(of).remove(0);
        assert_eq!(plan.name, "Shapes");
        assert_eq!(plan.rules[0].at, "shapes.bloom:8:1");
        assert_eq!(plan.rules[0].text, "total{area: sum(area(s))} <= shape{s};");
        assert!(
            plan.functions
                .iter()
                .any(|function| function.name == "area")
        );
    });
}

/// Groups of rules of many forms, in strata of their own and together in one.
fn many_rules(groups: usize) -> String {
    let mut text = String::from(
        "input order(id: Int, group: Int, amount: Int);\n\
         output seen(stage: Int, id: Int);\n\
         table orders0(id: Int, group: Int, amount: Int);\n\
         orders0{id, group, amount} <= order{id, group, amount};\n",
    );
    for n in 1..groups {
        let before = n / 2;
        text += &format!(
            "table orders{n}(id: Int, group: Int, amount: Int);\n\
             scratch open{n}(id: Int, group: Int);\n\
             scratch rows{n}(group: Int => rows: Int);\n\
             scratch reach{n}(a: Int, b: Int);\n\
             table high{n}(group: Int => amount: Max<Int>);\n\
             orders{n}{{id, group, amount: amount / 2}} <= orders{before}{{id, group, amount}}, amount > {n};\n\
             high{n}{{group, amount}} <= orders{n}{{group, amount}};\n\
             open{n}{{id, group}} <= orders{n}{{id, group}}, not orders{before}{{id, group: {n}}};\n\
             rows{n}{{group, rows: count()}} <= open{n}{{group}};\n\
             reach{n}{{a: id, b: group}} <= open{n}{{id, group}};\n\
             reach{n}{{a, b: c}} <= reach{n}{{a, b}}, reach{n}{{a: b, b: c}};\n\
             orders{n}{{id, group: rows, amount: 1}} <+ rows{n}{{group, rows}}, open{n}{{id, group}};\n\
             seen{{stage: {n}, id}} <= rows{n}{{group, rows}}, reach{n}{{a: id, b: group}}, rows > {n};\n"
        );
    }
    text
}

#[test]
fn threads_do_not_change_a_plan() {
    let text = many_rules(200);
    let checked = check(&[File {
        name: "many",
        text: &text,
        dedalus: false,
    }]);
    assert!(checked.is_fine(), "{:?}", checked.diagnostics);
    let sources = Sources::single("many.bloom", &text);
    let by = |threads: usize| {
        let threads = NonZeroUsize::new(threads).expect("above 0");
        let target = Target::native().by(threads);
        let (checked, ahead) = (checked.clone(), Ahead::None);
        compile_to_run(checked, &sources, &target, ahead, &|_| true).remove(0)
    };
    let (plan, artifact) = by(1);
    assert!(plan.aggregates.len() == 199 && plan.rules.len() > 1_500);
    for threads in 2..=3 {
        let (other, code) = by(threads);
        assert!(other == plan, "by {threads} threads");
        assert!(code == artifact, "by {threads} threads");
    }
}
