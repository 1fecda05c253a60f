//! What coordination keeps is bounded by what is not complete yet: over a long run the collections that it brings
//! hold rows of open partitions, and of finished ones a number for each producer.

use std::collections::BTreeMap;

use bloom_compiler::base::FileId;
use bloom_compiler::compile::Optimization;
use bloom_compiler::coordination::{Coordination, coordinate};
use bloom_plan::value::{Row, Value};
use bloom_sim::Programs;
use bloom_sim::world::{Setup, World};
use bloom_tests::program::{check_text, load_with, standard_library};

const PARTITIONS: i64 = 40;
const ROWS: i64 = 25;

const SHOP: &str = r#"
channel item(@to: Addr, order: Int, name: Int) sealed by order;

node Shop(depot: Addr) {
  input sold(order: Int, name: Int);
  input paid(order: Int);
  item{to: depot, order, name} <~ sold{order, name};
  seal item{to: depot, order}  <~ paid{order};
}
node Depot {
  input  ship(order: Int);
  output parcel(order: Int, items: Int);
  table  packed(order: Int, name: Int);
  packed{order, name} <= item{order, name};
  parcel{order, items: count()} <= ship{order}, packed{order};
}
"#;

/// How many rows each collection has, but for those that the program declares.
fn inserted(world: &World<'_, Programs<'_>>, node: usize) -> BTreeMap<String, usize> {
    let written = ["sold", "paid", "ship", "parcel", "packed", "item"];
    let relations = world.plan(node).relations.iter();
    let relations = relations.filter(|relation| !written.contains(&relation.name.as_str()));
    let sizes = relations.map(|relation| {
        let rows = world.rows(node, &relation.name).expect("the plan has it");
        (relation.name.to_string(), rows.len())
    });
    sizes.collect()
}

#[test]
fn completed_partitions_leave_no_rows_behind() {
    let library = standard_library();
    let checked = check_text("shop", SHOP, &library);
    let done = coordinate(&checked, Coordination::Auto);
    assert_eq!(done.insertions.len(), 1, "{:?}", done.insertions);
    let prelude = library.iter().position(|(name, _)| name == "std.prelude");
    let prelude = prelude.map(|at| FileId(at as u32 + 1));
    let text = done.program.source(prelude);
    let loaded = load_with("shop", &text, &library, Optimization::On);
    let loaded = loaded.unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    let programs = Programs(&loaded.programs);
    let depot = || Value::Addr("depot".into());
    let setup = |name: &str, kind: &str, parameters| Setup {
        name: name.into(),
        kind: kind.into(),
        parameters,
    };
    let nodes = vec![
        setup("depot", "Depot", Vec::new()),
        setup("a", "Shop", vec![depot()]),
        setup("b", "Shop", vec![depot()]),
    ];
    let mut world = World::new(&programs, nodes, 7);
    for node in 0..3 {
        world.start(node).expect("it starts");
    }
    let feed = |world: &mut World<'_, _>, node, name: &str, row: &[i64]| {
        let row: Row = row.iter().map(|&n| Value::Int(n)).collect();
        world.feed(node, name, row).expect("the row fits");
    };
    for order in 0..PARTITIONS {
        feed(&mut world, 0, "ship", &[order]);
        for shop in [1, 2] {
            for name in 0..ROWS {
                feed(
                    &mut world,
                    shop,
                    "sold",
                    &[order, name * 2 + shop as i64 - 1],
                );
            }
            if shop == 1 || order % 2 == 0 {
                feed(&mut world, shop, "paid", &[order]);
            }
        }
        let troubles = world.settle().expect("it settles");
        assert!(troubles.is_empty(), "{troubles:?}");
        let shown = world.rows(0, "parcel").expect("there is such an output");
        let whole = shown.iter().any(|row| row[1] == Value::Int(2 * ROWS));
        assert!(!whole || order % 2 == 0, "{shown:?}");
        if order % 2 == 1 {
            // The other shop is late.
            let waiting = world.rows(0, "ship_kept").expect("it is inserted");
            assert_eq!(waiting, [vec![Value::Int(order)]], "at order {order}");
            feed(&mut world, 2, "paid", &[order]);
            let troubles = world.settle().expect("it settles");
            assert!(troubles.is_empty(), "{troubles:?}");
        }
        assert_eq!(
            world.rows(0, "packed").map(|rows| rows.len()),
            Ok(((order + 1) * 2 * ROWS) as usize)
        );
    }
    let finished = (2 * PARTITIONS) as usize;
    let at_depot = inserted(&world, 0);
    assert_eq!(at_depot["ship_kept"], 0, "{at_depot:?}");
    for node in 0..3 {
        for (name, rows) in inserted(&world, node) {
            assert!(rows <= finished, "{name} of node {node} has {rows} rows");
        }
    }
    // What is refused is still told.
    feed(&mut world, 1, "sold", &[3, 999]);
    let troubles = world.settle().expect("it settles");
    assert!(!troubles.is_empty(), "a late row is an error");
}
