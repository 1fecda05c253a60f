//! The language server over standard input and output, by a client that knows nothing of it but the protocol.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout};

use serde_json::{Value, json};

use crate::support::{Folder, finish};

mod library;
mod workspace;
mod writing;

struct Client {
    folder: Folder,
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next_id: i64,
    /// Notifications that came while something else was waited for.
    told: Vec<Value>,
}

impl Client {
    fn start(folder: Folder, capabilities: &Value) -> Client {
        Client::start_in(folder, capabilities, &Value::Null)
    }

    /// With a folder that is open in the editor.
    fn start_in(folder: Folder, capabilities: &Value, root: &Value) -> Client {
        let mut server = folder.start("lsp");
        let input = server.stdin.take();
        let output = server.stdout.take().expect("it is piped");
        let mut client = Client {
            folder,
            server,
            input,
            output: BufReader::new(output),
            next_id: 0,
            told: Vec::new(),
        };
        let params = json!({ "processId": null, "rootUri": root, "capabilities": capabilities });
        let found = client.ask("initialize", &params);
        assert_eq!(found["serverInfo"]["name"], "bloom", "{found}");
        client.tell("initialized", &json!({}));
        client
    }

    fn raw(&mut self, text: &str) {
        let input = self.input.as_mut().expect("it is not closed");
        input.write_all(text.as_bytes()).expect("the server reads");
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The next message.
    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).expect("it is text");
            assert!(read > 0, "the server has hung up");
            match line.trim().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().expect("a length is a number"),
                None if line.trim().is_empty() => break,
                None => panic!("not a header: {line}"),
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("it is all there");
        serde_json::from_slice(&body).expect("a message is JSON")
    }

    fn reply(&mut self, id: &Value) -> Value {
        loop {
            let message = self.receive();
            match message.get("id") {
                Some(own) if own == id => return message,
                Some(own) if message["method"] == "window/workDoneProgress/create" => {
                    self.send(&json!({ "jsonrpc": "2.0", "id": own, "result": null }));
                }
                Some(_) => panic!("not asked for: {message}"),
                None => self.told.push(message),
            }
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next_id += 1;
        let id = json!(self.next_id);
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let reply = self.reply(&id);
        assert!(reply.get("error").is_none(), "{method}: {reply}");
        reply["result"].clone()
    }

    /// Why the server does not do it.
    fn refused(&mut self, method: &str, params: &Value) -> Value {
        self.next_id += 1;
        let id = json!(self.next_id);
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let reply = self.reply(&id);
        reply.get("error").expect("it is refused").clone()
    }

    /// What the server says is wrong with this version of a file.
    fn diagnostics(&mut self, uri: &str, version: i64) -> Vec<Value> {
        loop {
            let at = self.told.iter().position(|message| {
                let params = &message["params"];
                message["method"] == "textDocument/publishDiagnostics"
                    && params["uri"] == uri
                    && params["version"] == version
            });
            if let Some(at) = at {
                let all = &self.told.remove(at)["params"]["diagnostics"];
                return all.as_array().expect("a list").clone();
            }
            let message = self.receive();
            self.told.push(message);
        }
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.folder.path(name).display())
    }

    fn open(&mut self, name: &str, text: &str) -> String {
        let uri = self.uri(name);
        let item = json!({ "uri": uri, "languageId": "bloom", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": item }));
        uri
    }

    fn change(&mut self, uri: &str, version: i64, changes: &Value) {
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.tell("textDocument/didChange", &params);
    }

    fn stop(mut self) {
        self.ask("shutdown", &Value::Null);
        self.tell("exit", &Value::Null);
        drop(self.input.take());
        let run = finish(self.server);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    }
}

fn insert(line: u32, character: u32, text: &str) -> Value {
    let at = json!({ "line": line, "character": character });
    json!([{ "range": { "start": at, "end": at }, "text": text }])
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    let codes = diagnostics.iter().map(|d| d["code"].as_str());
    codes
        .map(|code| code.expect("every code is text"))
        .collect()
}

const PROGRAM: &str = "\
input a(x: Int);
output b(x: Int);
b{x} <= a{x};
";

#[test]
fn what_is_wrong_is_told_with_its_version() {
    let mut client = Client::start(Folder::new(), &json!({}));
    let uri = client.open("main.bloom", PROGRAM);
    assert_eq!(client.diagnostics(&uri, 1), [Value::Null; 0]);
    client.change(&uri, 2, &insert(2, 8, "a"));
    let found = client.diagnostics(&uri, 2);
    assert_eq!(codes(&found), ["E0201"], "{found:?}");
    let start = &found[0]["range"]["start"];
    assert_eq!(
        (&start["line"], &start["character"]),
        (&json!(2), &json!(8))
    );
    // Many edits in a row: the last version is told.
    for version in 3..40 {
        client.change(&uri, version, &insert(0, 0, "// \u{1f338}\n"));
    }
    let found = client.diagnostics(&uri, 39);
    assert_eq!(found[0]["range"]["start"]["line"], 39, "{found:?}");
    client.tell(
        "textDocument/didClose",
        &json!({ "textDocument": { "uri": uri } }),
    );
    client.stop();
}

#[test]
fn a_fix_that_is_offered_mends_the_program() {
    let pulls = json!({ "textDocument": { "diagnostic": {} } });
    let mut client = Client::start(Folder::new(), &pulls);
    let text = "input asked(x: Int);\noutput heard(x: Int);\nherd{x} <= asked{x};\n";
    let uri = client.open("main.bloom", text);
    let document = json!({ "uri": uri });
    let pull = json!({ "textDocument": document });
    let report = client.ask("textDocument/diagnostic", &pull);
    assert_eq!(report["kind"], "full");
    let items = report["items"].as_array().expect("a list").clone();
    assert!(!items.is_empty());
    let params = json!({
        "textDocument": document,
        "range": items[0]["range"],
        "context": { "diagnostics": [] },
    });
    let actions = client.ask("textDocument/codeAction", &params);
    let edit = &actions[0]["edit"]["changes"][&uri][0];
    assert_eq!(edit["newText"], "heard", "{actions}");
    let change = json!([{ "range": edit["range"], "text": edit["newText"] }]);
    client.change(&uri, 2, &change);
    let report = client.ask("textDocument/diagnostic", &pull);
    assert_eq!(report["items"], json!([]));
    client.stop();
}

#[test]
fn a_document_is_formatted_by_one_edit() {
    let mut client = Client::start(Folder::new(), &json!({}));
    let uri = client.open("main.bloom", &PROGRAM.replace("b{x} <= a", "b{x}   <=   a"));
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let params = json!({ "textDocument": { "uri": uri }, "options": options });
    let edits = client.ask("textDocument/formatting", &params);
    assert_eq!(edits.as_array().map(Vec::len), Some(1), "{edits}");
    let change = json!([{ "range": edits[0]["range"], "text": edits[0]["newText"] }]);
    client.change(&uri, 2, &change);
    assert_eq!(client.ask("textDocument/formatting", &params), json!([]));
    client.stop();
}

#[test]
fn formatting_keeps_the_ends_of_lines() {
    let mut client = Client::start(Folder::new(), &json!({}));
    let uri = client.open("main.bloom", "input a(x:Int);\r\ninput b(x: Int);\r\n");
    let params = json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = client.ask("textDocument/formatting", &params);
    assert_eq!(edits[0]["newText"], " ", "{edits}");
    client.change(&uri, 2, &insert(0, 10, " "));
    assert_eq!(client.ask("textDocument/formatting", &params), json!([]));
    client.stop();
}

#[test]
fn names_are_told_and_found() {
    let mut client = Client::start(Folder::new(), &json!({}));
    let uri = client.open("main.bloom", PROGRAM);
    let at = |line: u32, character: u32| {
        let position = json!({ "line": line, "character": character });
        json!({
            "textDocument": { "uri": uri },
            "position": position,
            "context": { "includeDeclaration": false },
        })
    };
    let hover = client.ask("textDocument/hover", &at(2, 0));
    let text = hover["contents"]["value"].as_str().expect("it is text");
    assert!(
        text.contains("output b(x: Int)") && text.contains("**async**"),
        "{text}"
    );
    let found = client.ask("textDocument/definition", &at(2, 8));
    assert_eq!(
        found[0]["range"]["start"],
        json!({ "line": 0, "character": 6 })
    );
    let found = client.ask("textDocument/references", &at(0, 6));
    assert_eq!(
        found[0]["range"]["start"],
        json!({ "line": 2, "character": 8 })
    );
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    let found = client.ask("textDocument/documentHighlight", &at(2, 2));
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{found}");
    assert_eq!(client.ask("textDocument/hover", &at(2, 12)), Value::Null);
    let found = client.ask("textDocument/documentSymbol", &at(0, 0));
    let names: Vec<&Value> = (0..2).map(|at| &found[at]["name"]).collect();
    assert_eq!(names, [&json!("a"), &json!("b")]);
    client.stop();
}

#[test]
fn an_import_is_read_where_it_is_newest() {
    let folder = Folder::new();
    folder.write("shapes.bloom", "const side: Int = 3;\n");
    let mut client = Client::start(folder, &json!({}));
    let text = "import shapes as s;\nimport std.voting as v;\n";
    let uri = client.open("main.bloom", text);
    let before = client.diagnostics(&uri, 1);
    assert!(!codes(&before).contains(&"E0601"), "{before:?}");
    let shapes = client.open("shapes.bloom", "const side: Int = 4\n");
    assert_eq!(client.diagnostics(&shapes, 1).len(), 1);
    client.change(&uri, 2, &json!([{ "text": "import shape as s;\n" }]));
    assert_eq!(codes(&client.diagnostics(&uri, 2)), ["E0601"]);
    client.folder.write("shape.bloom", "");
    client.tell(
        "textDocument/didSave",
        &json!({ "textDocument": { "uri": uri } }),
    );
    assert_eq!(client.diagnostics(&uri, 2), [Value::Null; 0]);
    client.stop();
}

#[test]
fn what_is_no_message_is_answered_and_the_server_lives() {
    let mut client = Client::start(Folder::new(), &json!({}));
    let deep = "[".repeat(200_000);
    let texts = [
        "Content-Length: 99999999999999999999\r\n\r\n".to_owned(),
        "Content-Length: 1000000000000\r\n\r\n".to_owned(),
        "Content-Length: 2\r\n\r\n{]".to_owned(),
        "Content-Length: 1\r\n\r\n5".to_owned(),
        "hello\r\n\r\n".to_owned(),
        format!("Content-Length: {}\r\n\r\n{deep}", deep.len()),
    ];
    for text in &texts {
        client.raw(text);
        let uri = client.uri("none.bloom");
        client.change(&uri, 1, &json!([{ "text": "" }]));
        let reply = client.reply(&Value::Null);
        let code = reply["error"]["code"].as_i64();
        assert!(matches!(code, Some(-32_700 | -32_600)), "{reply}");
    }
    client.send(&json!({ "jsonrpc": "2.0", "id": 1_000, "method": "bloom/unknown" }));
    assert_eq!(client.reply(&json!(1_000))["error"]["code"], -32_601);
    let uri = client.open("main.bloom", &"(".repeat(100_000));
    assert!(!client.diagnostics(&uri, 1).is_empty());
    client.stop();
}

#[test]
fn a_client_that_hangs_up_ends_the_server() {
    let mut client = Client::start(Folder::new(), &json!({}));
    drop(client.input.take());
    let run = finish(client.server);
    assert_eq!(run.code, Some(1), "{run:?}");
}
