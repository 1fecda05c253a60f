-- Bloom and Dedalus files: their types, and the language server for each buffer that has one.
-- `vim.g.bloom_path` is the program, if it is not `bloom` on the PATH.

if vim.g.loaded_bloom then
  return
end
vim.g.loaded_bloom = true

-- `vim.filetype.add` does nothing by default before version 0.8.
for extension, filetype in pairs({ bloom = "bloom", ded = "dedalus" }) do
  vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, {
    pattern = "*." .. extension,
    callback = function(event)
      vim.bo[event.buf].filetype = filetype
    end,
  })
end

-- Whether a file is of the standard library, as the server writes it for definitions to be opened.
local function is_library(file)
  return file:find("/bloom/std%-%x+/") ~= nil
end

-- The root of the last buffer that is not of the library, whose server the library's files go to as well.
local last_root

-- The folder that holds the package, or the file.
local function root_of(file)
  if last_root and is_library(file) then
    return last_root
  end
  local folder = vim.fn.fnamemodify(file, ":p:h")
  local manifest = vim.fn.findfile("bloom.toml", folder .. ";")
  return manifest == "" and folder or vim.fn.fnamemodify(manifest, ":p:h")
end

local clients = {}

local function attach(buffer)
  local file = vim.api.nvim_buf_get_name(buffer)
  local root = root_of(file)
  if is_library(file) then
    vim.bo[buffer].readonly = true
    vim.bo[buffer].modifiable = false
  else
    last_root = root
  end
  local config = { name = "bloom", cmd = { vim.g.bloom_path or "bloom", "lsp" }, root_dir = root }
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
    return
  end
  -- Before version 0.8: one client a folder, started by hand.
  if clients[root] == nil then
    config.on_exit = function()
      clients[root] = nil
    end
    clients[root] = vim.lsp.start_client(config)
  end
  if clients[root] then
    vim.lsp.buf_attach_client(buffer, clients[root])
  end
end

-- Colours by the tree-sitter grammar, where it is installed: before the server has answered, and without it.
local function highlight(buffer)
  if vim.bo[buffer].filetype ~= "bloom" or #vim.api.nvim_get_runtime_file("parser/bloom.so", false) == 0 then
    return
  end
  if vim.treesitter.start then
    vim.treesitter.start(buffer, "bloom")
  else
    -- Before version 0.8.
    vim.treesitter.highlighter.new(vim.treesitter.get_parser(buffer, "bloom"))
  end
end

-- A manifest has a file type of its own, TOML.
vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, {
  pattern = "bloom.toml",
  callback = function(event)
    attach(event.buf)
  end,
})

vim.api.nvim_create_autocmd("FileType", {
  pattern = { "bloom", "dedalus" },
  callback = function(event)
    vim.bo[event.buf].commentstring = "// %s"
    attach(event.buf)
    highlight(event.buf)
  end,
})
