//! JSON text, where an object that has a key twice is an error.
//!
//! `serde_json` reads what nests up to its own bound of 128. Values of types that hold themselves may
//! nest deeper ([`NESTING_MAX`]); such a text is read by [`deep`], by recursive descent over the brackets,
//! with `serde_json` for what stands between them.

use std::fmt;

use bloom_plan::value::NESTING_MAX;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

/// How deep brackets may nest. A level of a value takes two at most (a variant and its fields), and
/// what does not recur is as deep as its type.
const DEPTH_MAX: usize = 2 * NESTING_MAX + 128;

/// Parses one value.
pub(crate) fn parse(text: &[u8]) -> Result<Json, serde_json::Error> {
    match serde_json::from_slice::<Strict>(text) {
        Ok(strict) => Ok(strict.0),
        Err(error) if error.to_string().starts_with("recursion limit") => deep(text),
        Err(error) => Err(error),
    }
}

struct Strict(Json);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Parts).map(Strict)
    }
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Json, E> {
        Ok(b.into())
    }

    fn visit_i64<E>(self, n: i64) -> Result<Json, E> {
        Ok(n.into())
    }

    fn visit_u64<E>(self, n: u64) -> Result<Json, E> {
        Ok(n.into())
    }

    fn visit_f64<E>(self, x: f64) -> Result<Json, E> {
        Ok(x.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(Strict(part)) = parts.next_element()? {
            array.push(part);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some(key) = parts.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(twice(&key));
            }
            let Strict(part) = parts.next_value()?;
            object.insert(key, part);
        }
        Ok(Json::Object(object))
    }
}

fn twice<E: serde::de::Error>(key: &str) -> E {
    E::custom(format_args!("key `{key}` stands twice"))
}

/// Parses a value that nests deep.
fn deep(text: &[u8]) -> Result<Json, serde_json::Error> {
    let mut rest = Rest { text, depth: 0 };
    let value = rest.value()?;
    match rest.peek() {
        None => Ok(value),
        Some(_) => Err(serde_json::Error::custom("trailing characters")),
    }
}

/// What is not read yet, inside so many brackets.
struct Rest<'t> {
    text: &'t [u8],
    depth: usize,
}

impl Rest<'_> {
    fn value(&mut self) -> Result<Json, serde_json::Error> {
        match self.peek() {
            Some(b'[') => self.nested(Self::array),
            Some(b'{') => self.nested(Self::object),
            Some(b'"') => self.string().map(Json::String),
            _ => {
                let end = self.text.iter().position(|b| b"[]{},: \t\r\n".contains(b));
                let (word, rest) = self.text.split_at(end.unwrap_or(self.text.len()));
                self.text = rest;
                serde_json::from_slice(word)
            }
        }
    }

    fn nested(
        &mut self,
        inside: fn(&mut Self) -> Result<Json, serde_json::Error>,
    ) -> Result<Json, serde_json::Error> {
        if self.depth == DEPTH_MAX {
            return Err(serde_json::Error::custom("nested too deep"));
        }
        self.depth += 1;
        self.text = &self.text[1..];
        let value = inside(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Result<Json, serde_json::Error> {
        let mut array = Vec::new();
        if self.take(b']') {
            return Ok(Json::Array(array));
        }
        loop {
            array.push(self.value()?);
            match self.take(b',') {
                true => {}
                false => return self.expect(b']').map(|()| Json::Array(array)),
            }
        }
    }

    fn object(&mut self) -> Result<Json, serde_json::Error> {
        let mut object = Map::new();
        if self.take(b'}') {
            return Ok(Json::Object(object));
        }
        loop {
            let key = match self.peek() {
                Some(b'"') => self.string()?,
                _ => return Err(serde_json::Error::custom("key must be a string")),
            };
            if object.contains_key(&key) {
                return Err(twice(&key));
            }
            self.expect(b':')?;
            let value = self.value()?;
            object.insert(key, value);
            match self.take(b',') {
                true => {}
                false => return self.expect(b'}').map(|()| Json::Object(object)),
            }
        }
    }

    fn string(&mut self) -> Result<String, serde_json::Error> {
        let mut escaped = false;
        let end = self.text.iter().skip(1).position(|&b| {
            let ends = b == b'"' && !escaped;
            escaped = b == b'\\' && !escaped;
            ends
        });
        let end = end.map_or(self.text.len(), |end| end + 2);
        let (string, rest) = self.text.split_at(end);
        self.text = rest;
        serde_json::from_slice(string)
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        let spaces = self.text.iter().take_while(|b| b" \t\r\n".contains(b));
        self.text = &self.text[spaces.count()..];
        self.text.first().copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.text = &self.text[1..];
        }
        is_next
    }

    fn expect(&mut self, byte: u8) -> Result<(), serde_json::Error> {
        match self.take(byte) {
            true => Ok(()),
            false => Err(serde_json::Error::custom(format_args!(
                "expected `{}`",
                char::from(byte)
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_bounded_and_not_by_the_stack() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(parse(&nested(DEPTH_MAX)).is_ok());
        let error = parse(&nested(1_000_000)).expect_err("too deep");
        assert!(error.to_string().contains("nested too deep"), "{error}");
    }

    #[test]
    fn both_readers_read_the_same() {
        let whole = [
            r#"{"a": [1, -2.5e3, "x\"]}\\", null, true], "b c": {}, "": [ ]}"#,
            " [ 18446744073709551615 , \"\\u00e9\" ] ",
            "7",
        ];
        for text in whole {
            assert_eq!(
                deep(text.as_bytes()).expect(text),
                parse(text.as_bytes()).expect(text)
            );
        }
        let broken = [
            "",
            "[1,]",
            "[1 2]",
            "{\"a\" 1}",
            "{1: 2}",
            "{\"a\": 1, \"a\": 2}",
            "1 2",
            "\"a",
            "[",
            "nul",
            "{\"a\": 1,}",
        ];
        for text in broken {
            assert!(deep(text.as_bytes()).is_err(), "{text}");
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
