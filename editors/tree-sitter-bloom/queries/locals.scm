; A variable is of its rule, function or arm.
[(rule) (function) (lambda) (arm) (let_expression)] @local.scope
(parameter name: (identifier) @local.definition)
(pattern (identifier) @local.definition)
(identifier) @local.reference
