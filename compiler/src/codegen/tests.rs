//! Generated code, run on hand-made frames.

use super::*;
use bloom_plan::plan::{
    Arrow, BinaryOp, Bind, Column, CompareOp, Expr, Extent, Index, IndexId, Op, Register, Relation,
    RelationId, RelationKind, Role, Rule, RuleId, Slot, Stratum, Version,
};
use bloom_plan::types::{Type, TypeTable};

/// `path(x, z, n + m) <= path(x, y, n), edge(y, z, m), n / m < 3;`
fn example() -> Plan {
    let mut types = TypeTable::default();
    let int = types.intern(Type::Int);
    let relation = |name: &str| Relation {
        name: name.into(),
        kind: RelationKind::Scratch,
        columns: ["a", "b", "n"]
            .map(|name| Column {
                name: name.into(),
                ty: int,
                role: Role::Key,
                default: None,
            })
            .into(),
        immutable: false,
        sealed_by: Vec::new(),
        delivery: bloom_plan::plan::Delivery::Free,
        public: false,
    };
    let r = |n| Expr::Register(Register(n));
    let bind = |column, into| Bind {
        column,
        into: Register(into),
    };
    let two = |op: BinaryOp, a, b| Expr::Binary(op, Box::new(a), Box::new(b));
    let nest = vec![
        Op::Scan {
            relation: RelationId(0),
            part: Extent::Delta,
            bind: vec![bind(0, 0), bind(1, 1), bind(2, 2)],
        },
        Op::Probe {
            index: IndexId(0),
            key: vec![r(1)],
            bind: vec![bind(1, 3), bind(2, 4)],
        },
        Op::Filter {
            condition: Expr::Compare(
                CompareOp::Lt,
                int,
                Box::new(two(BinaryOp::IntDiv, r(2), r(4))),
                Box::new(Expr::Word(3)),
            ),
        },
        Op::Emit {
            relation: RelationId(0),
            arrow: Arrow::Merge,
            columns: vec![
                Some(r(0)),
                Some(r(3)),
                Some(two(BinaryOp::IntMul, r(2), r(4))),
            ],
        },
    ];
    Plan {
        relations: vec![relation("path"), relation("edge")],
        indexes: vec![Index {
            relation: RelationId(1),
            columns: vec![0],
            part: Extent::Total,
        }],
        rules: vec![Rule {
            at: "example.bloom:1:1".into(),
            text: "path".into(),
            head: RelationId(0),
            arrow: Arrow::Merge,
            bootstrap: false,
        }],
        versions: vec![Version {
            rule: RuleId(0),
            delta: Some(RelationId(0)),
            negated: None,
            registers: ["x", "y", "n", "z", "m"]
                .map(|name| Slot {
                    name: name.into(),
                    ty: int,
                })
                .into(),
            nest,
        }],
        strata: vec![Stratum {
            initial: Vec::new(),
            recursive: vec![bloom_plan::plan::VersionId(0)],
            ..Stratum::default()
        }],
        ..Plan::empty("Example", types)
    }
}

#[test]
fn equal_plans_give_equal_bytes() {
    let plan = example();
    let first = generate(&plan, &Target::native());
    assert_eq!(first, generate(&plan, &Target::native()));
    assert_eq!(first.versions.len(), 1);
    assert!(!first.code.is_empty());
}

#[test]
fn generates_for_both_architectures() {
    let plan = example();
    for triple in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        let target = Target::named(triple).expect("both are built in");
        assert_eq!(generate(&plan, &target).target, triple);
    }
    assert!(Target::named("mips-unknown-linux-gnu").is_none());
}

#[test]
fn division_is_guarded_by_branches() {
    let text = clif(&example(), &Target::native());
    assert!(
        text.contains("sdiv") && text.contains("smul_overflow"),
        "{text}"
    );
    assert!(!text.contains("    trap"), "{text}");
}

/// Code does not depend on how many threads generate it, nor on when.
#[test]
fn neither_threads_nor_time_change_code() {
    let mut plan = example();
    let version = plan.versions[0].clone();
    plan.versions = vec![version; SHARE_MIN + 1];
    let by = |threads: usize, ahead| {
        let threads = NonZeroUsize::new(threads).expect("above 0");
        generate_ahead(&plan, &Target::native().by(threads), ahead)
    };
    assert_eq!(by(1, Ahead::All), by(3, Ahead::All));
    let none = by(1, Ahead::None);
    assert!(
        none.versions
            .iter()
            .all(|&offset| offset == Artifact::ABSENT)
    );
    assert_eq!(none.functions.len(), plan.functions.len());
    let all = by(1, Ahead::All);
    let last = VersionId(SHARE_MIN as u32);
    let patch = generate_some(&plan, &[last], &Target::native());
    let later = &all.code[all.versions[last.0 as usize] as usize..];
    assert_eq!(patch.versions, [(last, 0)]);
    assert_eq!(patch.code, later[..patch.code.len()]);
}
