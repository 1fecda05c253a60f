//! What the nodes of the tree are called, which the parser's grammar does not say.
//!
//! A rule is a node if it is named here; else its parts are those of the rule around it. Alternatives that are named
//! here are nodes, each that is more than one symbol.

/// Rules that are nodes.
pub const NODES: &[(&str, &str)] = &[
    ("ModuleRef", "module_ref"),
    ("Attribute", "attribute"),
    ("Field", "field"),
    ("Variant", "variant"),
    ("Param", "parameter"),
    ("ValueParam", "parameter"),
    ("Collection", "collection"),
    ("Column", "column"),
    ("Modifier", "modifier"),
    ("FaultOption", "fault_option"),
    ("LatticePart", "lattice_part"),
    ("Rule", "rule"),
    ("Arrow", "arrow"),
    ("Head", "head"),
    ("FieldInit", "field_init"),
    ("Row", "row"),
    ("Location", "location"),
    ("Pattern", "pattern"),
    ("Step", "step"),
    ("NodeSet", "node_set"),
    ("TypePath", "type_path"),
    ("TypeParam", "type_parameter"),
    ("Entry", "entry"),
    ("Arm", "arm"),
    ("Arg", "argument"),
    ("Path", "path"),
    ("AnyPath", "path"),
    ("FeedPath", "path"),
];

/// Of other rules, the nodes that their alternatives of several symbols are.
pub const ALTERNATIVES: &[(&str, &[&str])] = &[
    (
        "Item",
        &[
            "import",
            "include",
            "type_alias",
            "record",
            "enum",
            "lattice",
            "function",
            "constant",
            "periodic",
            "seal",
        ],
    ),
    ("ExternPart", &["extern_path"]),
    (
        "LiteralKind",
        &["negation", "negation", "binding", "generator"],
    ),
    ("SpecLine", &["never", "checker"]),
    ("Type", &["function_type"]),
    (
        "OptionalType",
        &["optional_type", "named_type", "tuple_type"],
    ),
    ("Expr", &["if_expression", "let_expression"]),
    ("Or", &["binary_expression"]),
    ("And", &["binary_expression"]),
    ("Comparison", &["binary_expression"]),
    ("Range", &["range_expression"]),
    ("Sum", &["binary_expression"]),
    ("Product", &["binary_expression"]),
    ("Unary", &["unary_expression", "unary_expression"]),
    (
        "Postfix",
        &[
            "field_expression",
            "tuple_field",
            "call",
            "record_expression",
        ],
    ),
    (
        "PrimaryKind",
        &[
            "tuple",
            "list",
            "set",
            "map",
            "match_expression",
            "interpolation",
        ],
    ),
    ("Element", &["descending"]),
    ("ArgValue", &["lambda", "ranked", "ranked"]),
];

/// Headers of blocks, in their order: the block's node, and what its body is made of.
pub const BLOCKS: &[(&str, &str)] = &[
    ("module", "_item"),
    ("lattice", "lattice_part"),
    ("bootstrap", "_attributed_rule"),
    ("rules", "_attributed_rule"),
    ("spec", "_spec_line"),
    ("test", "step"),
    ("fault_test", "step"),
    ("extern_node", "_extern_part"),
];

/// Tokens that are nodes, by what the grammar calls them: the node, and its pattern if the scanner does not give it.
/// All others are shown as they are written.
pub const TOKENS: &[(&str, &str, Option<&str>)] = &[
    ("lower", "identifier", Some("[a-z_][A-Za-z0-9_]*")),
    ("Upper", "type_identifier", Some("[A-Z][A-Za-z0-9_]*")),
    ("integer", "integer", Some("[0-9][0-9_]*|0x[0-9A-Fa-f_]+")),
    (
        "float",
        "float",
        Some(r"[0-9][0-9_]*\.[0-9][0-9_]*([eE][+-]?[0-9]+)?|[0-9][0-9_]*[eE][+-]?[0-9]+"),
    ),
    (
        "duration",
        "duration",
        Some("[0-9][0-9_]*(ns|us|ms|s|min|h|d)"),
    ),
    ("string", "string", None),
    ("string start", "string_start", None),
    ("string middle", "string_middle", None),
    ("string end", "string_end", None),
    ("bytes", "bytes", None),
    ("address", "address", None),
];

/// The node of a word that is a keyword elsewhere, where it is a name.
pub const NAME: &str = "identifier";

/// Rules of words that are names where they stand.
pub const WORDS_AS_NAMES: &[&str] = &["ReservedWord", "StepWord", "ContextualWord"];

/// The brace that follows an upper-case name.
pub const OPEN_RECORD: &str = "R{";
