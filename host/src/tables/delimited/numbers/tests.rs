//! Plain lines, and files read in pieces against the same read in one.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use bloom_stdx::random::Random;

use super::{Lines, read_line};
use crate::crew::Threads;

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

/// A file of the temporary folder, gone when the test ends.
struct TextFile(PathBuf);

impl TextFile {
    fn new(name: &str) -> TextFile {
        let name = format!("bloom-numbers-{}-{name}", std::process::id());
        TextFile(std::env::temp_dir().join(name))
    }

    fn write(&self, text: &[u8]) -> &Path {
        std::fs::write(&self.0, text).expect("the temporary folder takes files");
        &self.0
    }
}

impl Drop for TextFile {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

const HEADER: &[u8] = b"left,right";

fn lines(path: &Path, width: usize) -> Lines<'_> {
    Lines {
        path,
        separator: b',',
        header: Some(HEADER),
        width,
    }
}

/// The rows of a file as one thread reads them, and as several do in pieces of so many bytes.
fn in_blocks_and_pieces(
    path: &Path,
    width: usize,
    piece_bytes: u64,
    threads: usize,
) -> [Option<Vec<i64>>; 2] {
    let metadata = std::fs::metadata(path).expect("it is there");
    let size = metadata.len();
    let crew = Threads::new(NonZeroUsize::new(threads).expect("above 0"));
    let file = std::fs::File::open(path).expect("it is there");
    let [mut in_blocks, mut in_pieces] = [Vec::new(), Vec::new()];
    let blocks = lines(path, width).read_blocks(file, size, &mut |rows, _| {
        in_blocks.extend_from_slice(rows);
    });
    let pieces = lines(path, width).read_pieces(&crew, &metadata, piece_bytes, &mut |rows, _| {
        in_pieces.extend_from_slice(rows);
    });
    [(blocks, in_blocks), (pieces, in_pieces)].map(|(count, rows)| {
        let count = count.expect("it is read")?;
        assert_eq!(count as usize * width, rows.len());
        Some(rows)
    })
}

/// Lines of numbers; the text of one place may be anything.
fn random_text(random: &mut Random, width: usize) -> Vec<u8> {
    let mut text = Vec::new();
    if random.chance(1, 4) {
        text.extend_from_slice(HEADER);
        text.extend_from_slice(if random.chance(1, 2) { b"\n" } else { b"\r\n" });
    }
    for _ in 0..random.next() % 30 {
        let cells = (0..width).map(|_| {
            let digits = random.next() % 19;
            let number = (random.next() % 10_u64.pow(digits as u32)) as i64;
            if random.chance(1, 3) { -number } else { number }.to_string()
        });
        text.extend(cells.collect::<Vec<_>>().join(",").bytes());
        text.extend_from_slice(if random.chance(1, 5) { b"\r\n" } else { b"\n" });
    }
    if random.chance(1, 3) {
        text.pop();
    }
    const OTHERS: [&[u8]; 8] = [b"\n", b"\r", b",", b"x", b"\"", b"\xef\xbb\xbf", b"-", b" "];
    if random.chance(1, 3) {
        let place = random.next() as usize % (text.len() + 1);
        let other = OTHERS[random.next() as usize % OTHERS.len()];
        text.splice(place..place, other.iter().copied());
    }
    text
}

#[test]
fn a_file_in_pieces_has_the_rows_of_the_whole_file() {
    let file = TextFile::new("pieces");
    let mut random = Random::new(11);
    let (mut plain, mut other) = (0, 0);
    for _ in 0..600 {
        let width = 1 + random.next() as usize % 3;
        let text = random_text(&mut random, width);
        if !text.is_empty() && !text.contains(&b'\n') {
            // One line without its end is left to the other reader by blocks.
            continue;
        }
        let path = file.write(&text);
        for piece_bytes in [1, 7, 64, 300] {
            for threads in [1, 3] {
                let [blocks, pieces] = in_blocks_and_pieces(path, width, piece_bytes, threads);
                let text = String::from_utf8_lossy(&text);
                assert_eq!(blocks, pieces, "{text:?} in pieces of {piece_bytes}");
                *(if blocks.is_some() {
                    &mut plain
                } else {
                    &mut other
                }) += 1;
            }
        }
    }
    assert!(plain > 1000 && other > 500, "{plain} plain, {other} not");
}

#[test]
fn a_large_file_is_read_by_all_threads_and_refused_for_any_cell_that_is_not_plain() {
    let file = TextFile::new("large");
    let rows = (0..200_000_i64).map(|n| [n * 7919 % 100_003, -n]);
    let mut text: Vec<u8> = rows
        .clone()
        .flat_map(|[a, b]| format!("{a},{b}\n").into_bytes())
        .collect();
    let crew = Threads::new(NonZeroUsize::new(3).expect("above 0"));
    let mut read = Vec::new();
    let path = file.write(&text).to_owned();
    let count = lines(&path, 2).read(&crew, &mut |rows, expected| {
        assert!(expected > 150_000, "{expected}");
        read.extend_from_slice(rows);
    });
    assert_eq!(count.expect("it is read"), Some(200_000));
    assert!(read.into_iter().eq(rows.flatten()));
    for place in [0, text.len() / 2, text.len() - 2] {
        let before = std::mem::replace(&mut text[place], b'x');
        file.write(&text);
        let count = lines(&path, 2).read(&crew, &mut |_, _| ());
        assert_eq!(count.expect("it is read"), None, "{place}");
        text[place] = before;
    }
}
