//! Records of an append-only file: each a header (length of the body and its check, checksum of the body)
//! and a body. A crash tears at most the last one, which can be told from damage elsewhere.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Length, its check, checksum.
pub const HEADER_BYTES: usize = 20;

/// A record that is not decoded yet.
pub enum Body<'b> {
    Whole(&'b [u8]),
    End,
    /// The last record, which a crash kept from being written whole.
    Torn,
    Damaged,
}

pub enum Next<T> {
    Record(T),
    End,
    /// The last record, which a crash kept from being written whole.
    Torn,
    Damaged,
}

/// Takes the next record off what is left of a file.
pub fn next_record<T: DeserializeOwned>(rest: &mut &[u8]) -> Next<T> {
    match next_body(rest) {
        Body::Whole(body) => postcard::from_bytes(body).map_or(Next::Damaged, Next::Record),
        Body::End => Next::End,
        Body::Torn => Next::Torn,
        Body::Damaged => Next::Damaged,
    }
}

/// Takes the next record off what is left of a file, as bytes.
pub fn next_body<'b>(rest: &mut &'b [u8]) -> Body<'b> {
    if rest.is_empty() {
        return Body::End;
    }
    let Some((length, sum)) = parse_header(rest) else {
        // After a crash a file may have its new length but zeros for what was not written.
        let written = rest
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |i| i + 1);
        return if written < HEADER_BYTES {
            Body::Torn
        } else {
            Body::Damaged
        };
    };
    let after = &rest[HEADER_BYTES..];
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let Some((body, after)) = after.split_at_checked(length) else {
        return Body::Torn;
    };
    if checksum(body) != sum {
        return if after.is_empty() {
            Body::Torn
        } else {
            Body::Damaged
        };
    }
    *rest = after;
    Body::Whole(body)
}

pub fn encode(record: &impl Serialize) -> Vec<u8> {
    let body = postcard::to_stdvec(record).expect("rows have no shape that postcard lacks");
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend(header(body.len() as u64, checksum(&body)));
    bytes.extend(body);
    bytes
}

/// Writes the header of a record into the room that was left for it before the body.
pub fn put_header(record: &mut [u8]) {
    let (room, body) = record.split_at_mut(HEADER_BYTES);
    room.copy_from_slice(&header(body.len() as u64, checksum(body)));
}

fn header(length: u64, sum: u64) -> [u8; HEADER_BYTES] {
    let length = length.to_le_bytes();
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&length);
    bytes[8..12].copy_from_slice(&(checksum(&length) as u32).to_le_bytes());
    bytes[12..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Length and checksum of a body; none if the length is not the one that was written.
fn parse_header(bytes: &[u8]) -> Option<(u64, u64)> {
    let length = bytes.get(..8)?;
    let check = u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?);
    let sum = u64::from_le_bytes(bytes.get(12..HEADER_BYTES)?.try_into().ok()?);
    let is_whole = checksum(length) as u32 == check;
    is_whole.then_some((u64::from_le_bytes(length.try_into().ok()?), sum))
}

/// FNV-1a, 64 bits: tells a torn or damaged record from a whole one.
fn checksum(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_may_be_longer_than_four_gibibytes() {
        let length = (1 << 32) + 5;
        assert_eq!(parse_header(&header(length, 7)), Some((length, 7)));
    }
}
