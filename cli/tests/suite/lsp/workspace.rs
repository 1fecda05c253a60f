//! Names that more programs than the open one use.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Client;
use crate::support::Folder;

const SHARED: &str = "\
module counter {
  input hit(id: Int);
  output sum(id: Int);
  sum{id} <= hit{id};
}
";

const ONE: &str = "\
import shared.counter as first;
input go(id: Int);
output done(id: Int);
first.hit{id} <= go{id};
done{id} <= first.sum{id};
";

const OTHER: &str = "\
import shared.counter as second;
input start(id: Int);
output end(id: Int);
second.hit{id} <= start{id};
end{id: sum} <= second.sum{id: sum};
";

/// A folder with two programs of one module, of which an editor has one open.
fn client(other: &str) -> (Client, String) {
    let folder = Folder::new();
    folder.write("shared.bloom", SHARED);
    folder.write("deep/notes.txt", "second.hit");
    folder.write("other.bloom", other);
    folder.write("one.bloom", ONE);
    let root = format!("file://{}", folder.path("").display());
    let root = root.trim_end_matches('/').to_owned();
    let mut client = Client::start_in(folder, &json!({}), &json!(root));
    client.open("one.bloom", ONE);
    (client, root)
}

/// Where `hit` stands in the open program.
fn at(root: &str) -> Value {
    json!({ "textDocument": { "uri": format!("{root}/one.bloom") }, "position": { "line": 3, "character": 7 } })
}

/// The last parts of the paths, each with a line.
fn places(found: &Value) -> BTreeSet<(String, u64)> {
    let all = found.as_array().expect("a list").iter();
    let place = |one: &Value| {
        let uri = one["uri"].as_str().expect("a text");
        let name = uri.rsplit('/').next().unwrap_or_default().to_owned();
        (
            name,
            one["range"]["start"]["line"].as_u64().expect("a number"),
        )
    };
    all.map(place).collect()
}

#[test]
fn references_are_found_in_programs_that_are_not_open() {
    let (mut client, root) = client(OTHER);
    let mut params = at(&root);
    params["context"] = json!({ "includeDeclaration": true });
    let found = client.ask("textDocument/references", &params);
    let expected = [
        ("one.bloom", 3),
        ("other.bloom", 3),
        ("shared.bloom", 1),
        ("shared.bloom", 3),
    ];
    let expected = expected.map(|(name, line)| (name.to_owned(), line));
    assert_eq!(places(&found), BTreeSet::from(expected));
    client.stop();
}

#[test]
fn a_name_changes_in_all_programs_or_in_none() {
    let (mut client, root) = client(OTHER);
    let mut params = at(&root);
    params["newName"] = json!("beat");
    let edit = client.ask("textDocument/rename", &params);
    let changes = edit["changes"].as_object().expect("changes");
    let names: BTreeSet<&str> = changes
        .keys()
        .filter_map(|uri| uri.rsplit('/').next())
        .collect();
    assert_eq!(
        names,
        BTreeSet::from(["one.bloom", "other.bloom", "shared.bloom"])
    );
    let shared = changes
        .iter()
        .find(|(uri, _)| uri.ends_with("/shared.bloom"));
    let (_, edits) = shared.expect("it declares the name");
    assert_eq!(
        edits.as_array().map(Vec::len),
        Some(2),
        "each once: {edits}"
    );
    client.stop();

    // What the other program includes would have the new name twice.
    let taken = OTHER.replace(
        "import shared.counter as second;",
        "include shared.counter;",
    );
    let taken = taken
        .replace("second.", "")
        .replace("input start", "table beat(id: Int);\ninput start");
    let (mut client, root) = self::client(&taken);
    let mut params = at(&root);
    params["newName"] = json!("beat");
    let why = client.refused("textDocument/rename", &params);
    let message = why["message"].as_str().unwrap_or_default();
    assert!(message.contains("other.bloom"), "{why}");
    client.stop();
}

#[test]
fn a_package_has_the_modules_of_those_that_it_depends_on() {
    let folder = Folder::new();
    let manifest = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let dependency = "[dependencies]\nshapes = { path = \"../shapes\" }\n";
    folder.write("main/bloom.toml", manifest("main", dependency));
    folder.write("shapes/bloom.toml", manifest("shapes", dependency));
    folder.write(
        "shapes/src/square.bloom",
        "module area {\n  input side(n: Int);\n}\n",
    );
    let mut client = Client::start(folder, &json!({}));
    let text = "import square.area as a;\ninput go(n: Int);\na.side{n} <= go{n};\n";
    let uri = client.open("main/src/main.bloom", text);
    assert_eq!(client.diagnostics(&uri, 1), [Value::Null; 0]);
    let side = json!({ "textDocument": { "uri": uri }, "position": { "line": 2, "character": 3 } });
    let found = client.ask("textDocument/definition", &side);
    assert_eq!(found[0]["uri"], client.uri("shapes/src/square.bloom"));
    let links = client.ask(
        "textDocument/documentLink",
        &json!({ "textDocument": { "uri": uri } }),
    );
    assert_eq!(links[0]["target"], client.uri("shapes/src/square.bloom"));
    client.stop();
}

