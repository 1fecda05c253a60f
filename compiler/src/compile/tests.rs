//! Whole programs through the whole compiler.

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
