//! Strings and addresses. Places count characters.

use super::{
    Call, Domain, Outcome, TEXT_BYTES_MAX, clamped, count, element, json, pattern, within,
};
use crate::functions::text::Text;
use crate::plan::RowError::{self, Conversion, Invalid, Missing};

pub(super) fn apply<D: Domain>(d: &mut D, entry: Text, call: &Call<'_, D>) -> Outcome<D> {
    let receiver = call.value(d, 0);
    if let Text::Join = entry {
        let parts = d.parts(&receiver);
        let separator = call.value(d, 1);
        return join(d, call, &parts, &separator);
    }
    if let Text::JoinParts = entry {
        let parts = call.parts(d, 1);
        return join(d, call, &parts, &receiver);
    }
    // What the entry has of further arguments, of whatever type they are.
    let second = call.arguments.get(1).map(|a| d.value_of(a));
    let third = call.arguments.get(2).map(|a| d.value_of(a));
    let answer = {
        let argument = |value: &Option<D::Value>| value.clone().ok_or(Invalid);
        let text = d.text(&receiver);
        match entry {
            // One string in, anything out.
            Text::Len => Answer::Int(count(text.chars().count())),
            Text::ByteLen => Answer::Int(count(text.len())),
            Text::IsEmpty => Answer::Bool(text.is_empty()),
            Text::Upper => Answer::Text(text.to_uppercase()),
            Text::Lower => Answer::Text(text.to_lowercase()),
            Text::Trim => Answer::Text(text.trim().to_owned()),
            Text::TrimStart => Answer::Text(text.trim_start().to_owned()),
            Text::TrimEnd => Answer::Text(text.trim_end().to_owned()),
            Text::Words => Answer::texts(text.split_whitespace()),
            Text::Lines => Answer::texts(text.lines()),
            Text::Chars => Answer::Texts(text.chars().map(String::from).collect()),
            Text::Reverse => Answer::Text(text.chars().rev().collect()),
            Text::CodePoint => {
                Answer::OptionalInt(text.chars().next().map(|c| i64::from(u32::from(c))))
            }
            Text::ToInt => Answer::Int(text.parse().map_err(|_| Conversion)?),
            Text::ToFloat => Answer::Float(text.parse().map_err(|_| Conversion)?),
            Text::ToBool => Answer::Bool(text.parse().map_err(|_| Conversion)?),
            Text::ToAddr => Answer::Text(text.to_owned()),
            Text::ParseInt => Answer::OptionalInt(text.parse().ok()),
            Text::ParseFloat => Answer::OptionalFloat(text.parse().ok()),
            Text::ParseBool => Answer::OptionalBool(text.parse().ok()),
            Text::AddrHost => {
                Answer::Text(text.rsplit_once(':').map_or(text, |(h, _)| h).to_owned())
            }
            Text::AddrPort => {
                let port = text.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
                Answer::OptionalInt(port.and_then(Result::ok).map(i64::from))
            }
            Text::IsJson => Answer::Bool(json::get(text, "").is_some()),

            // A number as second argument.
            Text::At => Answer::Text(at(text, d.int(&argument(&second)?))?),
            Text::Repeat => Answer::Text(repeat(text, d.int(&argument(&second)?))?),
            Text::Slice => {
                let (from, to) = (d.int(&argument(&second)?), d.int(&argument(&third)?));
                Answer::Text(slice(text, from, to))
            }
            Text::PadStart | Text::PadEnd => {
                let fill = argument(&third)?;
                let padding = padding(text, d.int(&argument(&second)?), d.text(&fill))?;
                Answer::Text(match entry {
                    Text::PadStart => padding + text,
                    _ => text.to_owned() + &padding,
                })
            }

            // A string as second argument, and perhaps as third.
            Text::Split => Answer::Texts(split(text, d.text(&argument(&second)?))),
            Text::Concat => Answer::Text(text.to_owned() + d.text(&argument(&second)?)),
            Text::Contains => Answer::Bool(text.contains(d.text(&argument(&second)?))),
            Text::StartsWith => Answer::Bool(text.starts_with(d.text(&argument(&second)?))),
            Text::EndsWith => Answer::Bool(text.ends_with(d.text(&argument(&second)?))),
            Text::StripPrefix => {
                Answer::optional_text(text.strip_prefix(d.text(&argument(&second)?)))
            }
            Text::StripSuffix => {
                Answer::optional_text(text.strip_suffix(d.text(&argument(&second)?)))
            }
            Text::IndexOf => Answer::OptionalInt(index_of(text, d.text(&argument(&second)?))),
            Text::Replace => {
                let (from, to) = (argument(&second)?, argument(&third)?);
                Answer::Text(replace(text, d.text(&from), d.text(&to))?)
            }
            Text::Matches => Answer::Bool(pattern::matches(text, d.text(&argument(&second)?))?),
            Text::Find => Answer::OptionalText(pattern::find(text, d.text(&argument(&second)?))?),
            Text::FindAll => Answer::Texts(pattern::find_all(text, d.text(&argument(&second)?))?),
            Text::Captures => {
                Answer::OptionalTexts(pattern::captures(text, d.text(&argument(&second)?))?)
            }
            Text::ReplaceAll => {
                let (from, to) = (argument(&second)?, argument(&third)?);
                Answer::Text(pattern::replace_all(text, d.text(&from), d.text(&to))?)
            }
            Text::SplitBy => Answer::Texts(pattern::split(text, d.text(&argument(&second)?))?),
            Text::JsonGet => {
                let found = json::get(text, d.text(&argument(&second)?));
                Answer::OptionalText(found.map(|found| found.to_string()))
            }
            Text::JsonString => {
                Answer::OptionalText(json::string(text, d.text(&argument(&second)?)))
            }
            Text::JsonInt => {
                let found = json::get(text, d.text(&argument(&second)?));
                Answer::OptionalInt(found.and_then(|found| found.as_i64()))
            }
            Text::JsonFloat => {
                let found = json::get(text, d.text(&argument(&second)?));
                Answer::OptionalFloat(found.and_then(|found| found.as_f64()))
            }
            Text::JsonBool => {
                let found = json::get(text, d.text(&argument(&second)?));
                Answer::OptionalBool(found.and_then(|found| found.as_bool()))
            }
            Text::JsonList => {
                Answer::OptionalTexts(json::elements(text, d.text(&argument(&second)?)))
            }
            Text::JsonKeys => Answer::OptionalTexts(json::keys(text, d.text(&argument(&second)?))),

            Text::Join | Text::JoinParts => unreachable!("handled above: no string comes first"),
        }
    };
    make(d, call, answer)
}

