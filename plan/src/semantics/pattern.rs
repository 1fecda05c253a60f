//! Regular expressions. They are given at run time as strings, so compiled ones are kept in a
//! small cache of the thread; whether one is cached is not observable.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;

use crate::plan::RowError;

/// How many compiled expressions a thread keeps.
const CACHED_MAX: usize = 64;

/// How large one may become.
const COMPILED_BYTES_MAX: usize = 1 << 20;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// Calls `f` with the compiled expression.
fn with<T>(pattern: &str, f: impl FnOnce(&Regex) -> T) -> Result<T, RowError> {
    // A `Regex` is a reference to shared parts, so cloning it costs little and ends the borrow.
    let regex = COMPILED.with_borrow_mut(|cache| {
        if let Some(regex) = cache.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = regex::RegexBuilder::new(pattern)
            .size_limit(COMPILED_BYTES_MAX)
            .build()
            .map_err(|_| RowError::Invalid)?;
        if cache.len() == CACHED_MAX {
            cache.clear();
        }
        cache.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    })?;
    Ok(f(&regex))
}

pub(super) fn matches(text: &str, pattern: &str) -> Result<bool, RowError> {
    with(pattern, |regex| regex.is_match(text))
}

pub(super) fn find(text: &str, pattern: &str) -> Result<Option<String>, RowError> {
    with(pattern, |regex| {
        regex.find(text).map(|found| found.as_str().to_owned())
    })
}

pub(super) fn find_all(text: &str, pattern: &str) -> Result<Vec<String>, RowError> {
    with(pattern, |regex| {
        let found = regex.find_iter(text);
        found.map(|found| found.as_str().to_owned()).collect()
    })
}

pub(super) fn captures(text: &str, pattern: &str) -> Result<Option<Vec<String>>, RowError> {
    with(pattern, |regex| {
        let groups = regex.captures(text)?;
        let text = |group: Option<regex::Match<'_>>| {
            group.map_or_else(String::new, |group| group.as_str().to_owned())
        };
        Some(groups.iter().map(text).collect())
    })
}

pub(super) fn replace_all(text: &str, pattern: &str, by: &str) -> Result<String, RowError> {
    with(pattern, |regex| regex.replace_all(text, by).into_owned())
}

pub(super) fn split(text: &str, pattern: &str) -> Result<Vec<String>, RowError> {
    with(pattern, |regex| {
        regex.split(text).map(str::to_owned).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_expression_is_a_row_error() {
        assert_eq!(matches("a", "("), Err(RowError::Invalid));
    }

    #[test]
    fn groups_that_take_no_part_are_empty() {
        let groups = captures("b", "(a)|(b)").map(|g| g.unwrap_or_default());
        assert_eq!(groups, Ok(vec!["b".into(), String::new(), "b".into()]));
    }
}
