//! Hashes whose results are part of the language: the same on every machine, for ever.
//!
//! FNV-1a (Fowler, Noll, Vo), 64 bits, over a prefix-free encoding: each value is its shape, then
//! its contents in little endian, sequences after their lengths.

use crate::value::{Value, canonical_float};

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

pub(super) fn fnv1a(bytes: &[u8]) -> i64 {
    let mut hash = OFFSET_BASIS;
    absorb(&mut hash, bytes);
    hash.cast_signed()
}

pub(super) fn stable(value: &Value) -> i64 {
    let mut hash = OFFSET_BASIS;
    absorb_value(&mut hash, value);
    hash.cast_signed()
}

fn absorb(hash: &mut u64, bytes: &[u8]) {
    for &byte in bytes {
        *hash = (*hash ^ u64::from(byte)).wrapping_mul(PRIME);
    }
}

fn absorb_sized(hash: &mut u64, shape: u8, bytes: &[u8]) {
    absorb(hash, &[shape]);
    absorb(hash, &(bytes.len() as u64).to_le_bytes());
    absorb(hash, bytes);
}

fn absorb_word(hash: &mut u64, shape: u8, word: u64) {
    absorb(hash, &[shape]);
    absorb(hash, &word.to_le_bytes());
}

fn absorb_value(hash: &mut u64, value: &Value) {
    match value {
        Value::Bottom => absorb(hash, &[0]),
        Value::Bool(b) => absorb_word(hash, 1, u64::from(*b)),
        Value::Int(n) => absorb_word(hash, 2, n.cast_unsigned()),
        Value::Float(x) => absorb_word(hash, 3, canonical_float(*x).to_bits()),
        Value::String(text) => absorb_sized(hash, 4, text.as_bytes()),
        Value::Bytes(bytes) => absorb_sized(hash, 5, bytes),
        Value::Addr(text) => absorb_sized(hash, 6, text.as_bytes()),
        Value::Time(n) => absorb_word(hash, 7, n.cast_unsigned()),
        Value::Duration(n) => absorb_word(hash, 8, n.cast_unsigned()),
        Value::Req(n) => absorb_word(hash, 9, n.cast_unsigned()),
        Value::Tuple(values) => absorb_all(hash, 10, values),
        Value::List(values) => absorb_all(hash, 11, values),
        Value::Variant(number, values) => {
            absorb_word(hash, 12, u64::from(*number));
            absorb_all(hash, 12, values);
        }
        Value::Set(values) => absorb_all(hash, 13, values),
        Value::Bag(entries) => {
            absorb_word(hash, 14, entries.len() as u64);
            for (value, count) in entries.iter() {
                absorb_value(hash, value);
                absorb_word(hash, 14, count.cast_unsigned());
            }
        }
        Value::Map(entries) => {
            absorb_word(hash, 15, entries.len() as u64);
            for (key, value) in entries.iter() {
                absorb_value(hash, key);
                absorb_value(hash, value);
            }
        }
    }
}

fn absorb_all(hash: &mut u64, shape: u8, values: &[Value]) {
    absorb_word(hash, shape, values.len() as u64);
    for value in values {
        absorb_value(hash, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_agrees_with_its_published_vectors() {
        assert_eq!(fnv1a(b"").cast_unsigned(), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a").cast_unsigned(), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar").cast_unsigned(), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn where_a_sequence_ends_matters() {
        let list = |parts: &[&str]| Value::List(parts.iter().map(Value::string).collect());
        assert_ne!(stable(&list(&["ab", "c"])), stable(&list(&["a", "bc"])));
    }
}
