//! What an editor asks while one writes, through the protocol.

use super::{Client, insert};
use crate::support::Folder;
use serde_json::{Value, json};

const STORE: &str = "\
/// What is put.
input put(key: String => val: Int);
input get(req: Req, key: String);
output got(req: Req => val: Int);
table store(key: String => val: Max<Int>);
store{key, val} <= put{key, val};
got{req, val: val.reveal} <= get{req, key}, store{key, val};
test \"a value comes back\" {
  put{key: \"a\", val: 1};
  get{req: 1, key: \"a\"};
  tick;
  expect got{req: 1};
}
";

fn open(text: &str) -> (Client, String) {
    let snippets = json!({ "textDocument": {
        "diagnostic": {},
        "completion": { "completionItem": { "snippetSupport": true } },
    } });
    let mut client = Client::start(Folder::new(), &snippets);
    let uri = client.open("main.bloom", text);
    (client, uri)
}

fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

pub(super) fn texts<'v>(list: &'v Value, field: &str) -> Vec<&'v str> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one[field].as_str().expect("it is text"))
        .collect()
}

#[test]
fn completion_and_its_documentation() {
    let (mut client, uri) = open(STORE);
    client.change(&uri, 2, &insert(13, 0, "got{req, val} <= pu"));
    let found = client.ask("textDocument/completion", &at(&uri, 13, 19));
    let labels = texts(&found, "label");
    assert!(labels.contains(&"put"), "{labels:?}");
    let put = found
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["label"] == "put");
    let put = put.expect("it was there");
    assert_eq!(put["textEdit"]["newText"], "put{$1}");
    assert_eq!(put["textEdit"]["range"]["start"]["character"], 17);
    assert!(put.get("documentation").is_none());
    let resolved = client.ask("completionItem/resolve", put);
    assert_eq!(resolved["documentation"]["value"], "What is put.");
    client.change(&uri, 3, &insert(13, 19, "t{key, "));
    let found = client.ask("textDocument/completion", &at(&uri, 13, 26));
    assert_eq!(texts(&found, "label"), ["val"]);
    let help = client.ask("textDocument/signatureHelp", &at(&uri, 13, 26));
    assert_eq!(
        help["signatures"][0]["label"],
        "input put(key: String, val: Int)"
    );
    client.stop();
}

#[test]
fn a_name_is_changed_everywhere_or_refused_with_a_reason() {
    let (mut client, uri) = open(STORE);
    let range = client.ask("textDocument/prepareRename", &at(&uri, 3, 8));
    assert_eq!(range["start"]["character"], 7);
    let mut params = at(&uri, 3, 8);
    params["newName"] = json!("answer");
    let edit = client.ask("textDocument/rename", &params);
    let edits = edit["changes"][&uri].as_array().expect("a list").clone();
    assert_eq!(edits.len(), 3, "{edits:?}");
    params["newName"] = json!("get");
    let refused = client.refused("textDocument/rename", &params);
    assert_eq!(refused["code"], -32803);
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|why| why.contains("get"))
    );
    client.stop();
}

#[test]
fn tokens_are_sent_whole_and_then_by_their_changes() {
    let (mut client, uri) = open(STORE);
    let document = json!({ "textDocument": { "uri": uri } });
    let whole = client.ask("textDocument/semanticTokens/full", &document);
    let mut data = numbers(&whole["data"]);
    assert_eq!(data.len() % 5, 0);
    // A comment, then `input put(key`: keyword, collection that is declared, column that is declared.
    let kinds: Vec<(u64, u64)> = data.chunks(5).map(|token| (token[3], token[4])).collect();
    assert_eq!(kinds[..4], [(1, 0), (0, 0), (5, 1), (6, 1)]);
    client.change(&uri, 2, &insert(5, 0, "// more\n"));
    let params = json!({ "textDocument": { "uri": uri }, "previousResultId": whole["resultId"] });
    let delta = client.ask("textDocument/semanticTokens/full/delta", &params);
    for edit in delta["edits"].as_array().expect("a list") {
        let start = edit["start"].as_u64().expect("a number") as usize;
        let end = start + edit["deleteCount"].as_u64().expect("a number") as usize;
        data.splice(start..end, numbers(&edit["data"]));
    }
    let again = client.ask("textDocument/semanticTokens/full", &document);
    assert_eq!(data, numbers(&again["data"]));
    let mut range = document.clone();
    range["range"] =
        json!({ "start": { "line": 6, "character": 0 }, "end": { "line": 7, "character": 0 } });
    let part = client.ask("textDocument/semanticTokens/range", &range);
    let part = numbers(&part["data"]);
    assert_eq!(part[0], 6, "counted from the start of the text");
    assert!(!part.is_empty() && part.len() < data.len());
    client.stop();
}

fn numbers(list: &Value) -> Vec<u64> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one.as_u64().expect("a number")).collect()
}