/// A result while the strings that it is made of are still borrowed.
enum Answer {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Texts(Vec<String>),
    OptionalBool(Option<bool>),
    OptionalInt(Option<i64>),
    OptionalFloat(Option<f64>),
    OptionalText(Option<String>),
    OptionalTexts(Option<Vec<String>>),
}

impl Answer {
    fn texts<'a>(parts: impl Iterator<Item = &'a str>) -> Answer {
        Answer::Texts(parts.map(str::to_owned).collect())
    }

    fn optional_text(text: Option<&str>) -> Answer {
        Answer::OptionalText(text.map(str::to_owned))
    }
}

fn make<D: Domain>(d: &mut D, call: &Call<'_, D>, answer: Answer) -> Outcome<D> {
    let some = call.some_type(d);
    let optional = match answer {
        Answer::Bool(b) => return Ok(call.make_bool(d, b)),
        Answer::Int(n) => return Ok(call.make_int(d, n)),
        Answer::Float(x) => return Ok(call.make_float(d, x)),
        Answer::Text(text) => return call.make_text(d, &text),
        Answer::Texts(texts) => return call.make_texts(d, texts),
        Answer::OptionalBool(b) => b.map(|b| d.make_bool(some, b)),
        Answer::OptionalInt(n) => n.map(|n| d.make_int(some, n)),
        Answer::OptionalFloat(x) => x.map(|x| d.make_float(some, crate::value::canonical_float(x))),
        Answer::OptionalText(text) => text.map(|text| d.make_text(some, &text)),
        Answer::OptionalTexts(texts) => texts.map(|texts| {
            let ty = element(d.types(), some);
            let texts = texts.iter().map(|text| d.make_text(ty, text)).collect();
            d.make_list(some, texts)
        }),
    };
    Ok(call.make_option(d, optional))
}

