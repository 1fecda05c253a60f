//! Long parts of answers, written already, which stand beside the answers until these are sent.
//!
//! The tokens of a large document are hundreds of thousands of numbers. The protocol's types would make a value of
//! each, and text of these again; so the answer goes through the server without them, under the name that the client
//! shall know them by, and they are put in on its way out.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use serde_json::Value;

/// An answer without its numbers is no longer.
const ANSWER_BYTES_MAX: usize = 512;

/// Where the numbers go: an answer to a request for tokens has one such place, and no text in it can look so.
const PLACE: &[u8] = b"\"data\":[]";

/// Texts by the name in the answer that they belong to.
#[derive(Debug, Default)]
pub struct Beside(Mutex<FxHashMap<String, Vec<u8>>>);

impl Beside {
    pub fn put(&self, name: String, text: Vec<u8>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, text);
    }

    /// The message with what belongs into it.
    pub fn complete(&self, body: Vec<u8>) -> Vec<u8> {
        if body.len() > ANSWER_BYTES_MAX {
            return body;
        }
        let Some(place) = body.windows(PLACE.len()).position(|part| part == PLACE) else {
            return body;
        };
        let Some(text) = self.take(&body) else {
            return body;
        };
        let numbers = place + PLACE.len() - "[]".len();
        [&body[..numbers], &text, &body[place + PLACE.len()..]].concat()
    }

    fn take(&self, body: &[u8]) -> Option<Vec<u8>> {
        let message: Value = serde_json::from_slice(body).ok()?;
        let name = message.get("result")?.get("resultId")?.as_str()?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(name)
    }
}

#[cfg(test)]
mod tests {
    use super::Beside;

    fn completed(beside: &Beside, body: &str) -> String {
        String::from_utf8(beside.complete(body.as_bytes().to_vec())).expect("it was text")
    }

    #[test]
    fn an_answer_gets_what_stands_beside_it_and_once() {
        let beside = Beside::default();
        beside.put("7".to_owned(), b"[1,2]".to_vec());
        let body = r#"{"jsonrpc":"2.0","result":{"data":[],"resultId":"7"},"id":3}"#;
        let whole = r#"{"jsonrpc":"2.0","result":{"data":[1,2],"resultId":"7"},"id":3}"#;
        assert_eq!(completed(&beside, body), whole);
        assert_eq!(completed(&beside, body), body);
    }

    #[test]
    fn other_messages_stay_as_they_are() {
        let beside = Beside::default();
        beside.put("7".to_owned(), b"[1,2]".to_vec());
        for body in [
            r#"{"jsonrpc":"2.0","result":{"data":[],"resultId":"8"},"id":3}"#,
            r#"{"jsonrpc":"2.0","result":{"data":[]},"id":3}"#,
            r#"{"jsonrpc":"2.0","result":{"contents":"\"data\":[] \"resultId\":\"7\""},"id":3}"#,
            "{",
        ] {
            assert_eq!(completed(&beside, body), body);
        }
    }
}
