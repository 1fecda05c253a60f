//! A client of the language server that does what it is told, and measures how long answers take.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(super) struct Client {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next_id: u64,
    version: i64,
}

/// By then the server has given back what it was done with.
const AT_REST: Duration = Duration::from_secs(3);

const URI: &str = "file:///bench/main.bloom";

impl Client {
    /// Starts the server, and says how long it took until it was ready.
    pub(super) fn start(bloom: &Path) -> Result<(Client, Duration), String> {
        let from = Instant::now();
        let mut server = Command::new(bloom)
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", bloom.display()))?;
        let input = server.stdin.take().ok_or("the server has no input")?;
        let output = server.stdout.take().ok_or("the server has no output")?;
        let mut client = Client {
            server,
            input,
            output: BufReader::new(output),
            next_id: 0,
            version: 1,
        };
        let capabilities = json!({ "textDocument": { "diagnostic": {} }, "general": { "positionEncodings": ["utf-8"] } });
        client.ask(
            "initialize",
            &json!({ "processId": null, "rootUri": null, "capabilities": capabilities }),
        )?;
        let ready = from.elapsed();
        client.tell("initialized", &json!({}))?;
        Ok((client, ready))
    }

    pub(super) fn open(&mut self, text: &str) -> Result<(), String> {
        let item = json!({ "uri": URI, "languageId": "bloom", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": item }))
    }

    /// Replaces the part of a line between two columns.
    pub(super) fn edit(
        &mut self,
        line: usize,
        columns: (usize, usize),
        text: &str,
    ) -> Result<(), String> {
        self.version += 1;
        let at = |column: usize| json!({ "line": line, "character": column });
        let change =
            json!([{ "range": { "start": at(columns.0), "end": at(columns.1) }, "text": text }]);
        let document = json!({ "uri": URI, "version": self.version });
        self.tell(
            "textDocument/didChange",
            &json!({ "textDocument": document, "contentChanges": change }),
        )
    }

    pub(super) fn ask(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        let id = self.send(method, params)?;
        self.answer(id)?
            .map_err(|error| format!("{method}: {error}"))
    }

    /// Asks about the document, at a place if one is given.
    pub(super) fn ask_about(
        &mut self,
        method: &str,
        at: Option<(usize, usize)>,
    ) -> Result<Value, String> {
        self.ask(method, &about(at))
    }

    /// A request that is not waited for; its number.
    pub(super) fn begin(&mut self, method: &str) -> Result<u64, String> {
        self.send(method, &about(None))
    }

    pub(super) fn cancel(&mut self, id: u64) -> Result<(), String> {
        self.tell("$/cancelRequest", &json!({ "id": id }))
    }

    /// The answer to a request, or the error that it got.
    pub(super) fn answer(&mut self, id: u64) -> Result<Result<Value, Value>, String> {
        loop {
            let mut message: Value = self.receive()?;
            if message.get("id") == Some(&json!(id)) {
                return Ok(match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].take()),
                });
            }
        }
    }

    fn send(&mut self, method: &str, params: &Value) -> Result<u64, String> {
        self.next_id += 1;
        let id = self.next_id;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        Ok(id)
    }

    fn tell(&mut self, method: &str, params: &Value) -> Result<(), String> {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn write(&mut self, message: &Value) -> Result<(), String> {
        let body = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let written = self.input.write_all(text.as_bytes());
        written.map_err(|error| format!("the server does not listen: {error}"))
    }

    /// The numbers of the document's tokens, and how long it took until all of the answer was there.
    pub(super) fn tokens(&mut self) -> Result<(Vec<u32>, Duration), String> {
        let from = Instant::now();
        let id = self.begin("textDocument/semanticTokens/full")?;
        let body = self.body()?;
        let wait = from.elapsed();
        let answer: TokensAnswer = read(&body)?;
        match answer.id == id {
            true => Ok((answer.result.data, wait)),
            false => Err("an answer to another question".to_owned()),
        }
    }

    fn receive<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        read(&self.body()?)
    }

    /// The bytes of the next message.
    fn body(&mut self) -> Result<Vec<u8>, String> {
        let failed = |error: std::io::Error| format!("the server does not answer: {error}");
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).map_err(failed)? == 0 {
                return Err("the server has hung up".to_owned());
            }
            match line.trim().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().map_err(|_| "a length is no number")?,
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).map_err(failed)?;
        Ok(body)
    }

    /// Bytes of memory in use once the server has had nothing to do for a while, as the kernel says.
    pub(super) fn memory(&self) -> Result<u64, String> {
        thread::sleep(AT_REST);
        let path = format!("/proc/{}/status", self.server.id());
        let status = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.map(|kib| kib << 10)
            .ok_or(format!("{path} does not tell the memory in use"))
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("an answer is no JSON: {error}"))
}

#[derive(Deserialize)]
struct TokensAnswer {
    id: u64,
    result: Tokens,
}

#[derive(Deserialize)]
struct Tokens {
    data: Vec<u32>,
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn about(at: Option<(usize, usize)>) -> Value {
    let mut params = json!({ "textDocument": { "uri": URI } });
    if let Some((line, character)) = at {
        params["position"] = json!({ "line": line, "character": character });
    }
    params
}
