//! Files of nothing but plain numbers, in one pass over their bytes.
//!
//! That is what the columns of many large files are: a sign, a few digits, one separator, an end of line. As
//! soon as anything else turns up (a quote, a space, a number of many digits, a line of another width, an
//! empty line), what was taken in is given back, and the file is read again by the reader that knows all of
//! it, which also tells what is wrong with a line.

use std::io::{self, Read};

use bloom_runtime::Feed;

/// Bytes that are read at a time; lines are shorter.
const BLOCK_BYTES: usize = 1 << 18;

/// So many digits are below 2^63.
pub(super) const DIGITS_MAX: usize = 18;

/// Feeds all lines of a file of `size` bytes; how many there were. None, and nothing is fed, if they are not
/// all plain. A first line that is `header` is none of the rows.
pub(super) fn feed(
    mut file: impl Read,
    size: u64,
    separator: u8,
    header: Option<&[u8]>,
    feed: &mut Feed<'_>,
) -> io::Result<Option<u64>> {
    let start = feed.position();
    let mut row = vec![0_i64; feed.width()];
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let (mut count, mut is_first) = (0, true);
    loop {
        let room = (BLOCK_BYTES - block.len()) as u64;
        let read = file.by_ref().take(room).read_to_end(&mut block)?;
        let is_end = read == 0 && room > 0;
        if is_end && !block.is_empty() && block.last() != Some(&b'\n') {
            block.push(b'\n');
        }
        let Some(end) = block.iter().rposition(|&byte| byte == b'\n') else {
            if block.is_empty() {
                return Ok(Some(count));
            }
            break;
        };
        let mut lines = &block[..=end];
        if std::mem::take(&mut is_first) {
            lines = header.map_or(lines, |header| without_header(lines, header));
            if let Some(length) = lines.iter().position(|&byte| byte == b'\n') {
                feed.reserve((size / (length as u64 + 1)) as usize + 1);
            }
        }
        while !lines.is_empty() {
            let Some(rest) = read_line(lines, separator, &mut row) else {
                feed.go_back(start);
                return Ok(None);
            };
            feed.numbers(&row);
            count += 1;
            lines = rest;
        }
        block.drain(..=end);
    }
    feed.go_back(start);
    Ok(None)
}

fn without_header<'l>(lines: &'l [u8], header: &[u8]) -> &'l [u8] {
    let Some(rest) = lines.strip_prefix(header) else {
        return lines;
    };
    let rest = rest.strip_prefix(b"\n").or(rest.strip_prefix(b"\r\n"));
    rest.unwrap_or(lines)
}

/// Reads the first of some lines; the others. None if it is no row of plain numbers.
fn read_line<'l>(mut text: &'l [u8], separator: u8, row: &mut [i64]) -> Option<&'l [u8]> {
    let last = row.len().checked_sub(1)?;
    for (place, cell) in row.iter_mut().enumerate() {
        let negative = text.first() == Some(&b'-');
        let digits = &text[usize::from(negative)..];
        let mut number = 0_i64;
        let mut length = 0;
        while let Some(digit) = digits.get(length).map(|byte| byte.wrapping_sub(b'0'))
            && digit < 10
        {
            if length == DIGITS_MAX {
                return None;
            }
            number = number * 10 + i64::from(digit);
            length += 1;
        }
        if length == 0 {
            return None;
        }
        *cell = if negative { -number } else { number };
        text = match (place == last, &digits[length..]) {
            (false, [byte, rest @ ..]) if *byte == separator => rest,
            (true, [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..]) => rest,
            _ => return None,
        };
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::read_line;

    fn line(text: &str, width: usize) -> Option<(Vec<i64>, &[u8])> {
        let mut row = vec![0; width];
        let rest = read_line(text.as_bytes(), b',', &mut row)?;
        Some((row, rest))
    }

    #[test]
    fn lines_of_plain_numbers_are_read_and_no_others() {
        assert_eq!(line("1,-20\n3,4\n", 2), Some((vec![1, -20], &b"3,4\n"[..])));
        assert_eq!(line("7\r\n", 1), Some((vec![7], &b""[..])));
        let nines = "9".repeat(18);
        let least = line("-999999999999999999\n", 1);
        assert_eq!(least, Some((vec![-999_999_999_999_999_999], &b""[..])));
        for other in [
            "\n",
            "1\n",
            "1,\n",
            "1,2,3\n",
            " 1,2\n",
            "1,2 \n",
            "\"1\",2\n",
            "+1,2\n",
            "1,-\n",
            "1,2.5\n",
        ] {
            assert_eq!(line(other, 2), None, "{other}");
        }
        assert_eq!(line(&format!("{nines}0\n"), 1), None);
    }
}
