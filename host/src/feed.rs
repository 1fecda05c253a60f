//! Lines that feed a running deployment: JSON objects, one a line.
//!
//! | line | does |
//! | --- | --- |
//! | `{"collection": "put", "row": {"key": "a"}}` | a row for one of the nodes that have the collection, each in its turn |
//! | `{"node": "n1", "collection": "put", "row": …}` | a row for that node |
//! | `{"node": "n1", "seal": "click", "row": {"campaign": 1}}` | declares a partition complete; without `node` at every node |
//! | `{"wait": "50ms"}` | lets time pass before the next line |
//! | `{"settle": true}` | waits until nothing is under way before the next line |
//!
//! Empty lines and lines that start with `//` are skipped. Only `input` collections may be fed.

use std::time::Duration;

use bloom_plan::plan::{Plan, RelationId, RelationKind};
use bloom_plan::value::Row;
use serde_json::{Map, Value as Json};

use crate::json;
use crate::schema::{GivenRow, Schema};

/// Some editors put one in front of the first line.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What one line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Feed {
    Row {
        node: usize,
        relation: RelationId,
        row: GivenRow,
    },
    Seal {
        nodes: Vec<usize>,
        relation: RelationId,
        key: Row,
    },
    Wait(Duration),
    Settle,
}

/// A node that may be fed.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    pub name: &'a str,
    pub plan: &'a Plan,
}

/// Reads lines for a set of nodes; remembers whose turn it is.
#[derive(Debug)]
pub struct Reader<'a> {
    targets: Vec<Target<'a>>,
    turn: usize,
}

impl<'a> Reader<'a> {
    pub fn new(targets: Vec<Target<'a>>) -> Self {
        Self { targets, turn: 0 }
    }

    /// What the line asks for; none if it is empty or a comment.
    pub fn line(&mut self, text: &str) -> Result<Option<Feed>, String> {
        let text = text.trim_start_matches(BYTE_ORDER_MARK).trim();
        if text.is_empty() || text.starts_with("//") {
            return Ok(None);
        }
        let json = json::parse(text.as_bytes()).map_err(|e| format!("not JSON: {e}"))?;
        let Json::Object(object) = json else {
            return Err("expected an object".into());
        };
        for key in object.keys() {
            if !["node", "collection", "row", "seal", "wait", "settle"].contains(&key.as_str()) {
                return Err(format!("unknown field `{key}`"));
            }
        }
        if let Some(wait) = object.get("wait") {
            let nanoseconds = wait
                .as_str()
                .and_then(json::duration)
                .and_then(|n| n.try_into().ok());
            let nanoseconds =
                nanoseconds.ok_or("field `wait`: expected a duration such as \"50ms\"")?;
            return Ok(Some(Feed::Wait(Duration::from_nanos(nanoseconds))));
        }
        if object.contains_key("settle") {
            return Ok(Some(Feed::Settle));
        }
        if object.contains_key("seal") {
            self.seal(&object)
        } else {
            self.row(&object)
        }
        .map(Some)
    }

    fn row(&mut self, object: &Map<String, Json>) -> Result<Feed, String> {
        let collection = text(object, "collection")?.ok_or("field `collection` is missing")?;
        let nodes = self.nodes(text(object, "node")?, collection)?;
        let node = nodes[self.turn % nodes.len()];
        if nodes.len() > 1 {
            self.turn += 1;
        }
        let plan = self.targets[node].plan;
        let (relation, schema) = input(plan, collection)?;
        let row = object.get("row").ok_or("field `row` is missing")?;
        let row = schema.row_of_json(row).map_err(|e| e.to_string())?;
        Ok(Feed::Row {
            node,
            relation,
            row,
        })
    }

    fn seal(&self, object: &Map<String, Json>) -> Result<Feed, String> {
        let collection = text(object, "seal")?.ok_or("field `seal` is missing")?;
        let nodes = self.nodes(text(object, "node")?, collection)?;
        let plan = self.targets[nodes[0]].plan;
        let (relation, schema) = input(plan, collection)?;
        let sealed_by = &schema.relation.sealed_by;
        if sealed_by.is_empty() {
            return Err(format!("`{collection}` is not `sealed by` any column"));
        }
        let row = object.get("row").ok_or("field `row` is missing")?;
        let key = sealed_by.iter().map(|&column| {
            let column = &schema.relation.columns[column as usize];
            let part = row.get(column.name.as_str());
            let part = part.ok_or_else(|| format!("column `{}` is missing", column.name))?;
            json::read(&plan.types, column.ty, part)
                .map_err(|e| format!("column `{}`: {e}", column.name))
        });
        let key = key.collect::<Result<Row, String>>()?;
        Ok(Feed::Seal {
            nodes,
            relation,
            key,
        })
    }

    /// The node called so, or all that have the collection; never empty.
    fn nodes(&self, node: Option<&str>, collection: &str) -> Result<Vec<usize>, String> {
        if let Some(name) = node {
            let place = self.targets.iter().position(|target| target.name == name);
            return place.map(|i| vec![i]).ok_or_else(|| {
                let names: Vec<&str> = self.targets.iter().map(|target| target.name).collect();
                format!("there is no node `{name}`; there are {}", names.join(", "))
            });
        }
        let has = |target: &Target<'_>| target.plan.relations.iter().any(|r| r.name == collection);
        let nodes: Vec<usize> = (0..self.targets.len())
            .filter(|&i| has(&self.targets[i]))
            .collect();
        if nodes.is_empty() {
            return Err(format!("there is no collection `{collection}`"));
        }
        Ok(nodes)
    }
}

fn text<'j>(object: &'j Map<String, Json>, field: &str) -> Result<Option<&'j str>, String> {
    match object.get(field) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("field `{field}`: expected a string, found {other}")),
    }
}

fn input<'p>(plan: &'p Plan, name: &str) -> Result<(RelationId, Schema<'p>), String> {
    let place = plan
        .relations
        .iter()
        .position(|relation| relation.name == name);
    let place = place.ok_or_else(|| format!("`{}` has no collection `{name}`", plan.name))?;
    let relation = &plan.relations[place];
    if relation.kind != RelationKind::Input || !relation.public {
        return Err(format!("`{name}` is no `input` of `{}`", plan.name));
    }
    Ok((RelationId(place as u32), Schema::new(&plan.types, relation)))
}
