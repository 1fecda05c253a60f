//! Byte strings and hashes of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{Call, Domain, Outcome, clamped, hash, place};
use crate::functions::bytes::Bytes;
use crate::plan::RowError::{self, Conversion, Missing};

pub(super) fn apply<D: Domain>(d: &mut D, entry: Bytes, call: &Call<'_, D>) -> Outcome<D> {
    let receiver = call.value(d, 0);
    match entry {
        Bytes::Len => {
            let len = d.bytes(&receiver).len();
            Ok(call.make_size(d, len))
        }
        Bytes::IsEmpty => {
            let empty = d.bytes(&receiver).is_empty();
            Ok(call.make_bool(d, empty))
        }
        Bytes::At => {
            let bytes = d.bytes(&receiver);
            let at = place(call.int(d, 1), bytes.len()).ok_or(Missing)?;
            let byte = i64::from(bytes[at]);
            Ok(call.make_int(d, byte))
        }
        Bytes::Slice => {
            let bytes = d.bytes(&receiver);
            let range = clamped(call.int(d, 1), call.int(d, 2), bytes.len());
            let part = bytes[range].to_vec();
            call.make_bytes(d, &part)
        }
        Bytes::Concat => {
            let second = call.value(d, 1);
            let both = [d.bytes(&receiver), d.bytes(&second)].concat();
            call.make_bytes(d, &both)
        }
        Bytes::ToList => {
            let numbers: Vec<i64> = d.bytes(&receiver).iter().map(|&b| i64::from(b)).collect();
            let ty = super::element(d.types(), call.result);
            let numbers = numbers.iter().map(|&n| d.make_int(ty, n)).collect();
            call.make_list(d, numbers)
        }
        Bytes::FromList => {
            let numbers = d.parts(&receiver).into_iter();
            let bytes: Result<Vec<u8>, _> = numbers.map(|n| u8::try_from(d.int(&n))).collect();
            call.make_bytes(d, &bytes.map_err(|_| Conversion)?)
        }
        Bytes::Encode => {
            let bytes = d.text(&receiver).as_bytes().to_vec();
            call.make_bytes(d, &bytes)
        }
        Bytes::Decode => {
            let text = std::str::from_utf8(d.bytes(&receiver)).map_err(|_| Conversion)?;
            let text = text.to_owned();
            call.make_text(d, &text)
        }
        Bytes::DecodeLossy => {
            let text = String::from_utf8_lossy(d.bytes(&receiver)).into_owned();
            call.make_text(d, &text)
        }
        Bytes::ToHex => {
            let text = hex(d.bytes(&receiver));
            call.make_text(d, &text)
        }
        Bytes::FromHex => {
            let bytes = from_hex(d.text(&receiver))?;
            call.make_bytes(d, &bytes)
        }
        Bytes::ToBase64 => {
            let text = STANDARD.encode(d.bytes(&receiver));
            call.make_text(d, &text)
        }
        Bytes::FromBase64 => {
            let bytes = STANDARD.decode(d.text(&receiver)).map_err(|_| Conversion)?;
            call.make_bytes(d, &bytes)
        }
        Bytes::Sha256 => {
            let digest = Sha256::digest(d.bytes(&receiver));
            call.make_bytes(d, &digest)
        }
        Bytes::Fnv1a => {
            let hash = hash::fnv1a(d.bytes(&receiver));
            Ok(call.make_int(d, hash))
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).expect("a nibble is a hex digit");
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>, RowError> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits
        .filter(|digits| digits.len() % 2 == 0)
        .ok_or(Conversion)?;
    let byte = |pair: &[u32]| u8::try_from(pair[0] << 4 | pair[1]).expect("two nibbles are a byte");
    Ok(digits.chunks(2).map(byte).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&hex(&bytes)), Ok(bytes));
        assert_eq!(from_hex("abc"), Err(Conversion));
        assert_eq!(from_hex("zz"), Err(Conversion));
        assert_eq!(from_hex("FF"), Ok(vec![255]));
    }
}
