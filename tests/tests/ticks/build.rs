//! Makes plans from few words. Columns are `Int` unless said otherwise.

use bloom_compiler::codegen::{self, Target};
use bloom_plan::plan::{
    Aggregate, AggregateColumn, Arrow, Bind, Column, Delivery, Expr, Extent, Index, IndexId, Op,
    Plan, Register, Relation, RelationId, RelationKind, Role, Rule, RuleId, Slot, Stratum, Version,
    VersionId,
};
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, Input, Node, OnConflict, Output, Program};

pub const TABLE: RelationKind = RelationKind::Table { durable: false };

pub struct Build {
    pub plan: Plan,
    pub int: TypeId,
}

/// A column: its role and type.
pub fn key(ty: TypeId) -> (Role, TypeId) {
    (Role::Key, ty)
}

pub fn r(number: u32) -> Expr {
    Expr::Register(Register(number))
}

pub fn int(n: i64) -> Expr {
    Expr::Word(n as u64)
}

impl Build {
    pub fn new() -> Build {
        let mut plan = Plan::empty("Example", Default::default());
        let int = plan.types.intern(Type::Int);
        Build { plan, int }
    }

    pub fn relation(
        &mut self,
        name: &str,
        kind: RelationKind,
        columns: &[(Role, TypeId)],
    ) -> RelationId {
        let columns = columns
            .iter()
            .enumerate()
            .map(|(place, &(role, ty))| Column {
                name: format!("c{place}").into(),
                ty,
                role,
                default: None,
            });
        self.plan.relations.push(Relation {
            name: name.into(),
            kind,
            columns: columns.collect(),
            immutable: false,
            sealed_by: Vec::new(),
            public: true,
            delivery: Delivery::Free,
        });
        RelationId(self.plan.relations.len() as u32 - 1)
    }

    pub fn index(&mut self, relation: RelationId, columns: &[u32]) -> IndexId {
        let columns = columns.to_vec();
        self.plan.indexes.push(Index {
            relation,
            columns,
            part: Extent::Total,
        });
        IndexId(self.plan.indexes.len() as u32 - 1)
    }

    /// A rule of its own with one version.
    pub fn version(
        &mut self,
        registers: usize,
        delta: Option<RelationId>,
        nest: Vec<Op>,
    ) -> VersionId {
        let (head, arrow) = match nest.last() {
            Some(Op::Emit {
                relation, arrow, ..
            }) => (*relation, *arrow),
            Some(Op::Accumulate { aggregate, .. }) => {
                let aggregate = &self.plan.aggregates[aggregate.0 as usize];
                (aggregate.relation, aggregate.arrow)
            }
            _ => panic!("a nest ends with `Emit` or `Accumulate`"),
        };
        let number = self.plan.rules.len() as u32;
        self.plan.rules.push(Rule {
            at: format!("example.bloom:{}:1", number + 1).into(),
            text: "".into(),
            head,
            arrow,
            bootstrap: false,
        });
        let slot = |n: usize| Slot {
            name: format!("x{n}").into(),
            ty: self.int,
        };
        self.plan.versions.push(Version {
            rule: RuleId(number),
            delta,
            negated: None,
            registers: (0..registers).map(slot).collect(),
            nest,
        });
        VersionId(self.plan.versions.len() as u32 - 1)
    }

    /// A rule that copies columns of one relation into another.
    pub fn copy(
        &mut self,
        from: RelationId,
        columns: usize,
        to: RelationId,
        arrow: Arrow,
    ) -> VersionId {
        let columns = 0..columns as u32;
        let emitted = columns.clone().map(|c| Some(r(c))).collect();
        let nest = vec![scan(from, columns.clone()), emit(to, arrow, emitted)];
        self.version(columns.len(), None, nest)
    }

    pub fn aggregate(
        &mut self,
        relation: RelationId,
        columns: Vec<AggregateColumn>,
    ) -> bloom_plan::plan::AggregateId {
        let group = columns
            .iter()
            .filter(|c| matches!(c, AggregateColumn::Group(_)))
            .map(|_| self.int)
            .collect();
        self.plan.aggregates.push(Aggregate {
            rule: RuleId(self.plan.rules.len() as u32),
            relation,
            arrow: Arrow::Merge,
            group,
            columns,
        });
        bloom_plan::plan::AggregateId(self.plan.aggregates.len() as u32 - 1)
    }

    pub fn stratum(&mut self, initial: &[VersionId], recursive: &[VersionId]) {
        self.plan.strata.push(Stratum {
            initial: initial.to_vec(),
            recursive: recursive.to_vec(),
            ..Stratum::default()
        });
    }

    /// The stratum before it also has these versions.
    pub fn incremental(&mut self, versions: &[VersionId]) {
        let stratum = self.plan.strata.last_mut();
        let stratum = stratum.expect("there is a stratum");
        stratum.incremental = versions.to_vec();
    }

    /// Another version of the rule of one.
    pub fn again(&mut self, of: VersionId, delta: RelationId, nest: Vec<Op>) -> VersionId {
        let like = self.plan.versions[of.0 as usize].clone();
        self.plan.versions.push(Version {
            delta: Some(delta),
            nest,
            ..like
        });
        VersionId(self.plan.versions.len() as u32 - 1)
    }

    pub fn start(self, on_conflict: OnConflict) -> Node {
        let artifact = codegen::generate(&self.plan, &Target::native());
        let program = Program::load(self.plan, artifact).expect("the program loads");
        let config = Config {
            address: "n".into(),
            on_conflict,
            ..Config::default()
        };
        Node::new(program, config).expect("the node starts")
    }
}

pub fn scan(relation: RelationId, columns: impl Iterator<Item = u32>) -> Op {
    read(relation, Extent::Total, columns)
}

pub fn read(relation: RelationId, part: Extent, columns: impl Iterator<Item = u32>) -> Op {
    let bind = columns.map(|c| Bind {
        column: c,
        into: Register(c),
    });
    Op::Scan {
        relation,
        part,
        bind: bind.collect(),
    }
}

pub fn emit(relation: RelationId, arrow: Arrow, columns: Vec<Option<Expr>>) -> Op {
    Op::Emit {
        relation,
        arrow,
        columns,
    }
}

pub fn ints(row: &[i64]) -> Row {
    row.iter().map(|&n| Value::Int(n)).collect()
}

/// Rows of `Int`s for a collection in the next tick.
pub fn feed(node: &mut Node, collection: &str, rows: &[&[i64]]) -> Output {
    let id = node
        .relation(collection)
        .expect("the plan has the collection");
    let rows = rows.iter().map(|row| (id, ints(row))).collect();
    node.step(Input {
        rows,
        ..Input::default()
    })
}

pub fn idle(node: &mut Node) -> Output {
    node.step(Input::default())
}

#[track_caller]
pub fn expect(node: &Node, collection: &str, rows: &[&[i64]]) {
    let id = node
        .relation(collection)
        .expect("the plan has the collection");
    let rows: Vec<Row> = rows.iter().map(|row| ints(row)).collect();
    assert_eq!(node.rows(id), rows, "{collection}");
}
