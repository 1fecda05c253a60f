//! `bloom build`: what it makes runs as the program does with `bloom run`, anywhere, and damage is told.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use bloom_xtask::{cart_log, dependency_facts};

use crate::support::Folder;

const CLOSURE: &str = "input edge(a: Int, b: Int);
output path(a: Int, b: Int);
path(a, b) <= edge(a, b);
path(a, c) <= path(a, b), edge(b, c);
";

/// Behind the program: two lengths, a checksum, a magic word.
const TRAILER_BYTES: usize = 56;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(name)
}

/// Runs what was built, in the folder, without any environment.
fn run(folder: &Folder, program: &str, arguments: &str) -> Output {
    let mut command = Command::new(folder.path(program));
    command.args(arguments.split_whitespace());
    command.current_dir(folder.path(".")).env_clear();
    loop {
        match command.output() {
            // Another test may have forked while the file was being written, and holds it until its own program starts.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(5));
            }
            output => return output.expect("what was built can be started"),
        }
    }
}

fn fine(output: Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// How long the parts of a built file are: the runtime, and the program behind it.
fn parts(file: &[u8]) -> (usize, usize) {
    let trailer = &file[file.len() - TRAILER_BYTES..];
    let length = |at: usize| {
        let bytes = trailer[at..at + 8].try_into().expect("eight bytes");
        u64::from_le_bytes(bytes) as usize
    };
    (length(0), length(8))
}

#[test]
fn a_batch_runs_the_same_without_bloom() {
    let folder = Folder::new();
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = fs::read_to_string(lock).expect("the workspace is locked");
    folder.write(
        "in/needs.csv",
        dependency_facts::csv(&lock).expect("it has packages"),
    );
    folder.write(
        "deps.bloom",
        fs::read(example("deps/deps.bloom")).expect("it is there"),
    );
    folder.bloom("run deps.bloom --facts in --out right").fine();
    folder.bloom("build deps.bloom -o elsewhere").fine();
    fs::remove_file(folder.path("deps.bloom")).expect("it was written");
    fine(run(&folder, "elsewhere", "--facts in --out out --stats"));
    for output in ["needs_all", "weight", "users", "cyclic", "depth"] {
        let name = format!("{output}.csv");
        assert_eq!(
            folder.read(&format!("out/{name}")),
            folder.read(&format!("right/{name}"))
        );
    }
    assert!(folder.read("out/needs_all.csv").lines().count() > 1_000);
}

#[test]
fn a_service_runs_the_same_without_bloom() {
    let folder = Folder::new();
    let mut log = Vec::new();
    cart_log::write(&mut log, 300, 1).expect("memory takes it");
    folder.write("log.jsonl", log);
    folder.write(
        "cart.bloom",
        fs::read(example("cart/cart.bloom")).expect("it is there"),
    );
    let arguments = "--nodes 3 --in log.jsonl --seed 1";
    let right = folder.bloom(&format!("run cart.bloom {arguments}")).fine();
    folder.bloom("build cart.bloom").fine();
    let built = fine(run(&folder, "cart", arguments));
    // In which tick a node got the rows is up to the threads.
    let rows = |text: &str| {
        let row = |line: &str| {
            let (_, row) = line
                .split_once("\"collection\"")
                .expect("a row of an output");
            row.to_owned()
        };
        let mut rows: Vec<String> = text.lines().map(row).collect();
        rows.sort();
        rows.dedup();
        rows
    };
    assert_eq!(rows(&built), rows(&right));
    assert_eq!(built.matches("\"agree\":true").count(), 3);
}

#[test]
fn parameters_and_options_are_those_of_run() {
    let folder = Folder::with(
        "node Counter(step: Int = 1) {
           input n(x: Int);
           output next(x: Int);
           next{x: x + step} <= n{x};
         }",
    );
    folder.write("in/n.csv", "x\n1\n");
    folder.bloom("build main.bloom -o counter").fine();
    assert_eq!(
        fine(run(&folder, "counter", "--facts in --step 5")),
        "x\n6\n"
    );
    let unknown = run(&folder, "counter", "--facts in --stop 5");
    assert_eq!(unknown.status.code(), Some(2));
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(told.contains("did you mean `--step`?"), "{told}");
    let help = fine(run(&folder, "counter", "--help"));
    assert!(
        help.contains("--facts") && help.contains("Usage: main"),
        "{help}"
    );
    assert!(fine(run(&folder, "counter", "--version")).contains("built by bloom"));
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let folder = Folder::with(CLOSURE);
    folder.bloom("build main.bloom -o one").fine();
    folder.bloom("build main.bloom -o two").fine();
    let read = |name| fs::read(folder.path(name)).expect("it was written");
    assert!(read("one") == read("two"));
    folder
        .bloom("build main.bloom --emit object -o one.o")
        .fine();
    folder
        .bloom("build main.bloom --emit object -o two.o")
        .fine();
    assert!(read("one.o") == read("two.o"));
}