#[test]
fn what_stands_beside_the_text() {
    let (mut client, uri) = open(STORE);
    let document = json!({ "textDocument": { "uri": uri } });
    let folds = client.ask("textDocument/foldingRange", &document);
    assert_eq!(
        (&folds[0]["startLine"], &folds[0]["endLine"]),
        (&json!(7), &json!(11))
    );
    let lenses = client.ask("textDocument/codeLens", &document);
    let titles: Vec<&str> = lenses
        .as_array()
        .expect("a list")
        .iter()
        .map(|lens| lens["command"]["title"].as_str().expect("it is text"))
        .collect();
    assert_eq!(titles[0], "Run test");
    assert!(
        titles.iter().any(|title| title.starts_with("run: ")),
        "{titles:?}"
    );
    let mut hints = document.clone();
    hints["range"] =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 13, "character": 0 } });
    let hints = client.ask("textDocument/inlayHint", &hints);
    assert!(texts(&hints, "label").contains(&"run"), "{hints}");
    let mut selection = document.clone();
    selection["positions"] = json!([{ "line": 5, "character": 2 }]);
    let chain = client.ask("textDocument/selectionRange", &selection);
    assert_eq!(chain[0]["range"]["end"]["character"], 5);
    assert_eq!(chain[0]["parent"]["range"]["start"]["line"], 5);
    let symbols = client.ask("workspace/symbol", &json!({ "query": "gt" }));
    assert_eq!(texts(&symbols, "name"), ["get", "got"]);
    client.stop();
}

#[test]
fn writers_and_readers_are_a_hierarchy() {
    let (mut client, uri) = open(STORE);
    let items = client.ask("textDocument/prepareCallHierarchy", &at(&uri, 4, 7));
    assert_eq!(texts(&items, "name"), ["store"]);
    let item = json!({ "item": items[0] });
    let writers = client.ask("callHierarchy/incomingCalls", &item);
    assert_eq!(writers[0]["from"]["name"], "put");
    let readers = client.ask("callHierarchy/outgoingCalls", &item);
    assert_eq!(readers[0]["to"]["name"], "got");
    client.stop();
}

#[test]
fn columns_types_and_protocols_lead_to_their_declarations() {
    let text = "record Item { name: String }\nprotocol Shop {\n  input buy(item: Item);\n}\n\
                module small : Shop {\n  table sold(item: Item);\n  sold{item} <= buy{item};\n}\nimport small;\n";
    let (mut client, uri) = open(text);
    let line = |found: &Value| found[0]["range"]["start"]["line"].clone();
    let found = client.ask("textDocument/definition", &at(&uri, 6, 21));
    assert!(!found.as_array().expect("a list").is_empty(), "{found}");
    let found = client.ask("textDocument/typeDefinition", &at(&uri, 6, 8));
    assert_eq!(line(&found), 0, "{found}");
    let found = client.ask("textDocument/implementation", &at(&uri, 1, 10));
    assert_eq!(line(&found), 4, "{found}");
    let found = client.ask("textDocument/declaration", &at(&uri, 8, 8));
    assert_eq!(line(&found), 4, "{found}");
    client.stop();
}

