//! ELF executables without what the loader does not read: section headers, symbols, debug information. What is loaded
//! stays byte for byte at its place, and this is most of the file by far that goes.

/// Offsets in the header of a 64-bit ELF file.
const CLASS: usize = 4;
const DATA: usize = 5;
const PROGRAM_HEADERS: usize = 32;
const SECTION_HEADERS: usize = 40;
const PROGRAM_HEADER_BYTES: usize = 54;
const PROGRAM_HEADER_COUNT: usize = 56;
const SECTION_HEADER_COUNT: usize = 60;
const HEADER_BYTES: usize = 64;
/// Offsets in a program header.
const FILE_OFFSET: usize = 8;
const FILE_BYTES: usize = 32;

/// The file as it is, if it is of another kind or other than expected.
pub(super) fn without_sections(mut bytes: Vec<u8>) -> Vec<u8> {
    let Some(end) = loaded_end(&bytes).filter(|end| *end <= bytes.len()) else {
        return bytes;
    };
    bytes.truncate(end);
    bytes[SECTION_HEADERS..SECTION_HEADERS + 8].fill(0);
    // Their number, and which of them has their names.
    bytes[SECTION_HEADER_COUNT..HEADER_BYTES].fill(0);
    bytes
}

/// Where the last part ends that a program header names.
fn loaded_end(bytes: &[u8]) -> Option<usize> {
    let is_known = bytes.starts_with(b"\x7fELF") && bytes.get(CLASS) == Some(&2);
    if !is_known || bytes.get(DATA) != Some(&1) {
        return None;
    }
    let (first, size) = (
        word(bytes, PROGRAM_HEADERS)?,
        half(bytes, PROGRAM_HEADER_BYTES)?,
    );
    let count = half(bytes, PROGRAM_HEADER_COUNT)?;
    let mut end = first.checked_add(count * size)?.max(HEADER_BYTES);
    for number in 0..count {
        let header = first + number * size;
        let (from, length) = (
            word(bytes, header + FILE_OFFSET)?,
            word(bytes, header + FILE_BYTES)?,
        );
        end = end.max(from.checked_add(length)?);
    }
    Some(end)
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..at.checked_add(8)?)?;
    usize::try_from(u64::from_le_bytes(word.try_into().ok()?)).ok()
}

fn half(bytes: &[u8], at: usize) -> Option<usize> {
    let half = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(half.try_into().ok()?).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_stays_and_the_rest_goes() {
        let own =
            std::fs::read(std::env::current_exe().expect("a test is run")).expect("it is there");
        let stripped = without_sections(own.clone());
        if own.starts_with(b"\x7fELF") {
            assert!(stripped.len() < own.len());
            assert_eq!(stripped[HEADER_BYTES..], own[HEADER_BYTES..stripped.len()]);
        }
        assert_eq!(without_sections(stripped.clone()), stripped);
    }

    #[test]
    fn other_files_stay_as_they_are() {
        for bytes in [&b""[..], b"\x7fELF", b"MZ and more", &[0x7f; 200]] {
            assert_eq!(without_sections(bytes.to_vec()), bytes);
        }
        let mut wrong = vec![0xff; 200];
        wrong[..6].copy_from_slice(b"\x7fELF\x02\x01");
        assert_eq!(without_sections(wrong.clone()), wrong);
    }
}
