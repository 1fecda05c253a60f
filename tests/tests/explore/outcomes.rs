//! All outcomes of small programs, worked out by hand.

use std::collections::BTreeSet;

use bloom_plan::value::{Row, Value};
use bloom_sim::Programs;
use bloom_sim::explore::{
    Contents, Delivery, Deployment, Fed, Feed, Observed, Options, Outcomes, Unexplored, explore,
};
use bloom_sim::world::Setup;
use bloom_tests::program::{Loaded, load, standard_library};

/// A program with one node of each of its kinds, or as a test arranges.
struct Case {
    loaded: Loaded,
    deployment: Deployment,
    feeds: Vec<Feed>,
    options: Options,
}

impl Case {
    fn new(text: &str) -> Case {
        let loaded = load("main", text, &standard_library());
        let loaded = loaded.unwrap_or_else(|errors| panic!("{errors:#?}"));
        let nodes = loaded
            .plans
            .iter()
            .map(|plan| setup(&plan.name, &plan.name, Vec::new()));
        let nodes = nodes.collect();
        Case {
            loaded,
            deployment: Deployment {
                nodes,
                ..Deployment::default()
            },
            feeds: Vec::new(),
            options: Options::default(),
        }
    }

    fn feed(mut self, collection: &str, row: impl Into<Row>) -> Case {
        let what = Fed::Row {
            collection: collection.into(),
            row: row.into(),
        };
        self.feeds.push(Feed {
            to: (0..self.deployment.nodes.len()).collect(),
            what,
            after: Vec::new(),
        });
        self
    }