#[test]
fn a_damaged_program_is_refused() {
    let folder = Folder::with(CLOSURE);
    folder.write("in/edge.csv", "1,2\n2,3\n");
    folder.bloom("build main.bloom -o whole").fine();
    assert_eq!(fine(run(&folder, "whole", "-F in")), "a,b\n1,2\n1,3\n2,3\n");
    let whole = fs::read(folder.path("whole")).expect("it was written");
    let (runtime, program) = parts(&whole);
    let refused = |bytes: &[u8], how: &str| {
        // Changed in place, so that it stays executable.
        fs::write(folder.path("whole"), bytes).expect("it can be written");
        let output = run(&folder, "whole", "-F in");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{how}: {told}");
        assert!(
            output.stdout.is_empty() && told.contains("build it again"),
            "{how}: {told}"
        );
    };
    let mut damaged = whole.clone();
    let behind = whole.len() - runtime;
    for step in 0..40 {
        let at = runtime + step * (behind - 1) / 39;
        damaged[at] ^= 0x10;
        refused(
            &damaged,
            &format!("byte {} of {behind} changed", at - runtime),
        );
        damaged[at] ^= 0x10;
    }
    for kept in [runtime, runtime + 1, runtime + program, whole.len() - 1] {
        refused(&whole[..kept], &format!("{} bytes cut", whole.len() - kept));
    }
    refused(&[&whole[..], b"x"].concat(), "a byte added");
    fs::write(folder.path("whole"), &whole).expect("it can be written");
    assert_eq!(fine(run(&folder, "whole", "-F in")), "a,b\n1,2\n1,3\n2,3\n");
}

#[test]
fn what_cannot_be_built_is_refused() {
    let folder = Folder::with("input n(x: Int);\nm{x} <= n{x};\n");
    let wrong = folder.bloom("build main.bloom -o out");
    assert_eq!(wrong.code, Some(1), "{}", wrong.err);
    assert!(!folder.path("out").exists());
    folder.write("fine.bloom", CLOSURE);
    for (arguments, told) in [
        ("build fine.bloom -o missing/out", "missing/out"),
        (
            "build fine.bloom --target aarch64-unknown-linux-gnu",
            "--emit object",
        ),
        (
            "build fine.bloom --emit object --target none",
            "no code can be generated",
        ),
    ] {
        let wrong = folder.bloom(arguments);
        assert_eq!(wrong.code, Some(2), "{arguments}: {}", wrong.err);
        assert!(wrong.err.contains(told), "{arguments}: {}", wrong.err);
    }
}

#[test]
fn an_object_file_can_be_linked() {
    let folder = Folder::with(
        "node Reach {\n  input edge(a: Int);\n  output path(a: Int);\n  path{a} <= edge{a};\n}\n",
    );
    folder
        .bloom("build main.bloom --emit object -o reach.o")
        .fine();
    folder.write(
        "main.c",
        r#"#include <stdint.h>
extern const uint64_t bloom_abi, bloom_Reach_program_bytes, bloom_Reach_code_bytes;
extern const unsigned char bloom_Reach_program[], bloom_Reach_code[];
extern void bloom_Reach_version_0(void *frame);
int main(void) {
  uintptr_t version = (uintptr_t)bloom_Reach_version_0, code = (uintptr_t)bloom_Reach_code;
  if (bloom_abi != 1 || bloom_Reach_program_bytes < 10) return 1;
  if (version < code || version >= code + bloom_Reach_code_bytes) return 2;
  return bloom_Reach_program[1] == 0 && bloom_Reach_program[0] == 0 ? 3 : 0;
}
"#,
    );
    let cc = Command::new("cc")
        .args(["main.c", "reach.o", "-o", "linked"])
        .current_dir(folder.path("."))
        .output()
        .expect("a C compiler is needed to build bloom");
    assert!(
        cc.status.success(),
        "{}",
        String::from_utf8_lossy(&cc.stderr)
    );
    fine(run(&folder, "linked", ""));
    let machine = |triple: &str| {
        folder
            .bloom(&format!(
                "build main.bloom --emit object --target {triple} -o other.o"
            ))
            .fine();
        let bytes = fs::read(folder.path("other.o")).expect("it was written");
        assert!(bytes.starts_with(b"\x7fELF"));
        u16::from_le_bytes([bytes[18], bytes[19]])
    };
    assert_eq!(machine("x86_64-unknown-linux-gnu"), 62);
    assert_eq!(machine("aarch64-unknown-linux-gnu"), 183);
}
