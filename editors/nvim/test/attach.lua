-- A real editor against the real server: attaches, and asks what a person would. The last line is `ok`.

-- Where the server writes the standard library.
vim.env.XDG_CACHE_HOME = vim.fn.tempname()

local PROGRAM = [[
/// What is put.
input put(key: String => val: Int);
input get(req: Req, key: String);
output got(req: Req => val: Int);
table store(key: String => val: Max<Int>);
store{key, val}   <= put{key, val};
got{req, val: val.reveal} <= get{req, key}, store{key, vall};
]]

local function check(condition, what)
  if not condition then
    print("FAILED: " .. what)
    vim.cmd("cquit")
  end
end

local function wait(what, condition)
  check(vim.wait(20000, condition, 20), what)
end

local folder = vim.fn.tempname()
vim.fn.mkdir(folder, "p")
local file = folder .. "/main.bloom"
vim.fn.writefile(vim.split(PROGRAM, "\n"), file)
vim.cmd("edit " .. file)
local buffer = vim.api.nvim_get_current_buf()
check(vim.bo.filetype == "bloom", "the file type is found")

local function ask(method, line, character, more)
  local params = vim.tbl_extend("force", {
    textDocument = { uri = vim.uri_from_bufnr(buffer) },
    position = { line = line, character = character },
  }, more or {})
  local answers = vim.lsp.buf_request_sync(buffer, method, params, 20000)
  check(answers ~= nil, method .. " is answered")
  for _, answer in pairs(answers) do
    check(answer.err == nil, method .. ": " .. vim.inspect(answer.err))
    return answer.result
  end
  check(false, method .. " is answered by a client")
end

-- The mistake in the last rule is told, and goes away when it is mended.
wait("an error is shown", function()
  local found = vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR })
  return #found > 0 and found[1].lnum == 6
end)
vim.api.nvim_buf_set_lines(buffer, 6, 7, true, { "got{req, val: val.reveal} <= get{req, key}, store{key, val};" })
wait("the error goes away", function()
  return #vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR }) == 0
end)

local hover = ask("textDocument/hover", 3, 8)
check(hover.contents.value:find("output got%(req: Req => val: Int%)"), "hover has the declaration")
wait("hover has the label", function()
  return ask("textDocument/hover", 3, 8).contents.value:find("%*%*run%*%*") ~= nil
end)
local definition = ask("textDocument/definition", 6, 45)
check(definition[1].range.start.line == 4, "the definition is found")

local completion = ask("textDocument/completion", 6, 33)
check(#completion > 0, "something is completed")

-- The editor's own commands change the buffer.
vim.api.nvim_win_set_cursor(0, { 5, 7 })
vim.lsp.buf.rename("kept")
wait("the name changes everywhere", function()
  local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), "\n")
  local _, count = text:gsub("kept", "")
  return count == 3 and not text:find("store")
end)
if vim.lsp.buf.format then
  vim.lsp.buf.format({ timeout_ms = 20000 })
else
  vim.lsp.buf.formatting_sync({}, 20000)
end
local rule = vim.api.nvim_buf_get_lines(buffer, 5, 6, true)[1]
check(not rule:find("  <=") or rule:find("<= put"), "the rule is formatted")
check(#ask("textDocument/documentSymbol", 0, 0) == 4, "the outline has four collections")

-- A name of the standard library leads to its file, which the same server knows and nobody changes.
vim.api.nvim_buf_set_lines(buffer, 0, 0, true, { "import std.delivery.reliable<Int> as wire;" })
vim.api.nvim_win_set_cursor(0, { 1, 22 })
vim.lsp.buf.definition()
wait("the library is opened", function()
  return vim.api.nvim_buf_get_name(0):find("/bloom/std%-%x+/delivery%.bloom$") ~= nil
end)
local library = vim.api.nvim_get_current_buf()
local line = vim.api.nvim_win_get_cursor(0)[1]
check(vim.fn.getline(line):find("^module reliable<P>"), "the cursor is at the module")
check(vim.bo[library].readonly and not vim.bo[library].modifiable, "the library is only read")
check(#vim.lsp.get_active_clients() == 1, "one server serves both")
local said = vim.lsp.buf_request_sync(library, "textDocument/hover", {
  textDocument = { uri = vim.uri_from_bufnr(library) },
  position = { line = line - 1, character = 8 },
}, 20000)
for _, answer in pairs(said or {}) do
  check(answer.result.contents.value:find("module reliable<P>"), "the library is told of")
end
check(#vim.diagnostic.get(library) == 0, "nothing is wrong with the library")

print("ok")
vim.cmd("qall!")
