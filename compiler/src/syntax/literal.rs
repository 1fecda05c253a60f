//! The values of literals, decoded from their text.
//!
//! Each function returns a value whatever the text, and reports what is wrong with it.

use crate::base::{Code, Diagnostic, FileId, FileSpan, Span, codes};

/// Collects the mistakes found inside one literal.
pub struct Decoder<'d> {
    /// Where the text of the literal starts.
    pub at: u32,
    pub diagnostics: &'d mut Vec<Diagnostic>,
}

impl Decoder<'_> {
    fn report(&mut self, code: Code, start: usize, len: usize, message: String, help: &str) {
        let offset = |n: usize| self.at + u32::try_from(n).unwrap_or(u32::MAX);
        let span = Span::new(offset(start), offset(start + len));
        let place = FileSpan::new(FileId::default(), span);
        self.diagnostics
            .push(Diagnostic::new(code, place, message, "here").with_help(help));
    }

    /// `42`, `1_000`, `0xff`
    pub fn int(&mut self, text: &str) -> i64 {
        let digits = text.replace('_', "");
        let value = match digits.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(hex, 16),
            None => digits.parse(),
        };
        value.unwrap_or_else(|_| {
            let message = format!("`{text}` does not fit an Int");
            let help = "an Int lies between -2^63 and 2^63-1";
            self.report(codes::E0108, 0, text.len(), message, help);
            0
        })
    }

    /// `3.14`, `1e9`
    pub fn float(&mut self, text: &str) -> f64 {
        text.replace('_', "").parse().unwrap_or(0.0)
    }

    /// `200ms`, in nanoseconds.
    pub fn duration(&mut self, text: &str) -> i64 {
        let digits_len = text
            .find(|c: char| !c.is_ascii_digit() && c != '_')
            .unwrap_or(text.len());
        let (digits, unit) = text.split_at(digits_len);
        let nanos = DURATION_UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map_or(1, |(_, nanos)| *nanos);
        let count = digits.replace('_', "").parse::<i64>().ok();
        count
            .and_then(|count| count.checked_mul(nanos))
            .unwrap_or_else(|| {
                let message = format!("`{text}` does not fit a Duration");
                let help = "a Duration is at most about 292 years";
                self.report(codes::E0108, 0, text.len(), message, help);
                0
            })
    }

    /// A whole string token, raw or not, without interpolation.
    pub fn string(&mut self, text: &str) -> String {
        match text.strip_prefix('r') {
            Some(raw) => {
                let raw = raw.trim_matches('#');
                raw[1..raw.len() - 1].to_owned()
            }
            None => self.string_part(text),
        }
    }

    /// A stretch of string text between its two ends, each one byte long.
    pub fn string_part(&mut self, text: &str) -> String {
        let mut out = String::new();
        let end = text.len() - 1;
        let mut at = 1;
        while at < end {
            let rest = &text[at..end];
            let step = match rest.as_bytes() {
                [b'{', b'{', ..] => {
                    out.push('{');
                    2
                }
                [b'}', b'}', ..] => {
                    out.push('}');
                    2
                }
                [b'}', ..] => {
                    let message = "a `}` in a string that closes nothing".to_owned();
                    self.report(codes::E0107, at, 1, message, "write `}}` for a brace");
                    1
                }
                [b'\\', ..] => self.escape(rest, at, &mut out),
                _ => {
                    let plain = rest.find(['{', '}', '\\']).unwrap_or(rest.len());
                    out.push_str(&rest[..plain.max(1)]);
                    plain.max(1)
                }
            };
            at += step;
        }
        out
    }

    /// `b"…"`
    pub fn bytes(&mut self, text: &str) -> Vec<u8> {
        let end = text.len() - 1;
        let mut out = Vec::new();
        let mut at = 2;
        while at < end {
            let rest = &text[at..end];
            at += match rest.as_bytes() {
                [b'\\', b'x', high, low, ..] if hex_pair(*high, *low).is_some() => {
                    out.extend(hex_pair(*high, *low));
                    4
                }
                [b'\\', ..] => {
                    let mut decoded = String::new();
                    let step = self.escape(rest, at, &mut decoded);
                    out.extend(decoded.bytes());
                    step
                }
                [byte, ..] => {
                    out.push(*byte);
                    1
                }
                [] => 1,
            };
            // Bytes of one character are pushed one by one, so step over them as well.
            while at < end && !text.is_char_boundary(at) {
                out.push(text.as_bytes()[at]);
                at += 1;
            }
        }
        out
    }

    /// The escape at the start of `rest`, which stands at `at`; returns its length.
    fn escape(&mut self, rest: &str, at: usize, out: &mut String) -> usize {
        let simple = match rest.as_bytes().get(1) {
            Some(b'n') => Some('\n'),
            Some(b'r') => Some('\r'),
            Some(b't') => Some('\t'),
            Some(b'0') => Some('\0'),
            Some(b'\\') => Some('\\'),
            Some(b'"') => Some('"'),
            Some(b'\'') => Some('\''),
            _ => None,
        };
        if let Some(c) = simple {
            out.push(c);
            return 2;
        }
        if let Some((c, len)) = unicode_escape(rest) {
            out.push(c);
            return len;
        }
        let len = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
        let message = format!("`{}` is no escape", &rest[..len]);
        let help = "the escapes are `\\n \\r \\t \\0 \\\\ \\\" \\u{1F338}`, and `\\x7F` in bytes";
        self.report(codes::E0107, at, len, message, help);
        len
    }
}

/// The units of durations and how many nanoseconds each is, greatest first.
pub const DURATION_UNITS: [(&str, i64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// The character that `\u{…}` at the start of `rest` means, and the length of the escape.
fn unicode_escape(rest: &str) -> Option<(char, usize)> {
    let digits = rest.strip_prefix("\\u{")?;
    let close = digits.find('}').filter(|len| (1..=6).contains(len))?;
    let c = char::from_u32(u32::from_str_radix(&digits[..close], 16).ok()?)?;
    Some((c, close + 4))
}
