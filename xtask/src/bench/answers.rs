//! What a run answered, to be compared with what others did: sets of rows of numbers, by name.

use std::fs;
use std::path::Path;

/// Columns of the widest output.
const COLUMNS_MAX: usize = 3;

type Row = [u64; COLUMNS_MAX];

/// The outputs of a work: names, and how many columns each has.
pub type Outputs = &'static [(&'static str, usize)];

/// Each output's rows, sorted. Columns that are not there are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    outputs: Outputs,
    rows: Vec<Vec<Row>>,
}

impl Answers {
    /// From the files `NAME.csv` of a folder, with a header or without, with commas or tabs.
    pub fn read(folder: &Path, outputs: Outputs) -> Result<Answers, String> {
        let read = |&(name, width): &(&str, usize)| {
            let path = folder.join(format!("{name}.csv"));
            let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let mut rows = parse(&bytes, width).map_err(|e| format!("{}: {e}", path.display()))?;
            rows.sort_unstable();
            match rows.windows(2).find(|pair| pair[0] == pair[1]) {
                Some(pair) => Err(format!("{}: {:?} twice", path.display(), pair[0])),
                None => Ok(rows),
            }
        };
        Ok(Answers {
            outputs,
            rows: outputs.iter().map(read).collect::<Result<_, String>>()?,
        })
    }

    /// Of works that go tick by tick: only those to questions with a number below this.
    pub fn keep_below(&mut self, question: u64) {
        for rows in &mut self.rows {
            rows.retain(|row| row[0] < question);
        }
    }

    pub fn count(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// Where they differ from what they should be.
    pub fn compare(&self, right: &Answers) -> Result<(), String> {
        for ((name, width), (own, right)) in
            self.outputs.iter().zip(self.rows.iter().zip(&right.rows))
        {
            let at = own.iter().zip(right).position(|(own, right)| own != right);
            let at = at.unwrap_or(own.len().min(right.len()));
            let shown = |rows: &[Row]| match rows.get(at) {
                Some(row) => format!("{:?}", &row[..*width]),
                None => "no more".to_owned(),
            };
            if own != right {
                let (own_count, right_count) = (own.len(), right.len());
                return Err(format!(
                    "`{name}` has {own_count} rows and should have {right_count}; row {at} is {} and should be {}",
                    shown(own),
                    shown(right)
                ));
            }
        }
        Ok(())
    }
}

fn parse(bytes: &[u8], width: usize) -> Result<Vec<Row>, String> {
    let is_header = bytes.first().is_some_and(u8::is_ascii_alphabetic);
    let start = match is_header {
        true => bytes
            .iter()
            .position(|b| *b == b'\n')
            .map_or(0, |at| at + 1),
        false => 0,
    };
    let mut rows = Vec::new();
    let (mut row, mut place, mut number) = ([0; COLUMNS_MAX], 0, 0_u64);
    for &byte in &bytes[start..] {
        match byte {
            b'0'..=b'9' => number = number * 10 + u64::from(byte - b'0'),
            b',' | b'\t' | b'\n' if place < width => {
                row[place] = number;
                (place, number) = (place + 1, 0);
                if byte == b'\n' {
                    if place != width {
                        return Err(format!("row {} has {place} columns", rows.len()));
                    }
                    rows.push(row);
                    place = 0;
                }
            }
            _ => return Err(format!("row {} is not {width} numbers", rows.len())),
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_and_without_header() {
        let right = vec![[1, 2, 0], [30, 4, 0]];
        assert_eq!(parse(b"x,y\n1,2\n30,4\n", 2), Ok(right.clone()));
        assert_eq!(parse(b"1\t2\n30\t4\n", 2), Ok(right));
        assert!(parse(b"1,2,3\n", 2).is_err());
        assert!(parse(b"1\n", 2).is_err());
        assert!(parse(b"1,-2\n", 2).is_err());
    }

    #[test]
    fn a_difference_is_told_by_its_first_row() {
        let answers = |rows: &[Row]| Answers {
            outputs: &[("path", 2)],
            rows: vec![rows.to_vec()],
        };
        let right = answers(&[[1, 2, 0], [2, 3, 0]]);
        assert_eq!(right.compare(&right), Ok(()));
        let wrong = answers(&[[1, 2, 0]]).compare(&right);
        let told = wrong.expect_err("a row is missing");
        assert!(
            told.contains("row 1 is no more and should be [2, 3]"),
            "{told}"
        );
    }
}
