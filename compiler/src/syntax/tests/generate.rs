//! Random programs, as texts with random blanks and comments between their tokens.

use crate::syntax::lexer::lex;
use crate::syntax::token::TokenKind;
use proptest::prelude::*;
use proptest::sample::select;

/// A program without errors.
pub fn program() -> impl Strategy<Value = String> {
    let items = prop::collection::vec(item(), 1..8);
    let gaps = prop::collection::vec(select(GAPS), 1..40);
    (items, gaps).prop_map(|(items, gaps)| spread(&items.join("\n"), &gaps))
}

const GAPS: &[&str] = &[
    " ",
    " ",
    " ",
    " ",
    " ",
    " ",
    "\n",
    "   ",
    "\n\n\n",
    " // c\n",
    " /* c */ ",
    "\n// own\n",
    "\n/// doc\n",
    "\n/* two\n lines */\n",
];

/// The tokens of `text` with `gaps` in turn between them; only blanks inside strings.
fn spread(text: &str, gaps: &[&str]) -> String {
    let mut out = String::new();
    let mut strings = 0;
    for (i, token) in lex(text).tokens.iter().enumerate() {
        match token.kind {
            TokenKind::StrEnd => strings -= 1,
            TokenKind::StrBegin => strings += 1,
            _ => {}
        }
        out.push_str(&text[token.span.range()]);
        out.push_str(if strings > 0 {
            " "
        } else {
            gaps[i % gaps.len()]
        });
    }
    out
}

fn text(choices: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(choices).prop_map(str::to_owned)
}

/// Some of the names are words that elsewhere start a declaration.
fn name() -> impl Strategy<Value = String> + Clone {
    text(&[
        "a", "b", "key", "durable", "node", "every", "x_1", "error", "merge", "self_", "lex",
        "table", "rules",
    ])
}

fn upper() -> impl Strategy<Value = String> + Clone {
    text(&["Some", "R", "Point", "E.None", "m.Kind"])
}

fn some<T: Strategy<Value = String>>(
    element: T,
    separator: &'static str,
) -> impl Strategy<Value = String> {
    prop::collection::vec(element, 0..4).prop_map(move |list| list.join(separator))
}

fn ty() -> impl Strategy<Value = String> + Clone {
    text(&["Int", "String", "Addr"]).prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("Map<{a}, {b}>")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(fn({a}): {b})?")),
            inner.prop_map(|a| format!("Set<{a}>?")),
        ]
        .boxed()
    })
}

fn pattern() -> impl Strategy<Value = String> + Clone {
    let leaf = prop_oneof![
        name(),
        upper(),
        text(&[
            "_", "self", "1", "-2", "\"s\"", "true", "3ms", "-1.5", "@\"a:1\"", "b\"x\""
        ]),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}, {b})")),
            (upper(), inner.clone()).prop_map(|(v, a)| format!("{v}({a})")),
            (upper(), name(), inner.clone()).prop_map(|(v, f, a)| format!("{v}{{{f}, g: {a}}}")),
            inner.prop_map(|a| format!("[{a}]")),
        ]
        .boxed()
    })
}

/// An expression that may stand anywhere; `if` and `let` are in parentheses.
fn expr() -> impl Strategy<Value = String> + Clone {
    let leaf = prop_oneof![
        name(),
        upper(),
        text(&[
            "1",
            "0xff",
            "2.5e3",
            "\"s{{}} \\n\"",
            "true",
            "self",
            "200ms",
            "r#\"raw\"#",
            "@\"h:1\"",
            "{}",
            "()",
            "b\"\\x00\"",
        ]),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let e = inner.clone();
        let pair = (inner.clone(), inner.clone());
        let infix = text(&["+", "-", "*", "/", "%", "&&", "||"]);
        let compare = text(&["==", "!=", "<", "<=", ">", ">=", ".."]);
        prop_oneof![
            (e.clone(), infix, e.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (e.clone(), compare, e.clone()).prop_map(|(a, op, b)| format!("(({a}) {op} ({b}))")),
            (text(&["-", "!"]), e.clone()).prop_map(|(op, a)| format!("{op} ({a})")),
            (name(), some(e.clone(), ", ")).prop_map(|(f, args)| format!("{f}({args})")),
            (upper(), e.clone()).prop_map(|(f, a)| format!("{f}(x: {a})")),
            (upper(), e.clone()).prop_map(|(f, a)| format!("{f}{{x: {a}, not: 1, y}}")),
            (e.clone(), name()).prop_map(|(a, f)| format!("({a}).{f}.0.1")),
            (name(), name(), e.clone()).prop_map(|(a, f, b)| format!("{a}.{f}(|p, _| {b})")),
            pair.clone().prop_map(|(a, b)| format!("[{a}, ({b})]")),
            pair.clone().prop_map(|(a, b)| format!("{{{a}, {b}}}")),
            pair.clone()
                .prop_map(|(a, b)| format!("{{ ({a}), ({b}, 1) }}")),
            pair.clone().prop_map(|(a, b)| format!("{{{a}: {b}}}")),
            pair.prop_map(|(a, b)| format!("\"t {{ {a} }} u {{ {b} }}\"")),
            (e.clone(), e.clone(), e.clone())
                .prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
            (pattern(), e.clone(), e.clone())
                .prop_map(|(p, a, b)| format!("(let {p} = {a} in {b})")),
            (name(), pattern(), e.clone(), e)
                .prop_map(|(s, p, g, b)| format!("match {s} {{ {p} if {g} => {b}, _ => 1 }}")),
        ]
        .boxed()
    })
}

