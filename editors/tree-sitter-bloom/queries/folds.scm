[
  (module)
  (lattice)
  (bootstrap)
  (rules)
  (spec)
  (test)
  (fault_test)
  (extern_node)
  (record)
  (enum)
  (rule)
  (block_comment)
] @fold
