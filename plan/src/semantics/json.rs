//! Reading JSON texts by path. A path is member names and array places between dots; a name with
//! a dot in it cannot be reached.

use serde_json::Value;

/// The value at the path; none if the text is no JSON or has nothing there.
pub(super) fn get(text: &str, path: &str) -> Option<Value> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        value = match value {
            Value::Object(mut members) => members.remove(step)?,
            Value::Array(mut elements) => {
                let place: usize = step.parse().ok()?;
                (place < elements.len()).then(|| elements.swap_remove(place))?
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
    }
    Some(value)
}

pub(super) fn string(text: &str, path: &str) -> Option<String> {
    match get(text, path)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

pub(super) fn elements(text: &str, path: &str) -> Option<Vec<String>> {
    match get(text, path)? {
        Value::Array(elements) => Some(elements.iter().map(Value::to_string).collect()),
        _ => None,
    }
}

/// Member names, ascending, whatever order the map keeps.
pub(super) fn keys(text: &str, path: &str) -> Option<Vec<String>> {
    match get(text, path)? {
        Value::Object(members) => {
            let mut keys: Vec<String> = members.into_iter().map(|(name, _)| name).collect();
            keys.sort();
            Some(keys)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"items": [{"name": "a"}, {"name": "b", "n": 3}], "b": 1, "a": 2}"#;

    #[test]
    fn paths_lead_through_objects_and_arrays() {
        assert_eq!(string(TEXT, "items.1.name").as_deref(), Some("b"));
        assert_eq!(get(TEXT, "items.2"), None);
        assert_eq!(get(TEXT, "a.b"), None);
        assert_eq!(get("3", "").and_then(|v| v.as_i64()), Some(3));
        assert_eq!(get("{", ""), None);
    }

    #[test]
    fn keys_ascend() {
        assert_eq!(keys(TEXT, "").unwrap_or_default(), ["a", "b", "items"]);
    }
}
