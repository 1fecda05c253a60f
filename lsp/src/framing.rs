//! Messages as they come over a stream: a header that says how long each is, and JSON.
//!
//! Whatever comes is read in bounded memory and answered: what is no message gets an error reply, and reading
//! goes on at the next header. Only what is a message of JSON-RPC 2.0 reaches the server behind. So a client
//! that errs, or another program's output on the same stream, does not end a session.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Mutex;

use crate::beside::Beside;

/// A longer message is refused; the longest that is of use opens a file that is just not too large.
pub const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// No header is longer.
const LINE_BYTES_MAX: u64 = 4096;

const LENGTH: &str = "content-length:";

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Message(Vec<u8>),
    /// Something that is none, and why; what follows is read from the next header on.
    Broken(Complaint),
}

/// Why something was refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Complaint {
    pub code: i64,
    pub message: String,
    /// Of the request, if there is one.
    pub id: Value,
}

/// Takes a stream apart.
pub struct Frames<R> {
    input: BufReader<R>,
    /// A header that was come upon while looking for one.
    found: Option<String>,
}

/// Where whole messages go, from several tasks.
pub struct Output<W>(Arc<Mutex<W>>);

impl<W> Clone for Output<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Error codes of JSON-RPC.
const PARSE_ERROR: i64 = -32_700;
const INVALID_REQUEST: i64 = -32_600;

impl Complaint {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            id: Value::Null,
        }
    }

    pub fn reply(&self) -> Vec<u8> {
        let error = json!({ "code": self.code, "message": self.message });
        let reply = json!({ "jsonrpc": "2.0", "id": self.id, "error": error });
        reply.to_string().into_bytes()
    }
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub fn new(input: R) -> Self {
        Self {
            input: BufReader::new(input),
            found: None,
        }
    }

    /// The next frame; none at the end.
    pub async fn next(&mut self) -> io::Result<Option<Frame>> {
        let length = match self.header().await? {
            None => return Ok(None),
            Some(Err(complaint)) => return Ok(Some(Frame::Broken(complaint))),
            Some(Ok(length)) => length,
        };
        // The memory is taken as the bytes come, since a length is easily said.
        let mut body = Vec::new();
        let read = (&mut self.input).take(length as u64);
        let mut read = std::pin::pin!(read);
        read.read_to_end(&mut body).await?;
        match body.len() == length {
            true => Ok(Some(Frame::Message(body))),
            false => Ok(None),
        }
    }

    /// The length that the next header says, or what is wrong with it.
    async fn header(&mut self) -> io::Result<Option<Result<usize, Complaint>>> {
        let mut length = None;
        loop {
            let line = match self.found.take() {
                Some(line) => line,
                None => match self.line().await? {
                    Some(line) => line,
                    None => return Ok(None),
                },
            };
            let lower = line.trim().to_ascii_lowercase();
            if lower.is_empty() {
                match length {
                    Some(length) => return Ok(Some(Ok(length))),
                    // Blank lines between messages do no harm.
                    None => continue,
                }
            }
            if let Some(number) = lower.strip_prefix(LENGTH) {
                match number.trim().parse::<usize>() {
                    Ok(number) if number <= MESSAGE_BYTES_MAX => length = Some(number),
                    _ => {
                        let message = format!(
                            "`{}` is not the length of a message, which is a number up to {MESSAGE_BYTES_MAX}",
                            number.trim()
                        );
                        return self.refuse(message).await;
                    }
                }
            } else if !lower.starts_with("content-type:") {
                return self.refuse("expected the header `Content-Length`").await;
            }
        }
    }

    /// Skips what stands before the next header.
    async fn refuse(
        &mut self,
        message: impl Into<String>,
    ) -> io::Result<Option<Result<usize, Complaint>>> {
        // A header may stand across two pieces of a line that is too long.
        let mut before = String::new();
        while let Some(line) = self.line().await? {
            before.push_str(&line);
            if let Some(at) = before.to_ascii_lowercase().find(LENGTH) {
                let mut header = before.split_off(at);
                if !header.ends_with('\n') {
                    header.extend(self.line().await?);
                }
                self.found = Some(header);
                break;
            }
            let kept = before.char_indices().rev().take(LENGTH.len()).last();
            before.drain(..kept.map_or(0, |(at, _)| at));
        }
        Ok(Some(Err(Complaint::new(PARSE_ERROR, message))))
    }

    /// A line, or as much of it as a line may be; none at the end.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let read = (&mut self.input).take(LINE_BYTES_MAX);
        let mut read = std::pin::pin!(read);
        read.read_until(b'\n', &mut bytes).await?;
        let line = String::from_utf8_lossy(&bytes).into_owned();
        Ok((!bytes.is_empty()).then_some(line))
    }
}