#[test]
fn a_client_that_asks_for_diagnostics_is_told_to_ask_again() {
    let folder = Folder::new();
    let capabilities = json!({
        "textDocument": { "diagnostic": {} },
        "workspace": { "diagnostics": { "refreshSupport": true } },
    });
    let mut client = Client::start(folder, &capabilities);
    let uri = client.open("main.bloom", "import shape as s;\n");
    let document = json!({ "textDocument": { "uri": uri } });
    let before = client.ask("textDocument/diagnostic", &document);
    assert_eq!(before["items"][0]["code"], "E0601", "{before}");
    client.folder.write("shape.bloom", "");
    client.tell("workspace/didChangeWatchedFiles", &json!({ "changes": [] }));
    let told = client.receive();
    assert_eq!(told["method"], "workspace/diagnostic/refresh", "{told}");
    client.send(&json!({ "jsonrpc": "2.0", "id": told["id"], "result": null }));
    let after = client.ask("textDocument/diagnostic", &document);
    assert_eq!(after["items"], json!([]));
    client.stop();
}

/// Programs enough that reading them takes more than a moment, and what each has many of.
const PROGRAMS: usize = 120;
const ITEMS: usize = 60;

#[test]
fn work_that_takes_long_is_shown_until_it_is_over() {
    let folder = Folder::new();
    folder.write("shared.bloom", SHARED);
    folder.write("one.bloom", ONE);
    for number in 0..PROGRAMS {
        let more = (0..ITEMS)
            .map(|item| format!("table t{item}(id: Int);\nt{item}{{id}} <= start{{id}};\n"));
        let text = format!("{OTHER}{}", more.collect::<String>());
        folder.write(&format!("other{number}.bloom"), text);
    }
    let root = format!("file://{}", folder.path("").display());
    let root = root.trim_end_matches('/').to_owned();
    let shows = json!({ "window": { "workDoneProgress": true } });
    let mut client = Client::start_in(folder, &shows, &json!(root));
    client.open("one.bloom", ONE);
    let mut params = at(&root);
    params["context"] = json!({ "includeDeclaration": true });
    let found = client.ask("textDocument/references", &params);
    assert_eq!(found.as_array().map(Vec::len), Some(3 + PROGRAMS));
    let mut kinds = Vec::new();
    while kinds.last() != Some(&json!("end")) {
        let message = match client.told.is_empty() {
            true => client.receive(),
            false => client.told.remove(0),
        };
        if message["method"] == "$/progress" {
            let value = &message["params"]["value"];
            assert!(value["kind"] != "begin" || value["title"] == "Reading the workspace");
            kinds.push(value["kind"].clone());
        }
    }
    assert_eq!(kinds, [json!("begin"), json!("end")]);
    client.stop();
}

#[test]
fn a_manifest_is_checked_and_leads_to_other_packages() {
    let folder = Folder::new();
    folder.write("p/src/p.bloom", "import clock;\n");
    folder.write("clocks/src/clock.bloom", "");
    let clocks = "[package]\nname = \"clocks\"\n";
    folder.write("clocks/bloom.toml", clocks);
    let text = "[package]\nname = \"p\"\n\n[dependencies]\nclocks = { path = \"../clocks\" }\n\
                maps = { path = \"../maps\" }\n";
    folder.write("p/bloom.toml", text);
    let mut client = Client::start(folder, &json!({}));
    let uri = client.open("p/bloom.toml", text);
    let found = client.diagnostics(&uri, 1);
    assert_eq!(found.len(), 1, "{found:?}");
    let message = "dependency `maps`: ../maps is no package";
    assert_eq!(
        (&found[0]["message"], &found[0]["range"]["start"]["line"]),
        (&json!(message), &json!(5))
    );
    let links = client.ask(
        "textDocument/documentLink",
        &json!({ "textDocument": { "uri": uri } }),
    );
    let targets: Vec<&str> = super::writing::texts(&links, "target");
    assert!(
        targets[0].ends_with("p/src/p.bloom") && targets[1].ends_with("clocks/bloom.toml"),
        "{links}"
    );
    let change = json!([{ "text": text.replace("path = \"../maps\"", "git = 1") }]);
    client.change(&uri, 2, &change);
    let found = client.diagnostics(&uri, 2);
    let message = found[0]["message"].as_str().expect("a text");
    assert!(message.contains("unknown field `git`"), "{found:?}");
    let place = json!({ "line": 0, "character": 1 });
    let nothing = json!({ "textDocument": { "uri": uri }, "position": place });
    assert_eq!(client.ask("textDocument/hover", &nothing), Value::Null);
    client.stop();
}