fn join<D: Domain>(
    d: &mut D,
    call: &Call<'_, D>,
    parts: &[D::Value],
    separator: &D::Value,
) -> Outcome<D> {
    let size = parts.iter().map(|part| d.text(part).len()).sum::<usize>()
        + d.text(separator).len() * parts.len().saturating_sub(1);
    within(size, TEXT_BYTES_MAX)?;
    let parts: Vec<&str> = parts.iter().map(|part| d.text(part)).collect();
    let joined = parts.join(d.text(separator));
    call.make_text(d, &joined)
}

/// An empty separator stands between all characters, but not at the ends.
fn split(text: &str, separator: &str) -> Vec<String> {
    if separator.is_empty() {
        text.chars().map(String::from).collect()
    } else {
        text.split(separator).map(str::to_owned).collect()
    }
}

fn at(text: &str, place: i64) -> Result<String, RowError> {
    let place = usize::try_from(place).map_err(|_| Missing)?;
    let c = text.chars().nth(place).ok_or(Missing)?;
    Ok(String::from(c))
}

fn slice(text: &str, from: i64, to: i64) -> String {
    let range = clamped(from, to, text.len());
    text.chars()
        .skip(range.start)
        .take(range.end - range.start)
        .collect()
}

fn repeat(text: &str, times: i64) -> Result<String, RowError> {
    let times = usize::try_from(times).map_err(|_| Invalid)?;
    within(text.len().saturating_mul(times), TEXT_BYTES_MAX)?;
    Ok(if text.is_empty() {
        String::new()
    } else {
        text.repeat(times)
    })
}

/// What is missing to so many characters; an empty filling fills nothing.
fn padding(text: &str, width: i64, fill: &str) -> Result<String, RowError> {
    let width = usize::try_from(width.max(0)).map_err(|_| Invalid)?;
    let missing = width.saturating_sub(text.chars().count());
    within(missing, TEXT_BYTES_MAX / 4)?;
    Ok(fill.chars().cycle().take(missing).collect())
}

/// The result can be larger than its parts together, so it is measured first.
fn replace(text: &str, from: &str, to: &str) -> Result<String, RowError> {
    let occurrences = text.matches(from).count();
    within(
        to.len()
            .saturating_mul(occurrences)
            .saturating_add(text.len()),
        2 * TEXT_BYTES_MAX,
    )?;
    Ok(text.replace(from, to))
}

fn index_of(text: &str, part: &str) -> Option<i64> {
    let byte = text.find(part)?;
    Some(count(text[..byte].chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        assert_eq!(slice("añb", 1, 2), "ñ");
        assert_eq!(slice("añb", -5, 50), "añb");
        assert_eq!(slice("añb", 2, 1), "");
        assert_eq!(at("añb", 2), Ok("b".to_owned()));
        assert_eq!(at("añb", 3), Err(Missing));
        assert_eq!(index_of("añb", "b"), Some(2));
    }

    #[test]
    fn nothing_grows_past_its_bound() {
        assert_eq!(repeat("ab", i64::MAX), Err(Invalid));
        assert_eq!(repeat("", i64::MAX), Ok(String::new()));
        assert_eq!(padding("", i64::MAX, "x"), Err(Invalid));
    }

    #[test]
    fn an_empty_separator_parts_all_characters() {
        assert_eq!(split("ab", ""), ["a", "b"]);
        assert_eq!(split("a,,b", ","), ["a", "", "b"]);
    }
}
