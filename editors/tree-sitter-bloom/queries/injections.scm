; Comments are a language of their own where an editor has one for them.
([(line_comment) (block_comment)] @injection.content
  (#set! injection.language "comment"))
