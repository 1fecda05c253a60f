//! Files of nothing but plain numbers, in one pass over their bytes.
//!
//! That is what the columns of many large files are: a sign, a few digits, one separator, an end of line. As
//! soon as anything else turns up (a quote, a space, a number of many digits, a line of another width, an
//! empty line), what was taken is to be given back, and the file is read again by the reader that knows all of
//! it, which also tells what is wrong with a line.
//!
//! Of a large file each thread reads pieces by itself: to a piece belong the lines that begin in it.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use bloom_runtime::Crew;

use crate::tables::turns;

/// Bytes that are read at a time; lines are shorter.
const BLOCK_BYTES: usize = 1 << 18;
/// Fewer bytes are not worth a second thread.
const SHARED_BYTES_MIN: u64 = 1 << 20;
/// No cell is longer, with its sign and what ends it.
const CELL_BYTES_MAX: usize = DIGITS_MAX + 3;

/// So many digits are below 2^63.
pub(super) const DIGITS_MAX: usize = 18;

/// What a file is to be.
#[derive(Clone, Copy)]
pub(super) struct Lines<'l> {
    pub(super) path: &'l Path,
    pub(super) separator: u8,
    /// A first line like this is none of the rows.
    pub(super) header: Option<&'l [u8]>,
    /// Columns; at least one.
    pub(super) width: usize,
}

/// Takes rows, and how many there are likely to be in all.
pub(super) type TakeRows<'t> = dyn FnMut(&[i64], usize) + Send + 't;

/// Why a piece of a file was not read.
enum Trouble {
    /// There is more in it than plain numbers, or it changes.
    Other,
    Io(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Io(error)
    }
}

impl Lines<'_> {
    /// Gives all rows to `take`, in order; how many there were. None if not all lines are plain: what was taken
    /// until then is no result.
    pub(super) fn read(self, crew: &dyn Crew, take: &mut TakeRows<'_>) -> io::Result<Option<u64>> {
        let file = File::open(self.path)?;
        let metadata = file.metadata()?;
        let size = metadata.len();
        if crew.size() > 1 && metadata.is_file() && size >= SHARED_BYTES_MIN {
            return self.read_pieces(crew, &metadata, BLOCK_BYTES as u64, take);
        }
        self.read_blocks(file, size, take)
    }

    /// One block of a file of about `size` bytes after the other.
    fn read_blocks(
        self,
        mut file: impl Read,
        size: u64,
        take: &mut TakeRows<'_>,
    ) -> io::Result<Option<u64>> {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        let mut rows = Vec::new();
        let (mut count, mut is_first) = (0, true);
        loop {
            let room = (BLOCK_BYTES - block.len()) as u64;
            let read = file.by_ref().take(room).read_to_end(&mut block)?;
            let is_end = read == 0 && room > 0;
            if is_end && !block.is_empty() && block.last() != Some(&b'\n') {
                block.push(b'\n');
            }
            let Some(end) = block.iter().rposition(|&byte| byte == b'\n') else {
                return Ok(block.is_empty().then_some(count));
            };
            let mut lines = &block[..=end];
            if std::mem::take(&mut is_first) {
                lines = self.without_header(lines);
            }
            if self.read_lines(lines, &mut rows).is_none() {
                return Ok(None);
            }
            self.give(&rows, lines.len(), size, &mut count, take);
            block.drain(..=end);
        }
    }

    /// Pieces of a file, side by side.
    fn read_pieces(
        self,
        crew: &dyn Crew,
        file: &Metadata,
        piece_bytes: u64,
        take: &mut TakeRows<'_>,
    ) -> io::Result<Option<u64>> {
        let size = file.len();
        let pieces = usize::try_from(size.div_ceil(piece_bytes)).map_err(io::Error::other)?;
        let make = |number: usize, piece: &mut Piece| {
            piece.rows.clear();
            let start = number as u64 * piece_bytes;
            let lines = piece.read(self, file, start..start + piece_bytes)?;
            piece.length = lines.len();
            let lines = &piece.text[lines];
            let lines = match number {
                0 => self.without_header(lines),
                _ => lines,
            };
            self.read_lines(lines, &mut piece.rows)
                .ok_or(Trouble::Other)
        };
        let mut count = 0;
        let outcome = turns::in_turn(crew, pieces, &make, &mut |piece: &mut Piece| {
            self.give(&piece.rows, piece.length, size, &mut count, take);
            Ok(())
        });
        match outcome {
            Ok(()) => Ok(Some(count)),
            Err(Trouble::Other) => Ok(None),
            Err(Trouble::Io(error)) => Err(error),
        }
    }

    /// Gives rows away that are the lines of so many bytes.
    fn give(self, rows: &[i64], bytes: usize, size: u64, count: &mut u64, take: &mut TakeRows<'_>) {
        const SPARE_SHARE: u64 = 8;
        if rows.is_empty() {
            return;
        }
        let found = (rows.len() / self.width) as u64;
        let expected = found.saturating_mul(size) / bytes.max(1) as u64;
        // Lines may become shorter.
        let expected = expected + expected / SPARE_SHARE;
        take(rows, usize::try_from(expected).unwrap_or(rows.len()));
        *count += found;
    }

    fn without_header(self, lines: &[u8]) -> &[u8] {
        self.header
            .map_or(lines, |header| without_header(lines, header))
    }

    /// Reads lines; none if they are not rows of plain numbers.
    fn read_lines(self, mut lines: &[u8], rows: &mut Vec<i64>) -> Option<()> {
        rows.clear();
        while !lines.is_empty() {
            let start = rows.len();
            rows.resize(start + self.width, 0);
            lines = read_line(lines, self.separator, &mut rows[start..])?;
        }
        Some(())
    }
}

