//! Recordings: every tick of every conformance program is recorded, read and run again, and does the same; whatever
//! a crash tears off, the rest is a recording; and no damage goes unnoticed.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use bloom_host::recording::{Journal, Recorder, Recording, RecordingError, Start, replay};
use bloom_plan::plan::{Plan, RelationId};
use bloom_plan::value::Row;
use bloom_runtime::{Config, Input, Node, Output, Program};
use bloom_sim::{Kinds, Machine, Programs, run};
use bloom_tests::program::{bloom_files, load, module_name, read, root, standard_library};
use smol_str::SmolStr;

/// A file that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let name = format!("bloom-recording-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _fresh = fs::remove_file(&path);
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.0);
    }
}

/// The recording of a life, and its program.
type Begun = (Scratch, Arc<Program>);

/// Nodes that record what they take in, each life of a node in a file of its own.
struct Recorded<'p> {
    programs: Programs<'p>,
    name: &'p str,
    begun: Rc<RefCell<Vec<Begun>>>,
}

struct Recording1 {
    node: Node,
    recorder: Recorder,
}

impl Kinds for Recorded<'_> {
    type Node = Recording1;

    fn plan(&self, kind: &str) -> Option<&Plan> {
        self.programs.plan(kind)
    }

    fn start(&self, kind: &str, config: Config) -> Result<Recording1, String> {
        let node = self.programs.start(kind, config.clone())?;
        let mut start = Start::default();
        start.add(node.program().plan(), &config);
        let mut begun = self.begun.borrow_mut();
        let file = Scratch::new(&format!("{}-{}", self.name, begun.len()));
        let journal = Journal::open(&file.0).map_err(|e| e.to_string())?;
        let recorders = journal.begin(&start).map_err(|e| e.to_string())?;
        let recorder = recorders.into_iter().next();
        let recorder = recorder.ok_or("one node, one recorder")?;
        begun.push((file, Arc::clone(node.program())));
        Ok(Recording1 { node, recorder })
    }
}

impl Machine for Recording1 {
    fn step(&mut self, input: Input) -> Output {
        self.recorder.takes_in(&self.node, &input);
        let output = self.node.step(input);
        let written = self.recorder.did(&self.node, &output);
        written.expect("the disk takes a small file");
        output
    }

    fn rows(&self, relation: RelationId) -> Vec<Row> {
        self.node.rows(relation)
    }

    fn wants_tick(&self) -> bool {
        self.node.wants_tick()
    }

    fn next_timer(&self) -> Option<i64> {
        self.node.next_timer()
    }
}

/// Records all tests of a program, under a seed that permutes messages: a file a life, with its program.
fn record(
    name: &str,
    programs: &[(SmolStr, Arc<Program>)],
    tests: &[bloom_plan::testing::Test],
    seed: u64,
) -> Vec<Begun> {
    let begun = Rc::new(RefCell::new(Vec::new()));
    let kinds = Recorded {
        programs: Programs(programs),
        name,
        begun: Rc::clone(&begun),
    };
    for test in tests {
        let result = run(&kinds, programs, test, seed);
        assert!(result.passed(), "{:?}", result.failure);
    }
    begun.take()
}

#[test]
fn every_conformance_program_does_the_same_again() {
    let library = standard_library();
    let mut ticks = 0;
    for path in bloom_files(&root().join("tests/conformance")) {
        let (name, text) = (module_name(&path), read(&path));
        if text.starts_with("//! reject:") {
            continue;
        }
        let loaded = load(&name, &text, &library).expect("it is accepted");
        for (file, program) in record(&name, &loaded.programs, &loaded.tests, 3) {
            let recording = Recording::read(&file.0).expect("it is whole");
            assert_eq!((recording.runs(), recording.torn), (1, 0), "{name}");
            let again = replay::replay(&recording, 0, &[program], &mut |_| {});
            for node in again.expect("it starts") {
                assert!(node.departure.is_none(), "{name}: {node:?}");
                ticks += node.ticks;
            }
        }
    }
    assert!(ticks > 2_000, "only {ticks} ticks were run");
}

