//! What a tick derives when a row goes follows what goes with it, not what is there.

use bloom_runtime::{Config, Input, Node};
use bloom_tests::program::{load, standard_library};

/// Chains of so many edges, and how many of them there are.
const EDGES: i64 = 4;
const CHAINS: i64 = 500;

const EDGES_COME_AND_GO: &str = "
    input come(a: Int, b: Int);
    input go(a: Int, b: Int);
    table edge(a: Int, b: Int);
    edge{a, b} <+ come{a, b};
    edge{a, b} <- go{a, b};
";

/// Rows that merge in the tick in which an edge has gone, and the one after.
fn merged_when_an_edge_goes(rules: &str) -> u64 {
    let text = format!("{EDGES_COME_AND_GO}{rules}");
    let loaded = load("upkeep", &text, &standard_library()).expect("the program has no errors");
    let (_, program) = &loaded.programs[0];
    let mut node = Node::new(program.clone(), Config::default()).expect("the node starts");
    let edges = (0..CHAINS)
        .flat_map(|chain| (0..EDGES).map(move |edge| chain * 10 + edge))
        .map(|from| [from, from + 1]);
    feed(&mut node, "come", edges);
    // Once, a stratum that is to follow what goes may have to make ready for that.
    for edge in [[0, 1], [11, 12]] {
        feed(&mut node, "go", std::iter::once(edge));
        step(&mut node);
        step(&mut node);
    }
    feed(&mut node, "go", std::iter::once([21, 22]));
    let after = [step(&mut node), step(&mut node)];
    after.iter().sum()
}

fn feed(node: &mut Node, collection: &str, rows: impl Iterator<Item = [i64; 2]>) {
    let collection = node.relation(collection).expect("the program has it");
    let mut feed = node.feed(collection);
    rows.for_each(|row| feed.numbers(&row));
    drop(feed);
    step(node);
}

fn step(node: &mut Node) -> u64 {
    let output = node.step(Input::default());
    assert_eq!(output.errors, []);
    output.stats.merged
}

#[test]
fn recursion_through_tables_and_views_follows_what_goes() {
    let merged = merged_when_an_edge_goes(
        "table reach(a: Int, b: Int);
         scratch step(a: Int, b: Int);
         view back(a: Int, b: Int);
         reach{a, b} <= edge{a, b};
         step{a, b: c} <= reach{a, b}, edge{a: b, b: c};
         reach{a, b} <= step{a, b};
         back{a: b, b: a} <= reach{a, b}, edge{a};",
    );
    assert!(merged < 50, "{merged}");
}

#[test]
fn lattices_by_computed_keys_follow_what_goes() {
    let merged = merged_when_an_edge_goes(
        "view least(k: Int => v: Min<Int>);
         least{k: (a + b) % 1000, v: a} <= edge{a, b};",
    );
    assert!(merged < 20, "{merged}");
}

#[test]
fn a_lattice_without_key_is_left_alone_by_what_had_no_part_in_it() {
    let merged = merged_when_an_edge_goes(
        "view most( => v: Max<Int>);
         most{v: a} <= edge{a};",
    );
    assert_eq!(merged, 0);
}
