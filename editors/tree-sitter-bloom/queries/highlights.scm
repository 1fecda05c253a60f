; Colours. What comes later wins in Neovim and Helix.

(identifier) @variable
(type_identifier) @type

; keywords, made by `cargo xtask grammar`
[
  "not" "in" "let" "if" "then" "else" "match" "fn"
  "bootstrap" "distinct" "expect" "partition" "advance" "table" "scratch" "static"
  "input" "output" "view" "channel" "loopback" "periodic" "every" "durable"
  "sealed" "immutable" "by" "desc" "import" "as" "include" "without"
  "type" "record" "enum" "lattice" "lex" "bottom" "merge" "monotone"
  "morphism" "const" "rules" "seal" "module" "node" "protocol" "replicated"
  "extern" "path" "spec" "never" "test" "fault" "checks" "with"
  "until" "error" "tick" "settle" "crash" "restart" "heal" "drop"
] @keyword
; end of keywords

["true" "false"] @boolean
["self" "_"] @variable.builtin

[
  "=" "=>" "->" "==" "!=" "<" ">" ">=" "||" "&&" "!" "+" "-" "*" "/" "%" ".." "|" "?" "@"
] @operator
(arrow) @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ";" ":" "."] @punctuation.delimiter

(integer) @number
(float) @number
(duration) @number
[(string) (string_start) (string_middle) (string_end) (bytes) (address)] @string
[(line_comment) (block_comment)] @comment

(attribute "#" @attribute)
(attribute name: (identifier) @attribute)
(collection name: (identifier) @constructor)
(head path: (path) @constructor)
(row path: (identifier) @constructor)
(column name: (identifier) @property)
(field name: (identifier) @property)
(field_init name: (identifier) @property)
(field_expression name: (identifier) @property)
(function name: (identifier) @function)
(call callee: (identifier) @function)
(call callee: (field_expression name: (identifier) @function))
(constant name: (identifier) @constant)
(parameter name: (identifier) @variable.parameter)