const COUNTER: &str = "input add(n: Int);
table seen(n: Int);
output total(n: Int);
seen{n} <= add{n};
total{n: sum(n)} <= seen{n};
test \"adds\" {
  add{n: 1}; tick;
  add{n: 2}; add{n: 3}; tick;
  expect total == {(6)};
}
";

/// A small recording, and its bytes.
fn small(name: &str) -> (Scratch, Vec<u8>) {
    let loaded = load("counter", COUNTER, &[]).expect("it is accepted");
    let mut begun = record(name, &loaded.programs, &loaded.tests, 0);
    let (file, _) = begun.pop().expect("one node, one file");
    let bytes = fs::read(&file.0).expect("it was written");
    (file, bytes)
}

fn ticks_of(recording: &Recording) -> usize {
    let runs = 0..recording.runs();
    runs.map(|run| recording.ticks(run).filter(Result::is_ok).count())
        .sum()
}

#[test]
fn a_recording_that_was_torn_anywhere_is_read_up_to_there_and_goes_on() {
    let (file, bytes) = small("torn");
    let whole = ticks_of(&Recording::read(&file.0).expect("it is whole"));
    assert_eq!(whole, 2);
    let magic = bytes.iter().position(|&b| b == b'\n').expect("a line") + 1;
    let mut before = 0;
    for length in magic..bytes.len() {
        fs::write(&file.0, &bytes[..length]).expect("it is ours");
        let recording = Recording::read(&file.0).expect("a prefix is a recording");
        let ticks = ticks_of(&recording);
        assert!(
            ticks >= before && ticks < whole,
            "{length} bytes: {ticks} ticks"
        );
        before = ticks;
        // Another run goes on behind what is whole.
        let torn = recording.torn;
        drop(recording);
        let journal = Journal::open(&file.0).expect("it can be gone on with");
        assert_eq!(journal.torn, torn, "{length} bytes");
        drop(journal);
        let kept = fs::metadata(&file.0).expect("it is there").len();
        assert_eq!(kept, length as u64 - torn);
    }
    assert_eq!(before, whole - 1, "the last cuts leave all but one tick");
}

#[test]
fn every_changed_byte_is_noticed() {
    let (file, bytes) = small("damaged");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&file.0, &damaged).expect("it is ours");
        // In the last record damage looks as if a crash had torn it.
        match Recording::read(&file.0) {
            Err(RecordingError::Damaged { .. } | RecordingError::Foreign(_)) => {}
            Err(other) => panic!("byte {at}: {other}"),
            Ok(recording) => {
                assert!(recording.torn > 0, "byte {at} was not noticed");
                assert!(ticks_of(&recording) < 2 && recording.runs() == 1);
            }
        }
    }
}

#[test]
fn a_tick_that_does_something_else_is_told() {
    let (file, _) = small("departs");
    let recording = Recording::read(&file.0).expect("it is whole");
    let other = COUNTER.replace("sum(n)", "max(n)").replace("(6)", "(3)");
    let other = load("counter", &other, &[]).expect("it is accepted");
    let programs = [Arc::clone(&other.programs[0].1)];
    let again = replay::replay(&recording, 0, &programs, &mut |_| {}).expect("it starts");
    let departure = again[0]
        .departure
        .as_ref()
        .expect("the greatest of 1, 2 and 3 is not their sum");
    assert_eq!((departure.tick, again[0].ticks), (2, 1));
    assert_eq!(departure.differs, ["rows of its outputs"]);
}

#[test]
fn two_processes_do_not_record_to_one_file() {
    let (file, _) = small("locked");
    let first = Journal::open(&file.0).expect("nobody else does");
    let second = Journal::open(&file.0);
    assert!(
        matches!(second, Err(RecordingError::Locked(_))),
        "{second:?}"
    );
    drop(first);
    Journal::open(&file.0).expect("the first has gone");
}
