//! The row that is asked for: `store{key: "a"}`, `store@n1{key: "a"}` or `store("a", _)`. Values are as reports show
//! them, or JSON.

use bloom_host::json;
use bloom_host::schema::type_name;
use bloom_plan::display;
use bloom_plan::plan::{Column, Plan, RelationId};
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::{Row, Value};
use bloom_sim::lineage::History;

use crate::args::WhyArgs;
use crate::outcome::Misuse;

pub(super) struct Question {
    text: String,
    /// Lives of nodes that have the collection.
    pub(super) places: Vec<(usize, RelationId)>,
    /// By column: what it must be.
    columns: Vec<Option<String>>,
    pub(super) tick: Option<u64>,
}

impl Question {
    pub(super) fn new(args: &WhyArgs, history: &History) -> Result<Question, Misuse> {
        let parsed = parse(&args.row).ok_or_else(|| {
            Misuse::new(format_args!(
                "expected a row such as `store{{key: \"a\"}}`, found `{}`",
                args.row
            ))
        })?;
        let node = parsed.node.or(args.node.as_deref());
        let mut places = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for (life, _) in history.lives() {
            names.push(history.address(life));
            if node.is_none_or(|node| history.address(life) == node)
                && let Some(relation) = history.relation(life, parsed.collection)
            {
                places.push((life, relation));
            }
        }
        if let Some(node) = node.filter(|node| !names.contains(node)) {
            names.sort_unstable();
            names.dedup();
            return Err(Misuse::new(format_args!(
                "there is no node `{node}`; there are {}",
                names.join(", ")
            )));
        }
        let Some(&(life, relation)) = places.first() else {
            let plans = history.lives().map(|(life, _)| history.plan(life));
            let known: Vec<&str> = plans
                .flat_map(|plan| &plan.relations)
                .map(|relation| relation.name.as_str())
                .collect();
            let near = bloom_stdx::nearest(parsed.collection, known);
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            return Err(Misuse::new(format_args!(
                "there is no collection `{}`{hint}",
                parsed.collection
            )));
        };
        let declared = &history.plan(life).relations[relation.0 as usize];
        let mut columns = vec![None; declared.columns.len()];
        for (place, field) in parsed.fields.iter().enumerate() {
            let column = match field.name {
                Some(name) => declared
                    .columns
                    .iter()
                    .position(|column| column.name == name),
                None => (place < columns.len()).then_some(place),
            };
            let column = column.ok_or_else(|| {
                let all: Vec<&str> = declared.columns.iter().map(|c| c.name.as_str()).collect();
                let shown = field.name.unwrap_or(field.value);
                Misuse::new(format_args!(
                    "`{}` has no column for `{shown}`; it has {}",
                    declared.name,
                    all.join(", ")
                ))
            })?;
            columns[column] = (field.value != "_").then(|| field.value.to_owned());
        }
        Ok(Question {
            text: args.row.clone(),
            places,
            columns,
            tick: args.tick,
        })
    }

    pub(super) fn shown(&self) -> &str {
        &self.text
    }

    /// Whether a row is one that is asked for.
    pub(super) fn fits(&self, plan: &Plan, relation: RelationId, row: &Row) -> bool {
        let declared = &plan.relations[relation.0 as usize].columns;
        let mut columns = self.columns.iter().zip(declared).zip(row);
        columns.all(|((wanted, column), value)| match wanted {
            None => true,
            Some(text) => {
                display::value(&plan.types, column.ty, value).to_string() == *text
                    || from_text(plan, column.ty, text).as_ref() == Some(value)
            }
        })
    }
}

impl Question {
    /// By column, the value that is asked for.
    pub(super) fn values(
        &self,
        plan: &Plan,
        relation: RelationId,
    ) -> Result<Vec<Option<Value>>, Misuse> {
        let declared = &plan.relations[relation.0 as usize].columns;
        let columns = self.columns.iter().zip(declared);
        let value = |(text, column): (&Option<String>, &Column)| {
            let Some(text) = text else { return Ok(None) };
            let value = from_text(plan, column.ty, text);
            value.map(Some).ok_or_else(|| {
                Misuse::new(format_args!(
                    "column `{}`: `{text}` is no {}; write it as JSON",
                    column.name,
                    type_name(&plan.types, column.ty)
                ))
            })
        };
        columns.map(value).collect()
    }
}

/// The value that a text stands for.
pub(super) fn from_text(plan: &Plan, ty: TypeId, text: &str) -> Option<Value> {
    let read = |text: &str| {
        let json = serde_json::from_str(text).ok()?;
        json::read(&plan.types, ty, &json).ok()
    };
    let bare = match plan.types.get(ty) {
        Type::Addr => Some(Value::Addr(
            text.trim_start_matches('@').trim_matches('"').into(),
        )),
        _ => read(&format!("\"{text}\"")),
    };
    read(text).or(bare)
}

struct Parsed<'t> {
    collection: &'t str,
    node: Option<&'t str>,
    fields: Vec<Field<'t>>,
}

struct Field<'t> {
    name: Option<&'t str>,
    value: &'t str,
}

fn parse(text: &str) -> Option<Parsed<'_>> {
    let text = text.trim().trim_end_matches(';');
    let open = text.find(['{', '(']).unwrap_or(text.len());
    let (name, rest) = text.split_at(open);
    let (collection, node) = match name.trim().split_once('@') {
        Some((collection, node)) => (collection, Some(node)),
        None => (name.trim(), None),
    };
    if collection.is_empty() {
        return None;
    }
    let (inside, is_named) = match rest.as_bytes() {
        [] => ("", true),
        [b'{', .., b'}'] => (&rest[1..rest.len() - 1], true),
        [b'(', .., b')'] => (&rest[1..rest.len() - 1], false),
        _ => return None,
    };
    let mut fields = Vec::new();
    for part in parts(inside)? {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let field = match is_named {
            false => Field {
                name: None,
                value: part,
            },
            true => {
                let (name, value) = part.split_once(':')?;
                Field {
                    name: Some(name.trim()),
                    value: value.trim(),
                }
            }
        };
        fields.push(field);
    }
    Some(Parsed {
        collection,
        node,
        fields,
    })
}

/// What commas part, but for those in brackets and quotes.
fn parts(text: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match letter {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (depth == 0 && !quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn shown(text: &str) -> Option<String> {
        let parsed = parse(text)?;
        let fields = parsed
            .fields
            .iter()
            .map(|field| format!("{}={}", field.name.unwrap_or("?"), field.value));
        let node = parsed.node.unwrap_or("*");
        Some(format!(
            "{} {node} {}",
            parsed.collection,
            fields.collect::<Vec<_>>().join(" ")
        ))
    }

    #[test]
    fn rows_are_read_by_name_and_by_place() {
        let read = |text| shown(text).expect("it is a row");
        assert_eq!(read("store"), "store * ");
        assert_eq!(
            read("store{key: \"a, b\", at: (1, 2)};"),
            "store * key=\"a, b\" at=(1, 2)"
        );
        assert_eq!(read("store@n1{ key : _ }"), "store n1 key=_");
        assert_eq!(
            read("a.b(1, [2, 3], \"x\\\"}\")"),
            "a.b * ?=1 ?=[2, 3] ?=\"x\\\"}\""
        );
        for wrong in [
            "",
            "{a: 1}",
            "store{a}",
            "store{a: \"}",
            "store{a: (}",
            "store(1",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
