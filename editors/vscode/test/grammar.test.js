// The grammar, by the engine that VS Code itself colours with.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const root = path.join(__dirname, "..");
const grammarFile = path.join(root, "syntaxes", "bloom.tmLanguage.json");

async function load() {
  const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(grammarFile, "utf8"), grammarFile),
  });
  return registry.loadGrammar("source.bloom");
}

/** Each word of a text with the innermost scope that it has. */
function words(grammar, text) {
  let stack = textmate.INITIAL;
  const found = [];
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    stack = ruleStack;
    for (const { startIndex, endIndex, scopes } of tokens) {
      const word = line.slice(startIndex, endIndex).trim();
      if (word) {
        found.push([word, scopes.at(-1)]);
      }
    }
  }
  return found;
}

const loaded = load();

test("words have the scopes of what they are", async () => {
  const grammar = await loaded;
  const all = words(grammar, 'table store(key: String => val: Max<Int>) durable;\nstore{key, val: 5s} <+- put{key}, not gone{key}; // end\n/* a /* b */ c */ x <= "a {y + 1} \\n";');
  const scope = (word) => all.find(([own]) => own === word)?.[1];
  assert.strictEqual(scope("table"), "storage.type.bloom");
  assert.strictEqual(scope("store"), "entity.name.type.collection.bloom");
  assert.strictEqual(scope("String"), "entity.name.type.bloom");
  assert.strictEqual(scope("durable"), "storage.modifier.bloom");
  assert.strictEqual(scope("5s"), "constant.numeric.bloom");
  assert.strictEqual(scope("<+-"), "keyword.operator.arrow.bloom");
  assert.strictEqual(scope("not"), "keyword.control.bloom");
  assert.strictEqual(scope("// end"), "comment.line.double-slash.bloom");
  assert.strictEqual(scope("c"), "comment.block.bloom");
  assert.strictEqual(scope("\\n"), "constant.character.escape.bloom");
  assert.strictEqual(scope("1"), "constant.numeric.bloom");
});

test("no program of the corpus leaves a comment or text open", async () => {
  const grammar = await loaded;
  const folder = path.join(root, "..", "..", "tests", "conformance");
  let files = 0;
  for (const name of fs.readdirSync(folder, { recursive: true })) {
    if (!name.endsWith(".bloom") || path.basename(name).startsWith("reject")) {
      continue;
    }
    let stack = textmate.INITIAL;
    for (const line of fs.readFileSync(path.join(folder, name), "utf8").split("\n")) {
      stack = grammar.tokenizeLine(line, stack).ruleStack;
    }
    assert.strictEqual(stack.depth, 1, `${name} ends inside of something`);
    files += 1;
  }
  assert.ok(files > 100, `${files} files`);
});
