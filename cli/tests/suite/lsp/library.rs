//! The standard library in an editor: names of it lead to its own source, which nobody is to change.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::Client;
use crate::support::Folder;

const PROGRAM: &str = "\
import std.delivery.reliable<Int>(every: 200ms) as wire;
input go(x: Int);
output out(x: Int);
wire.send{dst: self, id: x, payload: x} <= go{x};
out{x: payload} <= wire.deliver{payload};
";

fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

fn path_of(uri: &Value) -> PathBuf {
    let path = uri.as_str().and_then(|uri| uri.strip_prefix("file://"));
    PathBuf::from(path.expect("it is a file"))
}

/// The line of a file that a definition leads to.
fn line_of(found: &Value) -> String {
    let location = &found[0];
    let text = fs::read_to_string(path_of(&location["uri"])).expect("the file is there");
    let line = location["range"]["start"]["line"].as_u64();
    let line = text.lines().nth(line.expect("a line") as usize);
    line.expect("it has the line").trim().to_owned()
}

#[test]
fn names_of_the_library_lead_to_its_source() {
    let mut client = Client::start(Folder::new(), &json!({}));
    let uri = client.open("main.bloom", PROGRAM);
    let definition = |client: &mut Client, line, character| {
        client.ask("textDocument/definition", &at(&uri, line, character))
    };
    for (place, expected) in [
        ((0, 21), "module reliable<P>"),
        ((0, 12), "//! Getting messages"),
        ((3, 6), "input send(dst: Addr"),
        ((3, 28), "input send(dst: Addr"),
        ((4, 25), "output deliver(src: Addr"),
    ] {
        let found = definition(&mut client, place.0, place.1);
        let line = line_of(&found);
        assert!(line.starts_with(expected), "{place:?}: {line}");
    }
    // What somebody wrote there is not what is shown.
    let found = definition(&mut client, 0, 21);
    let file = path_of(&found[0]["uri"]);
    let metadata = fs::metadata(&file).expect("the file is there");
    assert!(metadata.permissions().readonly());
    fs::remove_file(&file).expect("the folder can be written");
    fs::write(&file, "input other(x: Int);\n").expect("the folder can be written");
    assert_eq!(line_of(&definition(&mut client, 0, 21)), line_of(&found));
    client.stop();
}

#[test]
fn folders_of_other_versions_go_when_they_are_old() {
    let folder = Folder::new();
    let long_ago = SystemTime::now() - Duration::from_secs(60 * 24 * 60 * 60);
    let paths = [
        ("std-0123456789abcdef", true),
        ("std-fedcba9876543210", false),
        ("std-of-somebody", true),
    ];
    let paths = paths.map(|(name, is_old)| {
        let path = folder.path("cache/bloom").join(name);
        fs::create_dir_all(&path).expect("the folder can be written");
        fs::write(path.join("prelude.bloom"), "").expect("the folder can be written");
        if is_old {
            let file = fs::File::open(&path).expect("it was made");
            file.set_modified(long_ago).expect("it is our own");
        }
        path
    });
    let mut client = Client::start(folder, &json!({}));
    let uri = client.open("main.bloom", PROGRAM);
    let found = client.ask("textDocument/definition", &at(&uri, 0, 21));
    assert!(path_of(&found[0]["uri"]).exists());
    assert_eq!(paths.map(|path| path.exists()), [false, true, true]);
    client.stop();
}

#[test]
fn a_file_of_the_library_is_read_and_not_changed() {
    let mut client = Client::start(Folder::new(), &json!({}));
    let own = client.open("main.bloom", PROGRAM);
    let found = client.ask("textDocument/definition", &at(&own, 0, 21));
    let file = path_of(&found[0]["uri"]);
    let text = fs::read_to_string(&file).expect("the file is there");
    let uri = client.open(file.to_str().expect("it is text"), &text);
    assert_eq!(found[0]["uri"], uri);
    assert!(client.diagnostics(&uri, 1).is_empty());
    let line = text
        .lines()
        .position(|line| line.contains("unacknowledged(dst"));
    let line = line.expect("it is there") as u32;
    let inside = at(&uri, line, 12);
    let hover = client.ask("textDocument/hover", &inside);
    let said = hover["contents"]["value"].as_str().expect("it is told");
    assert!(said.contains("table unacknowledged("), "{said}");
    let mut rename = inside.clone();
    rename["newName"] = json!("kept");
    let refused = client.refused("textDocument/rename", &rename);
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|why| !why.is_empty())
    );
    // As if somebody had edited it all the same.
    client.change(
        &uri,
        2,
        &super::insert(0, 0, "input   x(a:Int);\nnonsense "),
    );
    assert!(client.diagnostics(&own, 1).is_empty());
    let document = json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 2, "insertSpaces": true } });
    assert_eq!(client.ask("textDocument/formatting", &document), json!([]));
    let asked = json!({ "textDocument": { "uri": uri }, "context": { "diagnostics": [] },
        "range": { "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 3 } } });
    assert_eq!(client.ask("textDocument/codeAction", &asked), json!([]));
    // Who writes a collection of it is asked of the program that it was found in.
    let items = client.ask("textDocument/prepareCallHierarchy", &at(&own, 3, 6));
    let readers = client.ask("callHierarchy/outgoingCalls", &json!({ "item": items[0] }));
    assert!(
        readers.as_array().is_some_and(|all| !all.is_empty()),
        "{items}"
    );
    client.stop();
}

#[test]
fn without_a_folder_the_library_is_told_of_all_the_same() {
    let folder = Folder::new();
    // A file where the folder should be.
    fs::write(folder.path("cache"), "").expect("the folder can be written");
    let mut client = Client::start(folder, &json!({}));
    let uri = client.open("main.bloom", PROGRAM);
    let found = client.ask("textDocument/definition", &at(&uri, 0, 21));
    assert_eq!(found, json!([]));
    let hover = client.ask("textDocument/hover", &at(&uri, 0, 21));
    let said = hover["contents"]["value"].as_str().expect("it is told");
    assert!(said.contains("module reliable<P>"), "{said}");
    client.stop();
}
