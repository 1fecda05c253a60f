//! What comes in is taken apart as it was put together, whatever stands between.

use bloom_stdx::random::Random;
use serde_json::json;

use super::{Frame, Frames, check};

fn frames(bytes: &[u8]) -> Vec<Frame> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime starts").block_on(async {
        let mut frames = Frames::new(bytes);
        let mut all = Vec::new();
        while let Some(frame) = frames.next().await.expect("a slice does not fail") {
            all.push(frame);
        }
        all
    })
}

fn framed(body: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

/// `message` for each message, `broken` for what is none.
fn shape(bytes: &[u8]) -> Vec<String> {
    let shape = |frame| match frame {
        Frame::Message(body) => String::from_utf8(body).expect("the tests send text"),
        Frame::Broken(_) => "broken".to_owned(),
    };
    frames(bytes).into_iter().map(shape).collect()
}

#[test]
fn messages_are_taken_apart() {
    let text = framed("{}") + "\r\n" + &framed("") + &framed("[1]");
    assert_eq!(shape(text.as_bytes()), ["{}", "", "[1]"]);
    let typed = "content-type: x\r\nCONTENT-LENGTH:2\n\n{}";
    assert_eq!(shape(typed.as_bytes()), ["{}"]);
}

#[test]
fn what_is_no_message_is_told_once_and_skipped() {
    for garbage in [
        "Content-Length: 99999999999999999999\r\n\r\n{}\n",
        "Content-Length: 9999999999\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: two\r\n\r\n{}",
        "panicked at main.rs\nand more\n",
        &"x".repeat(100_000),
        "\u{0}\u{1}\n\n",
    ] {
        let text = framed("{}") + garbage + &framed("[2]");
        assert_eq!(shape(text.as_bytes()), ["{}", "broken", "[2]"], "{garbage}");
    }
}

#[test]
fn a_header_behind_a_line_without_end_is_found() {
    for length in 4_070..4_110 {
        let text = "x".repeat(4_096 + length) + &framed("[2]");
        assert_eq!(shape(text.as_bytes()), ["broken", "[2]"], "{length}");
    }
}

#[test]
fn random_bytes_never_hide_what_follows_them() {
    let mut random = Random::new(1);
    for _ in 0..500 {
        let mut bytes: Vec<u8> = (0..random.below(200))
            .map(|_| random.below(256) as u8)
            .collect();
        bytes.push(b'\n');
        bytes.extend(framed("{}").bytes());
        let last = frames(&bytes).pop();
        assert_eq!(last, Some(Frame::Message(b"{}".to_vec())));
    }
}

#[test]
fn what_is_cut_off_is_the_end() {
    assert_eq!(shape(b"Content-Length: 10\r\n\r\n{}"), [""; 0]);
    assert_eq!(shape(b"Content-Length: 10"), [""; 0]);
}

#[test]
fn only_messages_pass() {
    let fine = [
        json!({ "jsonrpc": "2.0", "method": "exit" }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "shutdown", "params": null }),
        json!({ "jsonrpc": "2.0", "id": "a", "result": null }),
    ];
    for message in fine {
        assert_eq!(check(message.to_string().as_bytes()), Ok(()));
    }
    let refused = [
        json!(1),
        json!([]),
        json!({ "id": 1, "method": "shutdown" }),
        json!({ "jsonrpc": "2.0", "id": [], "method": "shutdown" }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": 5 }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "shutdown", "params": 5 }),
        json!({ "jsonrpc": "2.0", "id": 1 }),
    ];
    for message in refused {
        let complaint = check(message.to_string().as_bytes()).expect_err("it is no message");
        assert_eq!(complaint.code, -32_600, "{message}");
    }
    let deep = "[".repeat(1_000_000);
    for text in ["", "{", "{\"a\":}", "\u{fffd}", &deep] {
        let complaint = check(text.as_bytes()).expect_err("it is not JSON");
        assert_eq!(complaint.code, -32_700);
    }
}
