//! What a statement can begin with.

use super::{Block, Complete, CompletionKind};

/// Declarations: the word, what it stands for, what it means.
const ITEMS: [(&str, &str, &str); 24] = [
    (
        "table",
        "table ${1:name}(${2:key}: ${3:String} => ${4:value}: ${5:Int});",
        "rows stay until deleted",
    ),
    (
        "scratch",
        "scratch ${1:name}(${2:column}: ${3:Int});",
        "rows live for one tick",
    ),
    (
        "static",
        "static ${1:name}(${2:column}: ${3:Int});",
        "facts of the program",
    ),
    (
        "input",
        "input ${1:name}(${2:req}: ${3:Req});",
        "rows come from outside",
    ),
    (
        "output",
        "output ${1:name}(${2:req}: ${3:Req});",
        "rows go outside, and cannot be taken back",
    ),
    (
        "view",
        "view ${1:name}(${2:key}: ${3:String});",
        "read from outside as of now",
    ),
    (
        "channel",
        "channel ${1:name}(@${2:to}: Addr, ${3:column}: ${4:Int});",
        "rows go to another node",
    ),
    (
        "loopback",
        "loopback ${1:name}(${2:column}: ${3:Int});",
        "a channel to oneself",
    ),
    ("periodic", "periodic ${1:name}(every: ${2:1s});", "a timer"),
    (
        "fn",
        "fn ${1:name}(${2:x}: ${3:Int}): ${4:Int} = $0;",
        "a pure function",
    ),
    (
        "const",
        "const ${1:name}: ${2:Int} = $0;",
        "a value fixed at the start",
    ),
    ("type", "type ${1:Name} = $0;", "another name for a type"),
    (
        "record",
        "record ${1:Name} { ${2:field}: ${3:Int} }",
        "a type with named fields",
    ),
    (
        "enum",
        "enum ${1:Name} { ${2:First}, ${3:Second} }",
        "a type with variants",
    ),
    (
        "lattice",
        "lattice ${1:Name}(${2:field}: ${3:Max<Int>});",
        "a type whose values only grow",
    ),
    ("import", "import ${1:module};", "an instance of a module"),
    ("include", "include ${1:module};", "mixes a module in"),
    (
        "module",
        "module ${1:name} {\n  $0\n}",
        "collections and rules to import",
    ),
    ("node", "node ${1:Name} {\n  $0\n}", "a kind of process"),
    (
        "protocol",
        "protocol ${1:Name} {\n  $0\n}",
        "what modules offer",
    ),
    ("rules", "rules ${1:name} {\n  $0\n}", "a group of rules"),
    (
        "bootstrap",
        "bootstrap {\n  $0\n}",
        "rules of the first tick",
    ),
    (
        "spec",
        "spec ${1:name} {\n  never ${2:wrong}() <= $0;\n}",
        "what must hold whatever fails",
    ),
    (
        "test",
        "test \"${1:what it shows}\" {\n  $0\n}",
        "steps and expectations",
    ),
];

const FAULT_TEST: (&str, &str, &str) = (
    "fault test",
    "fault test \"${1:what it shows}\" checks ${2:spec}\n  with ticks ${3:6}, losses until ${4:4}, crashes ${5:1} {\n  $0\n}",
    "searches for faults that break a spec",
);

const STEPS: [(&str, &str, &str); 12] = [
    ("node", "node ${1:n}: ${2:Kind};", "starts a node"),
    ("tick", "tick;", "runs a tick of every node"),
    ("settle", "settle;", "delivers all until nothing changes"),
    ("expect", "expect $0;", "what must be so now"),
    ("advance", "advance ${1:1s};", "moves the clock"),
    ("crash", "crash ${1:node};", "stops a node"),
    ("restart", "restart ${1:node};", "starts it again"),
    (
        "partition",
        "partition {${1:a}} | {${2:b}};",
        "cuts the network",
    ),
    ("heal", "heal;", "mends the network"),
    (
        "drop",
        "drop ${1:from} -> ${2:to} ${3:channel};",
        "loses the next message",
    ),
    (
        "seal",
        "seal ${1:input}{$2};",
        "seals a partition of an input",
    ),
    (
        "expect error",
        "expect error \"${1:text}\";",
        "a row error that must come",
    ),
];

impl Complete<'_, '_> {
    pub(super) fn start(&mut self) {
        match self.cursor.block {
            Block::Items => {
                self.snippets(&ITEMS);
                self.snippets(&[FAULT_TEST]);
                self.heads();
                self.imports();
            }
            Block::Rules => self.heads(),
            Block::Spec => {
                let words = [
                    (
                        "never",
                        "never ${1:wrong}($2) <= $0;",
                        "a row is a violation",
                    ),
                    ("pre", "pre($1) <= $0;", "each row needs its `post` row"),
                    ("post", "post($1) <= $0;", "what each `pre` row needs"),
                ];
                self.snippets(&words);
            }
            Block::Steps => {
                self.snippets(&STEPS);
                for (name, kind) in self.scene.test_nodes() {
                    self.add(name, CompletionKind::Node, kind);
                }
                self.heads();
            }
            Block::Parts => {
                for word in ["bottom", "merge", "input", "output", "path"] {
                    self.add(word, CompletionKind::Keyword, "");
                }
            }
        }
    }

    fn snippets(&mut self, all: &[(&str, &str, &str)]) {
        for (word, insert, detail) in all {
            let one = self.add(*word, CompletionKind::Snippet, *detail);
            (*insert).clone_into(&mut one.insert);
            one.is_snippet = true;
        }
    }

    /// What rules can derive into.
    fn heads(&mut self) {
        self.rows();
        self.import_names();
    }
}
