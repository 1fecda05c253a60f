//! Lines of numbers.
//!
//! Rows come in order, so that most begin as the one before: what they have in common is copied.

use bloom_runtime::cells::Part;

/// Lines are put together here, in the processor's nearest cache.
const BLOCK_BYTES: usize = 1 << 12;
/// A sign, the digits of 2^63, a separator.
const CELL_BYTES_MAX: usize = 21;
/// What is not longer is copied at once, with what happens to stand behind it.
const HEAD_BYTES: usize = 16;

/// Adds a line for each row of so many numbers, at least one.
pub(super) fn write_lines(text: &mut Vec<u8>, part: &Part<'_>, width: usize, between: u8) {
    let line_max = width * CELL_BYTES_MAX + HEAD_BYTES;
    let mut block = vec![0; BLOCK_BYTES.max(line_max)];
    let mut end = 0;
    let mut words = vec![0; width];
    let mut head = Head::default();
    for place in 0..part.len() {
        if end + line_max > block.len() {
            text.extend_from_slice(&block[..end]);
            end = 0;
        }
        part.read(place, &mut words);
        let Some((&last, leading)) = words.split_last() else {
            return;
        };
        end = match head.is_of(leading) {
            true => head.copy(&mut block, end),
            false => head.write(&mut block, end, leading, between),
        };
        end = write_number(&mut block, end, last as i64);
        block[end] = b'\n';
        end += 1;
    }
    text.extend_from_slice(&block[..end]);
}

/// All but the last number of a line.
#[derive(Default)]
struct Head {
    words: Vec<u64>,
    /// Its text, and zeros up to [`HEAD_BYTES`].
    text: Vec<u8>,
    /// Where the text ends.
    length: usize,
}

impl Head {
    /// Whether it is the text of these numbers. They are few, so that it takes longer to call what compares memory.
    #[inline]
    fn is_of(&self, words: &[u64]) -> bool {
        self.words.len() == words.len() && self.words.iter().zip(words).all(|(a, b)| a == b)
    }

    fn write(&mut self, block: &mut [u8], start: usize, words: &[u64], between: u8) -> usize {
        let mut end = start;
        for &word in words {
            end = write_number(block, end, word as i64);
            block[end] = between;
            end += 1;
        }
        self.words.clear();
        self.words.extend_from_slice(words);
        self.text.clear();
        self.text.extend_from_slice(&block[start..end]);
        self.length = self.text.len();
        self.text.resize(self.length.max(HEAD_BYTES), 0);
        end
    }

    #[inline]
    fn copy(&self, block: &mut [u8], start: usize) -> usize {
        match self.text.first_chunk::<HEAD_BYTES>() {
            Some(short) if self.length <= HEAD_BYTES => {
                block[start..start + HEAD_BYTES].copy_from_slice(short);
            }
            Some(_) | None => {
                block[start..start + self.length].copy_from_slice(&self.text[..self.length]);
            }
        }
        start + self.length
    }
}

/// Writes a number; where it ends.
#[inline]
fn write_number(block: &mut [u8], start: usize, number: i64) -> usize {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(number).as_bytes();
    let end = start + digits.len();
    block[start..end].copy_from_slice(digits);
    end
}

#[cfg(test)]
mod tests {
    use super::write_number;

    #[test]
    fn numbers_are_written_as_by_the_library() {
        let mut numbers = vec![0, i64::MIN, i64::MAX];
        let mut power = 1_i64;
        for _ in 0..19 {
            numbers.extend([power - 1, power, power + 1, power.wrapping_mul(7) / 3]);
            power = power.wrapping_mul(10);
        }
        for digits in [2, 10, 32, 33] {
            numbers.push(1 << digits);
            numbers.push((1 << digits) - 1);
        }
        for number in numbers.iter().flat_map(|&n| [n, n.wrapping_neg()]) {
            let mut block = [b'#'; 30];
            let end = write_number(&mut block, 3, number);
            assert_eq!(block[3..end], *number.to_string().as_bytes());
            assert_eq!((&block[..3], block[end]), (&b"###"[..], b'#'));
        }
    }
}