#[test]
fn an_item_is_formatted_when_it_ends() {
    let (mut client, uri) = open("input  a( x:Int );\ninput  b( x:Int );\n");
    let mut params = at(&uri, 1, 18);
    params["ch"] = json!(";");
    params["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    let edits = client.ask("textDocument/onTypeFormatting", &params);
    assert_eq!(texts(&edits, "newText"), ["input b(x: Int);"]);
    client.stop();
}

#[test]
fn views_show_what_the_commands_say() {
    let (mut client, uri) = open(STORE);
    let document = json!({ "textDocument": { "uri": uri } });
    let labels = client.ask("bloom/labels", &document);
    assert_eq!(labels["outputs"][0]["label"], "run", "{labels}");
    let witness = client.ask("bloom/witness", &document);
    assert!(!witness["outputs"][0]["witness"].is_null(), "{witness}");
    let picture = client.ask("bloom/dataflow", &document);
    assert!(
        picture["svg"]
            .as_str()
            .is_some_and(|svg| svg.contains("store")),
        "{picture}"
    );
    let expanded = client.ask("bloom/expand", &document);
    assert!(
        expanded["text"]
            .as_str()
            .is_some_and(|text| text.contains("node Main")),
        "{expanded}"
    );
    client.change(&uri, 2, &insert(0, 0, "("));
    for view in ["labels", "witness", "dataflow", "expand"] {
        let refused = client.refused(&format!("bloom/{view}"), &document);
        let why = refused["message"].as_str().expect("it is said why");
        assert!(
            why.starts_with("the program has") && why.contains("main.bloom:1:"),
            "{view}: {why}"
        );
    }
    client.change(
        &uri,
        3,
        &json!([{ "text": "input a(x: Int);\noutput b(x: Int);\nb{x} <= c{x};\n" }]),
    );
    let refused = client.refused("bloom/dataflow", &document);
    let expected = "the program has an error, so there is nothing to show: error E0201 at main.bloom:3:9: undeclared";
    let why = refused["message"].as_str().expect("it is said why");
    assert!(why.starts_with(expected), "{why}");
    client.stop();
}

#[test]
fn an_action_is_tried_when_it_is_chosen() {
    let later = json!({ "textDocument": {
        "diagnostic": {},
        "codeAction": { "dataSupport": true, "resolveSupport": { "properties": ["edit"] } },
    } });
    let text = "input a(x: Int, n: Int);\ntable b(x: Int => n: Int);\nb{x, n} <= a{x, n};\n\
                output o(n: Int);\no{n} <= b{n};\n";
    let offered = |client: &mut Client, uri: &str, line: u32, character: u32| {
        let place = json!({ "line": line, "character": character });
        let params = json!({
            "textDocument": { "uri": uri },
            "range": { "start": place, "end": place },
            "context": { "diagnostics": [] },
        });
        client.ask("textDocument/codeAction", &params)
    };
    let mut client = Client::start(Folder::new(), &later);
    let uri = client.open("main.bloom", text);
    let views = offered(&mut client, &uri, 3, 8);
    assert_eq!(
        texts(&views, "title"),
        ["Turn the output `o` into a view"],
        "{views}"
    );
    assert!(views[0].get("edit").is_none(), "{views}");
    let whole = client.ask("codeAction/resolve", &views[0]);
    let edit = &whole["edit"]["changes"][&uri][0];
    assert_eq!(edit["newText"], "view", "{whole}");
    // What the output shows of it would be a lattice then.
    let lattices = offered(&mut client, &uri, 1, 18);
    let greatest = &lattices[0];
    assert_eq!(greatest["title"], "Make `n` a lattice: `Max<Int>`");
    let why = client.refused("codeAction/resolve", greatest);
    assert_eq!(
        why["message"],
        "the program would have a mistake more after it"
    );
    client.change(&uri, 2, &insert(0, 0, "\n"));
    let why = client.refused("codeAction/resolve", &views[0]);
    assert_eq!(why["message"], "the document has changed");
    client.stop();

    // Who cannot ask again gets only what has passed, and of the kinds that are asked for.
    let (mut client, uri) = open(text);
    let place = json!({ "line": 3, "character": 8 });
    let of_kind = |kind: &str| {
        json!({
            "textDocument": { "uri": uri },
            "range": { "start": place, "end": place },
            "context": { "diagnostics": [], "only": [kind] },
        })
    };
    for (kind, count) in [("refactor", 1), ("refactor.inline", 0), ("refac", 0)] {
        let found = client.ask("textDocument/codeAction", &of_kind(kind));
        assert_eq!(
            found.as_array().map(Vec::len),
            Some(count),
            "{kind}: {found}"
        );
    }
    assert_eq!(offered(&mut client, &uri, 1, 18), json!([]));
    let views = offered(&mut client, &uri, 3, 8);
    assert_eq!(views[0]["edit"]["changes"][&uri][0]["newText"], "view");
    client.stop();
}

#[test]
fn a_recorded_run_becomes_a_test() {
    let folder = Folder::with(STORE);
    folder.write(
        "feed.jsonl",
        "{\"collection\": \"put\", \"row\": [\"b\", 2]}\n",
    );
    folder
        .bloom("run main.bloom --in feed.jsonl --record store.rec")
        .fine();
    let later = json!({ "textDocument": {
        "codeAction": { "resolveSupport": { "properties": ["edit"] } },
    } });
    let mut client = Client::start(folder, &later);
    let uri = client.open("main.bloom", STORE);
    let offered = |client: &mut Client, line: u32| {
        let place = json!({ "line": line, "character": 0 });
        let params = json!({
            "textDocument": { "uri": uri },
            "range": { "start": place, "end": place },
            "context": { "diagnostics": [] },
        });
        client.ask("textDocument/codeAction", &params)
    };
    let at_a_rule = offered(&mut client, 5);
    assert!(!at_a_rule.to_string().contains("store.rec"), "{at_a_rule}");
    let found = offered(&mut client, 9);
    let title = "Write tests from the run in `store.rec`";
    assert_eq!(texts(&found, "title"), [title]);
    let whole = client.ask("codeAction/resolve", &found[0]);
    let edit = &whole["edit"]["changes"][&uri][0];
    assert_eq!(edit["range"]["start"]["line"], 13, "{whole}");
    let test = edit["newText"].as_str().expect("it is text");
    assert!(test.contains("n1.put(\"b\", 2);"), "{test}");
    client.folder.write("main.bloom", format!("{STORE}{test}"));
    let told = client.folder.bloom("test main.bloom").fine();
    assert!(told.contains("2 passed"), "{told}");
    client.stop();
}
