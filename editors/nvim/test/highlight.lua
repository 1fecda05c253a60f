-- What the grammar makes of a program, and that its colours are there.

local function check(found, what)
  if not found then
    print("failed: " .. what)
    vim.cmd("cquit!")
  end
end

local file = vim.fn.tempname() .. ".bloom"
vim.fn.writefile({
  "/// What is put.",
  "input put(table: String => val: Int);",
  "output got(n: Int);",
  'got{n: if val > 3 then 1 else 0} <= put{table, val}, table != "a{1 + 2}b";',
}, file)
vim.cmd("edit " .. file)
local buffer = vim.api.nvim_get_current_buf()
check(vim.bo[buffer].filetype == "bloom", "the file has its type")

local tree = vim.treesitter.get_parser(buffer, "bloom"):parse()[1]
check(not tree:root():has_error(), "the program is understood")
check(vim.treesitter.highlighter.active[buffer] ~= nil, "the colours are on")

local get_query = vim.treesitter.query.get or vim.treesitter.get_query
local query = get_query("bloom", "highlights")
local text_of = vim.treesitter.get_node_text or vim.treesitter.query.get_node_text
local found = {}
for id, node in query:iter_captures(tree:root(), buffer, 0, -1) do
  found[query.captures[id] .. " " .. text_of(node, buffer)] = true
end
for _, wanted in ipairs({
  "keyword input", "keyword if", "operator <=", "number 3", 'string "a{', "type Int", "property table",
  "comment /// What is put.",
}) do
  check(found[wanted], wanted)
end
-- A name that is a keyword elsewhere is none here.
check(not found["keyword table"], "`table` is a name")

print("ok")
vim.cmd("qall!")