    fn seal(mut self, collection: &str, key: impl Into<Row>, after: &[usize]) -> Case {
        let what = Fed::Seal {
            collection: collection.into(),
            key: key.into(),
        };
        self.feeds.push(Feed {
            to: vec![0],
            what,
            after: after.to_vec(),
        });
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Case {
        change(&mut self.options);
        self
    }

    fn nodes(mut self, nodes: Vec<Setup>) -> Case {
        self.deployment.nodes = nodes;
        self
    }

    fn delivery(mut self, name: &str, delivery: Delivery) -> Case {
        self.deployment.delivery.push((name.into(), delivery));
        self
    }

    fn run(&self, observed: &[Observed]) -> Result<Outcomes, Unexplored> {
        let programs = Programs(&self.loaded.programs);
        explore(
            &programs,
            &self.deployment,
            &self.feeds,
            observed,
            &self.options,
        )
    }

    /// All contents that a collection of a node can have in the end, as text, sorted.
    fn ends(&self, node: usize, collection: &str) -> Vec<String> {
        let observed = Observed {
            node,
            collection: collection.into(),
        };
        let outcomes = self.run(&[observed]).unwrap_or_else(|e| panic!("{e}"));
        assert!(outcomes.complete);
        let contents = outcomes.outcomes.iter().map(|o| show(&o.contents[0]));
        let mut contents: Vec<String> = contents.collect();
        contents.sort();
        contents
    }
}

fn setup(name: &str, kind: &str, parameters: Vec<Value>) -> Setup {
    Setup {
        name: name.into(),
        kind: kind.into(),
        parameters,
    }
}

fn show(contents: &Contents) -> String {
    let value = |value: &Value| match value {
        Value::Int(n) => n.to_string(),
        Value::String(s) | Value::Addr(s) => s.to_string(),
        other => format!("{other:?}"),
    };
    match contents {
        Contents::Oscillates => "oscillates".to_owned(),
        Contents::Rows(rows) => {
            let row = |row: &Row| row.iter().map(value).collect::<Vec<_>>().join(",");
            rows.iter().map(row).collect::<Vec<_>>().join(" ")
        }
    }
}

fn int(n: i64) -> Vec<Value> {
    vec![Value::Int(n)]
}

fn ints(a: i64, b: i64) -> Vec<Value> {
    vec![Value::Int(a), Value::Int(b)]
}

const FLEETING: &str = "
input a(x: Int);
input b(x: Int);
output both(x: Int);
both{x} <= a{x}, b{x};
";

#[test]
fn rows_that_are_not_kept_meet_or_miss_each_other() {
    let case = Case::new(FLEETING).feed("a", int(1)).feed("b", int(1));
    assert_eq!(case.ends(0, "both"), ["", "1"]);
    let apart = case.with(|options| options.batch_max = 1);
    assert_eq!(apart.ends(0, "both"), [""]);
}

#[test]
fn kept_rows_always_meet() {
    let text = "
        input a(x: Int);
        input b(x: Int);
        output both(x: Int);
        table left(x: Int);
        table right(x: Int);
        left{x} <= a{x};
        right{x} <= b{x};
        both{x} <= left{x}, right{x};
    ";
    let case = Case::new(text)
        .feed("a", int(1))
        .feed("a", int(2))
        .feed("b", int(1));
    assert_eq!(case.ends(0, "both"), ["1"]);
}

#[test]
fn a_deletion_by_event_depends_on_order_and_a_tombstone_does_not() {
    let text = |kept: &str| {
        format!(
            "input add(x: Int);
             input drop(x: Int);
             table here(x: Int);
             table gone(x: Int);
             view left(x: Int);
             here{{x}} <= add{{x}};
             gone{{x}} <= drop{{x}};
             here{{x}} <- {kept}{{x}};
             left{{x}} <= here{{x}};"
        )
    };
    let fed = |text: &str| Case::new(text).feed("add", int(7)).feed("drop", int(7));
    assert_eq!(fed(&text("drop")).ends(0, "left"), ["", "7"]);
    assert_eq!(fed(&text("gone")).ends(0, "left"), [""]);
}

#[test]
fn a_toggle_never_settles() {
    let text = "
        scratch lit(x: Int);
        static lamp(x: Int);
        view shown(x: Int);
        output ever(x: Int);
        lamp(1);
        lit{x} <+ lamp{x}, not lit{x};
        shown{x} <= lit{x};
        ever{x} <= lit{x};
    ";
    let case = Case::new(text);
    assert_eq!(case.ends(0, "shown"), ["oscillates"]);
    assert_eq!(case.ends(0, "ever"), ["1"]);
}

#[test]
fn a_threshold_over_a_batch_depends_on_batching() {
    let text = "
        input vote(x: Int);
        output two();
        scratch n(=> n: Int);
        n{n: count()} <= vote{x};
        two{} <= n{n}, n >= 2;
    ";
    let case = Case::new(text).feed("vote", int(1)).feed("vote", int(2));
    let observed = Observed {
        node: 0,
        collection: "two".into(),
    };
    let outcomes = case.run(&[observed]).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(outcomes.outcomes.len(), 2);
}

#[test]
fn a_count_of_deliveries_shows_duplicates() {
    let text = "
        loopback again(x: Int, n: Int);
        input a(x: Int);
        table times(x: Int => n: Int);
        view most(x: Int => n: Int);
        times{x, n: 1} <+- a{x}, not times{x};
        times{x, n: n + 1} <+- a{x}, times{x, n};
        most{x, n} <= times{x, n};
    ";
    let case = Case::new(text).feed("a", int(1));
    assert_eq!(case.ends(0, "most"), ["1,1"]);
    let twice = case.with(|options| options.feed_repeats = 1);
    assert_eq!(twice.ends(0, "most"), ["1,1", "1,2"]);
}

#[test]
fn a_seal_comes_after_its_rows() {
    let text = "
        input click(who: Int, id: Int) sealed by who;
        output total(who: Int, n: Int);
        table clicks(who: Int, id: Int);
        clicks{who, id} <= click{who, id};
        total{who, n: count()} <= click.sealed{who}, clicks{who, id};
    ";
    let fed = || {
        Case::new(text)
            .feed("click", ints(1, 1))
            .feed("click", ints(1, 2))
    };
    assert_eq!(
        fed().seal("click", int(1), &[0, 1]).ends(0, "total"),
        ["1,2"]
    );
    // A run in which a row comes after its seal breaks a promise, and is left out.
    let unordered = fed().seal("click", int(1), &[]).ends(0, "total");
    assert_eq!(unordered, ["1,2"]);
}

const HOP: &str = "
channel note(@to: Addr, x: Int);
node Sender(peer: Addr) {
  input say(x: Int);
  note{to: peer, x} <~ say{x};
}
node Receiver {
  input stop();
  table heard(x: Int);
  table stopped();
  output early(x: Int);
  view all(x: Int);
  heard{x} <= note{x};
  stopped{} <= stop{};
  early{x} <= note{x}, not stopped{};
  all{x} <= heard{x};
}
";

fn hop() -> Case {
    let peer = vec![Value::Addr("r".into())];
    let mut case = Case::new(HOP).nodes(vec![
        setup("s", "Sender", peer),
        setup("r", "Receiver", Vec::new()),
    ]);
    let feed = |to: usize, collection: &str, row: Row| Feed {
        to: vec![to],
        what: Fed::Row {
            collection: collection.into(),
            row,
        },
        after: Vec::new(),
    };
    case.feeds = vec![
        feed(0, "say", int(1)),
        feed(0, "say", int(2)),
        feed(1, "stop", Vec::new()),
    ];
    case
}

#[test]
fn messages_cross_a_channel_in_any_order() {
    assert_eq!(hop().ends(1, "early"), ["", "1", "1 2", "2"]);
    assert_eq!(hop().ends(1, "all"), ["1 2"]);
}

#[test]
fn a_lost_message_does_not_arrive() {
    let lossy = hop().with(|options| options.losses = 1);
    assert_eq!(lossy.ends(1, "all"), ["1", "1 2", "2"]);
}

#[test]
fn what_does_not_bear_on_the_output_is_left_out() {
    let observed = |collection: &str| Observed {
        node: 1,
        collection: collection.into(),
    };
    let all = hop()
        .run(&[observed("all")])
        .unwrap_or_else(|e| panic!("{e}"));
    let early = hop()
        .run(&[observed("early")])
        .unwrap_or_else(|e| panic!("{e}"));
    assert!(all.states < early.states, "{} {}", all.states, early.states);
}

const ECHO: &str = "
channel ask(@to: Addr, from: Addr, x: Int);
channel tell(@to: Addr, x: Int);
node Asker(server: Addr) {
  input want(x: Int);
  table told(x: Int);
  output late(x: Int);
  view all(x: Int);
  ask{to: server, from: self, x} <~ want{x};
  ask{to: server, from: self, x: x + 10} <~ tell{x}, x < 5;
  told{x} <= tell{x};
  late{x} <= want{x}, told{x: _};
  all{x} <= told{x};
}
node Server {
  table seen(x: Int);
  output first(x: Int);
  seen{x} <+ ask{x};
  tell{to: from, x} <~ ask{from, x};
  first{x} <= ask{x}, not seen{};
}
";

#[test]
fn what_the_reduction_leaves_out_has_no_other_outcomes() {
    let server = vec![Value::Addr("s".into())];
    let nodes = vec![
        setup("a", "Asker", server.clone()),
        setup("b", "Asker", server),
        setup("s", "Server", Vec::new()),
    ];
    let feed = |to: usize, x: i64| Feed {
        to: vec![to],
        what: Fed::Row {
            collection: "want".into(),
            row: int(x),
        },
        after: Vec::new(),
    };
    let mut echo = Case::new(ECHO).nodes(nodes);
    echo.feeds = vec![feed(0, 1), feed(1, 2)];
    let observed = [(0, "late"), (0, "all"), (1, "late"), (2, "first")];
    let hop_observed = [(1, "early"), (1, "all")];
    let cases: [(Case, &[(usize, &str)]); 2] = [(echo, &observed), (hop(), &hop_observed)];
    for (case, observed) in cases {
        for &(node, collection) in observed {
            let observed = [Observed {
                node,
                collection: collection.into(),
            }];
            let run = |reduced: bool| {
                let mut options = case.options.clone();
                options.reduced = reduced;
                let programs = Programs(&case.loaded.programs);
                explore(
                    &programs,
                    &case.deployment,
                    &case.feeds,
                    &observed,
                    &options,
                )
                .unwrap_or_else(|e| panic!("{e}"))
            };
            let ends = |outcomes: &Outcomes| -> BTreeSet<String> {
                outcomes
                    .outcomes
                    .iter()
                    .map(|o| show(&o.contents[0]))
                    .collect()
            };
            let (reduced, whole) = (run(true), run(false));
            assert_eq!(ends(&reduced), ends(&whole), "{collection}");
            assert!(reduced.states <= whole.states);
        }
    }
}

#[test]
fn rows_of_one_tick_are_in_no_order_in_a_queue() {
    let rule = "note{to: peer, x} <~ say{x};";
    let both = format!("{rule} note{{to: peer, x: x + 10}} <~ say{{x}};");
    let text = HOP.replace("channel note", "#[fifo(\"notes\")] channel note");
    let mut case = hop();
    case.loaded = Case::new(&text.replace(rule, &both)).loaded;
    case.feeds.remove(1);
    assert_eq!(case.ends(1, "early"), ["", "1", "1 11", "11"]);
    let later = format!(
        "scratch said(x: Int); said{{x}} <+ say{{x}};
         {rule} note{{to: peer, x: x + 10}} <~ said{{x}};"
    );
    case.loaded = Case::new(&text.replace(rule, &later)).loaded;
    assert_eq!(case.ends(1, "early"), ["", "1", "1 11"]);
}

#[test]
fn feeds_of_two_nodes_that_wait_for_each_other_are_an_error() {
    let mut case = hop();
    case.feeds[0].after = vec![2];
    case.feeds[2].after = vec![0];
    let observed = Observed {
        node: 1,
        collection: "early".into(),
    };
    let refused = case.run(&[observed]).map(|outcomes| outcomes.states);
    assert_eq!(refused, Err(Unexplored::Stuck));
}

#[test]
fn a_queue_keeps_the_order_of_its_sender() {
    let text = "
        input put(x: Int);
        input flush();
        table last(=> x: Int);
        view now(x: Int);
        last{x} <+- put{x};
        now{x} <= last{x};
    ";
    let fed = || Case::new(text).feed("put", int(1)).feed("put", int(2));
    let apart = |case: Case| case.with(|options| options.batch_max = 1);
    assert_eq!(apart(fed()).ends(0, "now"), ["1", "2"]);
    let queued = fed().delivery("put", Delivery::Fifo("puts".into()));
    assert_eq!(apart(queued).ends(0, "now"), ["2"]);
}

const REGISTER: &str = "
node Register replicated {
  input put(x: Int);
  table last(=> x: Int);
  view now(x: Int);
  last{x} <+- put{x};
  now{x} <= last{x};
}
";

fn replicas() -> Case {
    let two = vec![
        setup("a", "Register", Vec::new()),
        setup("b", "Register", Vec::new()),
    ];
    Case::new(REGISTER)
        .nodes(two)
        .feed("put", int(1))
        .feed("put", int(2))
}

fn both() -> [Observed; 2] {
    [0, 1].map(|node| Observed {
        node,
        collection: "now".into(),
    })
}

#[test]
fn replicas_diverge_unless_a_log_orders_their_inputs() {
    let apart = |case: Case| case.with(|options| options.replicas = vec![vec![0, 1]]);
    let free = apart(replicas())
        .run(&both())
        .unwrap_or_else(|e| panic!("{e}"));
    assert!(free.split.is_some());
    let ordered = apart(replicas().delivery("put", Delivery::Ordered("log".into())));
    let ordered = ordered.run(&both()).unwrap_or_else(|e| panic!("{e}"));
    assert!(ordered.complete && ordered.split.is_none());
    let ends = ordered.outcomes.iter().map(|o| show(&o.contents[0]));
    let ends: BTreeSet<String> = ends.collect();
    // In one batch the two conflict.
    assert_eq!(ends, ["", "1", "2"].map(str::to_owned).into());
}

#[test]
fn a_node_that_has_halted_takes_nothing_in() {
    let text = "
        input a(x: Int);
        input stop();
        table kept(x: Int);
        view held(x: Int);
        kept{x} <= a{x};
        held{x} <= kept{x};
        halt(0) <~ stop{};
    ";
    let case = Case::new(text).feed("a", int(1)).feed("stop", Vec::new());
    assert_eq!(case.ends(0, "held"), ["", "1"]);
}

#[test]
fn what_is_declared_about_delivery_holds() {
    let text = REGISTER.replace("input put", "#[ordered(\"log\")] input put");
    let two = ["a", "b"].map(|name| setup(name, "Register", Vec::new()));
    let mut ordered = Case::new(&text).nodes(two.into());
    ordered = ordered.feed("put", int(1)).feed("put", int(2));
    ordered.options.replicas = vec![vec![0, 1]];
    let ordered = ordered.run(&both()).unwrap_or_else(|e| panic!("{e}"));
    assert!(ordered.complete && ordered.split.is_none());
    let text = HOP.replace("channel note", "#[once] channel note");
    let mut once = hop();
    once.loaded = Case::new(&text).loaded;
    once.options.losses = 1;
    assert_eq!(once.ends(1, "all"), ["1 2"]);
}

#[test]
fn a_tick_without_end_is_no_answer() {
    let text = "
        input a(x: Int);
        scratch n(x: Int);
        output out(x: Int);
        n{x} <= a{x};
        n{x: x + 1} <= n{x};
        out{x} <= n{x};
    ";
    let case = Case::new(text).feed("a", int(1));
    let observed = Observed {
        node: 0,
        collection: "out".into(),
    };
    let refused = case.run(&[observed]).map(|outcomes| outcomes.states);
    assert!(
        matches!(refused, Err(Unexplored::Endless(_))),
        "{refused:?}"
    );
}

#[test]
fn a_timer_fires_before_or_after_an_input_and_once_more_at_the_end() {
    let text = "
        input a(x: Int);
        table kept(x: Int);
        periodic beat(every: 1s);
        output at_beat(n: Int, x: Int);
        output some(x: Int);
        kept{x} <= a{x};
        at_beat{n: id, x} <= beat{id}, kept{x};
        some{x} <= beat{}, kept{x};
    ";
    let timed = |options: &mut Options| (options.firings, options.closings) = (1, 1);
    let case = Case::new(text).feed("a", int(5)).with(timed);
    assert_eq!(case.ends(0, "at_beat"), ["1,5 2,5", "2,5"]);
    assert_eq!(case.ends(0, "some"), ["5"]);
}

#[test]
fn an_exploration_that_is_too_large_is_no_answer() {
    let text = "
        input a(x: Int);
        table n(=> n: Int);
        view now(n: Int);
        n(0);
        n{n: n + 1} <+- n{n};
        now{n} <= n{n};
    ";
    let case = Case::new(text).with(|options| options.states_max = 100);
    let observed = Observed {
        node: 0,
        collection: "now".into(),
    };
    let refused = case.run(&[observed]).map(|outcomes| outcomes.states);
    assert_eq!(refused, Err(Unexplored::States(100)));
}
