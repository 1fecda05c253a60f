// The parts of the extension that need no editor.

const assert = require("node:assert");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const test = require("node:test");

// What the parts ask of the editor only when it is there.
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => (request === "vscode" ? require.resolve("./vscode.js") : resolve(request, ...rest));

const { found, verdict } = require("../src/tests.js");
const { differences, page, runs } = require("../src/views.js");

test("tests are found where they stand", () => {
  const text = '// test "no"\ntest "one" {\n}\n\n  fault   test "two \\"x\\"" checks s {\n}\n';
  assert.deepStrictEqual(found(text), [
    { command: "test", name: "one", line: 1 },
    { command: "faults", name: 'two \\"x\\"', line: 4 },
  ]);
});

test("a verdict is what the program said", () => {
  const of = (results, failed, err = "") => verdict({ results, failed, err }, "one");
  assert.strictEqual(of([{ test: "one", result: "passed" }]), undefined);
  assert.strictEqual(of([{ test: "one", result: "failed", message: "why" }]), "why");
  assert.strictEqual(of([{ test: "one", verdict: "certified" }]), undefined);
  assert.match(of([{ test: "one", verdict: "counterexample", minimum: 2 }]), /counterexample.*2/);
  assert.strictEqual(of([], { message: "gone" }, "it does not compile\n"), "it does not compile");
});

test("a witness becomes tables, and what it says is no markup", () => {
  const run = (row) => ({
    ticks: [{ node: "n", tick: 1, arrivals: ['put("<a>")'], sends: [], rows: [row], errors: [] }],
    ends: [{ node: "n", rows: [row], restless: false }],
  });
  const witness = { runs: [run("1"), run("2")] };
  const text = runs(witness);
  assert.match(text, /put\(&quot;&lt;a&gt;&quot;\)/);
  assert.match(text, /Run 2/);
  const report = { outputs: [{ name: "o", node: "N", witness }, { name: "p", node: "N" }], views: [] };
  assert.strictEqual(differences(report, "N.o").length, 1);
  assert.match(page("a & b", text), /a &amp; b/);
});

test("the manifest names files and commands that are there", () => {
  const root = path.join(__dirname, "..");
  const manifest = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  const { grammars, snippets, languages, walkthroughs, commands, problemMatchers } = manifest.contributes;
  const files = [...grammars, ...snippets].map((one) => one.path);
  files.push(...languages.map((one) => one.configuration));
  files.push(...walkthroughs.flatMap((one) => one.steps.map((step) => step.media.markdown)));
  files.forEach((file) => assert.ok(fs.existsSync(path.join(root, file)), file));
  const extension = fs.readFileSync(path.join(root, "src", "extension.js"), "utf8");
  commands.forEach(({ command }) => assert.ok(extension.includes(`"${command}"`), command));
  const [first, second] = problemMatchers[0].pattern.map(({ regexp }) => new RegExp(regexp));
  assert.strictEqual(first.exec("[W0401] Warning: rows of `get`")[3], "rows of `get`");
  assert.deepStrictEqual([...second.exec("   ╭─[ src/w.bloom:6:1 ]")].slice(1), ["src/w.bloom", "6", "1"]);
});
