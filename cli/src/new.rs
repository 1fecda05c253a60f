//! `bloom new`.

use std::fs;
use std::path::Path;

use bloom_compiler::manifest::is_module_name;

use crate::args::NewArgs;
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::terminal;

pub(crate) fn new(args: &NewArgs) -> Outcome {
    let folder = &args.name;
    let name = folder
        .file_name()
        .and_then(|name| name.to_str())
        .filter(|name| is_module_name(name))
        .ok_or_else(|| {
            Misuse::new(format_args!(
                "`{}` cannot name a package: use a-z, 0-9 and _, a letter first, and no reserved word",
                folder.display()
            ))
        })?;
    if folder.exists() {
        return Err(Misuse::new(format_args!(
            "{} exists already",
            folder.display()
        )));
    }
    for (path, text) in files(name) {
        write(&folder.join(path), &text)?;
    }
    terminal::print(&format!(
        "Made the package `{name}`. Try:\n  bloom test {0}\n  bloom run {0} --in {0}/example.jsonl\n",
        folder.display()
    ));
    Ok(Verdict::Fine)
}

fn files(name: &str) -> Vec<(String, String)> {
    let fill = |text: &str| text.replace("{name}", name).replace("{Node}", &camel(name));
    vec![
        ("bloom.toml".into(), fill(MANIFEST)),
        (format!("src/{name}.bloom"), fill(PROGRAM)),
        ("example.jsonl".into(), fill(EXAMPLE)),
        (".gitignore".into(), fill(GITIGNORE)),
        (".editorconfig".into(), fill(EDITORCONFIG)),
        (".vscode/settings.json".into(), fill(VSCODE)),
    ]
}

/// `my_file` as the kind of node that a file without `node` items is: `MyFile`.
fn camel(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|c| c.to_ascii_uppercase())
            .into_iter()
            .chain(letters)
            .collect::<String>()
    };
    name.split('_').map(capital).collect()
}

fn write(path: &Path, text: &str) -> Result<(), Misuse> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).map_err(|e| Misuse::io(folder, &e))?;
    fs::write(path, text).map_err(|e| Misuse::io(path, &e))
}

const MANIFEST: &str = r#"[package]
name = "{name}"
version = "0.1.0"

[dependencies]
"#;

const PROGRAM: &str = r#"//! A key-value store. Of two writes to a key the one with the greater stamp stays, in whatever order
//! they come; so replicas that have seen the same writes agree.

type Stamp = (Int, String);

/// Writes a value. The stamp is the writer's clock and name.
input put(key: String, stamp: Stamp => val: String);
/// Asks for the value of a key.
input get(req: Req => key: String);
/// The answer; there is none for a key that nobody has written.
#[nondeterministic("a reader sees the writes that have come by then")]
output got(req: Req => val: String);

table store(key: String => val: Lww<Stamp, String>);

store{key, val: Lww(stamp, val)} <= put{key, stamp, val};
got{req, val: val.reveal}        <= get{req, key}, store{key, val};

test "the last write wins, whatever comes first" {
  node n: {Node};
  n.put{key: "a", stamp: (2, "amy"), val: "new"};
  tick;
  n.put{key: "a", stamp: (1, "bob"), val: "old"};
  tick;
  n.get{req: 1, key: "a"};
  tick;
  expect n.got == { (1, "new") };
}

test "a key that nobody wrote has no value" {
  node n: {Node};
  n.get{req: 1, key: "a"};
  tick;
  expect n.got == {};
}
"#;

const EXAMPLE: &str = r#"{"collection": "put", "row": {"key": "a", "stamp": [1, "amy"], "val": "hello"}}
{"settle": true}
{"collection": "get", "row": {"req": 1, "key": "a"}}
"#;

const GITIGNORE: &str = "/data/\n/out/\n";

const EDITORCONFIG: &str = "root = true

[*.bloom]
charset = utf-8
end_of_line = lf
indent_style = space
indent_size = 2
insert_final_newline = true
trim_trailing_whitespace = true
";

const VSCODE: &str = r#"{
  "[bloom]": { "editor.formatOnSave": true, "editor.tabSize": 2 }
}
"#;
