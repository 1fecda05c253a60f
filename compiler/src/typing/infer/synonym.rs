//! What other languages call a method, so that who knows one of these is told its name here.

/// Names of the same thing; the order says which is offered where several are there.
const GROUPS: &[&[&str]] = &[
    &["len", "size", "length", "count", "cardinality"],
    &["upper", "to_upper", "to_uppercase", "uppercase", "upcase"],
    &["lower", "to_lower", "to_lowercase", "lowercase", "downcase"],
    &["trim", "strip"],
    &["starts_with", "startswith", "has_prefix", "begins_with"],
    &["ends_with", "endswith", "has_suffix"],
    &["slice", "substring", "substr", "mid"],
    &["index_of", "position", "find"],
    &[
        "contains",
        "has",
        "includes",
        "member",
        "contains_key",
        "has_key",
    ],
    &["at", "get", "nth", "lookup", "elt"],
    &["add", "insert", "push", "append"],
    &["remove", "delete", "without", "erase"],
    &["union", "merge"],
    &["intersect", "intersection"],
    &["difference", "minus", "except", "without"],
    &["least", "min", "minimum"],
    &["greatest", "max", "maximum"],
    &["map", "select", "collect"],
    &["filter", "keep", "retain", "where"],
    &["fold", "reduce", "inject"],
    &["any", "some", "exists"],
    &["all", "every", "forall"],
    &["sort", "sorted", "order"],
    &["sort_by", "order_by"],
    &["unique", "distinct", "dedup", "uniq"],
    &["reverse", "rev", "reversed"],
    &["is_empty", "empty"],
    &["unwrap_or", "get_or", "or_else", "or_default"],
    &["to_string", "str", "show"],
    &["to_int", "parse", "parse_int", "as_int"],
    &["to_float", "parse_float", "as_float"],
    &["entries", "items", "to_list", "pairs"],
];

/// The name among `names` that means what `name` means elsewhere.
pub(super) fn synonym<'n>(
    name: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Option<&'n str> {
    let groups = GROUPS.iter().filter(|group| group.contains(&name));
    let mut others = groups.flat_map(|group| group.iter().filter(|other| **other != name));
    others.find_map(|other| names.clone().find(|known| known == other))
}