impl<W: AsyncWrite + Unpin> Output<W> {
    pub fn new(output: W) -> Self {
        Self(Arc::new(Mutex::new(output)))
    }

    /// Writes one message.
    pub async fn write(&self, body: &[u8]) -> io::Result<()> {
        let mut output = self.0.lock().await;
        let header = format!("Content-Length: {}\r\n\r\n", body.len());
        output.write_all(header.as_bytes()).await?;
        output.write_all(body).await?;
        output.flush().await
    }
}

/// Whether the body is a message of JSON-RPC: a request, a notification or a response.
pub fn check(body: &[u8]) -> Result<(), Complaint> {
    // The parser refuses what nests deeper than its own bound.
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Complaint::new(PARSE_ERROR, format!("not JSON: {error}")))?;
    let invalid = |message: &str| {
        let id = value.get("id").filter(|id| is_id(id));
        Complaint {
            id: id.cloned().unwrap_or_default(),
            ..Complaint::new(INVALID_REQUEST, message)
        }
    };
    let Some(object) = value.as_object() else {
        return Err(invalid("a message is a JSON object"));
    };
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid("a message says \"jsonrpc\": \"2.0\""));
    }
    let has_id = object.get("id").is_some_and(|id| !id.is_null());
    if !object.get("id").is_none_or(is_id) {
        return Err(invalid("an id is a number or a string"));
    }
    match object.get("method") {
        Some(Value::String(_)) => match object.get("params") {
            None | Some(Value::Null | Value::Object(_) | Value::Array(_)) => Ok(()),
            Some(_) => Err(invalid("parameters are an object or an array")),
        },
        Some(_) => Err(invalid("a method is a string")),
        None if has_id && (object.contains_key("result") || object.contains_key("error")) => Ok(()),
        None => Err(invalid("a message has a method, or answers one")),
    }
}

fn is_id(id: &Value) -> bool {
    id.is_null() || id.is_string() || id.is_i64()
}

/// Hands on to the server what is a message, and answers the rest, until the stream ends.
pub async fn guard<R, S, W>(input: R, mut server: S, output: Output<W>) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    S: AsyncWrite + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut frames = Frames::new(input);
    while let Some(frame) = frames.next().await? {
        let complaint = match frame {
            Frame::Message(body) => match check(&body) {
                Ok(()) => {
                    let header = format!("Content-Length: {}\r\n\r\n", body.len());
                    server.write_all(header.as_bytes()).await?;
                    server.write_all(&body).await?;
                    continue;
                }
                Err(complaint) => complaint,
            },
            Frame::Broken(complaint) => complaint,
        };
        output.write(&complaint.reply()).await?;
    }
    Ok(())
}

/// Writes what the server says, until it has said all.
pub async fn forward<S, W>(server: S, output: Output<W>, beside: &Beside) -> io::Result<()>
where
    S: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut frames = Frames::new(server);
    while let Some(frame) = frames.next().await? {
        if let Frame::Message(body) = frame {
            output.write(&beside.complete(body)).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