/// What a thread reads a piece of a file with.
#[derive(Default)]
struct Piece {
    file: Option<File>,
    text: Vec<u8>,
    /// Bytes of its lines.
    length: usize,
    rows: Vec<i64>,
}

impl Piece {
    /// Reads the lines of a file, which was like this, that begin in a range; where in the text they stand.
    fn read(
        &mut self,
        lines: Lines<'_>,
        whole: &Metadata,
        range: Range<u64>,
    ) -> Result<Range<usize>, Trouble> {
        let size = whole.len();
        // With the byte before, which may end a line, and the rest of the last line.
        let from = range.start.saturating_sub(1);
        let line_max = (lines.width * CELL_BYTES_MAX) as u64;
        let to = range.end.saturating_add(line_max);
        let length = size.min(to) - from;
        // A byte too many shows that a file has grown.
        let asked = if to >= size { length + 1 } else { length };
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open_same(lines.path, whole)?),
        };
        file.seek(SeekFrom::Start(from))?;
        self.text.clear();
        let read = file.take(asked).read_to_end(&mut self.text)?;
        if read as u64 != length {
            return Err(Trouble::Other);
        }
        let is_end = to >= size;
        if is_end && self.text.last() != Some(&b'\n') {
            self.text.push(b'\n');
        }
        // The first line that begins at a place or after it; at the end there is none.
        let line_at = |place: u64| {
            let Some(before) = place.checked_sub(from + 1) else {
                return Ok(0);
            };
            let before = usize::try_from(before).unwrap_or(usize::MAX);
            let rest = self.text.get(before..).unwrap_or_default();
            match rest.iter().position(|&byte| byte == b'\n') {
                Some(length) => Ok(before + length + 1),
                None if is_end => Ok(self.text.len()),
                None => Err(Trouble::Other),
            }
        };
        Ok(line_at(range.start)?..line_at(range.end)?)
    }
}

/// Opens a file that was like this when it was opened first, and may be another by now.
fn open_same(path: &Path, whole: &Metadata) -> Result<File, Trouble> {
    let file = File::open(path)?;
    let there = file.metadata()?;
    match there.len() == whole.len() && there.modified().ok() == whole.modified().ok() {
        true => Ok(file),
        false => Err(Trouble::Other),
    }
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
mod tests;