fn literal() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        (name(), name(), pattern()).prop_map(|(r, c, p)| format!("{r}{{{c}, d: {p}}}")),
        (name(), name(), pattern()).prop_map(|(r, c, p)| format!("not {r}.{c}({p}, _)")),
        (name(), pattern()).prop_map(|(r, p)| format!("{r}@_{{c: {p}}}")),
        (name(), pattern()).prop_map(|(r, p)| format!("not {r}@\"h:1\"({p})")),
        (pattern(), expr()).prop_map(|(p, e)| format!("let {p} = {e}")),
        (pattern(), expr()).prop_map(|(p, e)| format!("{p} in {e}")),
        expr(),
    ]
}

fn rule() -> impl Strategy<Value = String> + Clone {
    let arrow = text(&["<=", "<+", "<-", "<+-", "<~"]);
    let aggregate = prop_oneof![
        expr(),
        Just("count()".to_owned()),
        (name(), expr(), expr()).prop_map(|(f, a, b)| format!("{f}({a} by ({b} desc, 1))")),
        (name(), expr(), expr()).prop_map(|(f, a, b)| format!("{f}(distinct {a} by {b})")),
    ];
    let body = prop::collection::vec(literal(), 1..4);
    (name(), name(), aggregate, arrow, body).prop_map(|(r, c, e, arrow, body)| {
        format!("{r}{{{c}, in: {e}}} {arrow} {};", body.join(", "))
    })
}

fn declaration() -> impl Strategy<Value = String> + Clone {
    let kind = text(&["table", "scratch", "input", "output", "channel", "view"]);
    let modifier = text(&["", "durable", "immutable sealed by a", "sealed by a, b"]);
    (kind, name(), ty(), expr(), modifier).prop_map(|(kind, n, t, e, modifier)| {
        format!("{kind} {n}(@not: {t}, b: Int = {e} => c: {t}) {modifier};")
    })
}

fn step() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        text(&[
            "tick;",
            "tick 3;",
            "tick a, b;",
            "settle;",
            "crash a;",
            "partition {a} | {b, c};",
            "heal;",
            "drop a -> b c;"
        ]),
        (name(), expr()).prop_map(|(n, e)| format!("{n}.put{{key: {e}}};")),
        literal().prop_map(|l| format!("expect {l};")),
        expr().prop_map(|e| format!("node a, b: Kind<Int>({e});")),
        Just("expect error \"zero\";".to_owned()),
    ]
}

fn item() -> impl Strategy<Value = String> {
    prop_oneof![
        rule(),
        declaration(),
        (name(), ty(), expr()).prop_map(|(n, t, e)| format!("monotone fn {n}(a: {t}): {t} = {e};")),
        (name(), expr()).prop_map(|(n, e)| format!("const {n} = {e};")),
        ty().prop_map(|t| format!("record R<lattice L> {{ a: {t}, in: Int }}")),
        ty().prop_map(|t| format!("enum E {{ None, Some(x: {t}) }}")),
        expr().prop_map(|e| format!("lattice G(a: Int) {{ bottom = {e}; merge(a, b) = {e}; }}")),
        some(rule(), " ").prop_map(|rules| format!("bootstrap {{ {rules} }}")),
        some(step(), " ").prop_map(|steps| format!("test \"t\" {{ {steps} }}")),
        (some(declaration(), " "), some(rule(), " ")).prop_map(|(d, r)| format!(
            "node N(a: Int = 1) replicated : P, Q<Int> {{ {d} rules g {{ {r} }} }}"
        )),
        some(rule(), " ")
            .prop_map(|rules| format!("spec s {{ {rules} never a() <= b(); linearizable; }}")),
    ]
}
