// The test explorer: finds `test` and `fault test` blocks by their lenses' words, and runs them with the program.

const { execFile } = require("node:child_process");
const path = require("node:path");
const vscode = require("vscode");

const TEST = /^[ \t]*(fault\s+)?test\s+"((?:[^"\\]|\\.)*)"/gm;

/** The tests of a text: kind, name, and the line that each begins on. */
function found(text) {
  return [...text.matchAll(TEST)].map((match) => ({
    command: match[1] ? "faults" : "test",
    name: match[2],
    line: text.slice(0, match.index + match[0].search(/\S/)).split("\n").length - 1,
  }));
}

/** What a run of one test says: each line of the output is a JSON object. */
function run(program, command, uri, name, token) {
  return new Promise((resolve) => {
    const only = command === "test" ? ["--filter", name] : [];
    const args = [command, uri.fsPath, "--format", "json", ...only];
    const options = { cwd: path.dirname(uri.fsPath), maxBuffer: 1 << 26 };
    const child = execFile(program(), args, options, (error, out, err) => {
      const lines = out.split("\n").filter((line) => line.startsWith("{"));
      resolve({ failed: error, results: lines.map((line) => JSON.parse(line)), err });
    });
    token?.onCancellationRequested(() => child.kill());
  });
}

/** Whether a test passed, and if not why, as far as the program says. */
function verdict({ failed, results, err }, name) {
  const own = results.filter((result) => result.test === name || result.name === name);
  const bad = own.find((result) => result.result !== undefined && result.result !== "passed");
  if (bad) {
    return bad.message ?? `The test ${bad.result}.`;
  }
  const searched = own.find((result) => result.verdict !== undefined);
  if (searched && searched.verdict !== "certified") {
    return `${searched.verdict}: ${searched.message ?? JSON.stringify(searched.minimum ?? "")}`;
  }
  if (own.length === 0 && failed) {
    return err.trim() || String(failed.message);
  }
  return undefined;
}

function tests(program) {
  const controller = vscode.tests.createTestController("bloom", "Bloom");
  const kinds = new WeakMap();

  const refresh = (uri, text) => {
    const all = found(text);
    if (all.length === 0) {
      controller.items.delete(uri.toString());
      return;
    }
    const file = controller.createTestItem(uri.toString(), path.basename(uri.fsPath), uri);
    controller.items.add(file);
    for (const test of all) {
      const item = controller.createTestItem(`${uri}#${test.command}#${test.name}`, test.name, uri);
      item.range = new vscode.Range(test.line, 0, test.line, 0);
      kinds.set(item, test.command);
      file.children.add(item);
    }
  };

  const look = (document) => {
    if (document.languageId === "bloom" && document.uri.scheme === "file") {
      refresh(document.uri, document.getText());
    }
  };

  controller.refreshHandler = async () => {
    controller.items.replace([]);
    for (const uri of await vscode.workspace.findFiles("**/*.bloom")) {
      const bytes = await vscode.workspace.fs.readFile(uri);
      refresh(uri, Buffer.from(bytes).toString("utf8"));
    }
  };

  // The explorer is opened: there are tests in files that are not.
  controller.resolveHandler = async (item) => {
    if (!item) {
      await controller.refreshHandler();
    }
  };

  const runAll = async (request, token) => {
    const wanted = [];
    const add = (item) => (item.children.size > 0 ? item.children.forEach(add) : wanted.push(item));
    (request.include ?? [...controller.items].map(([, item]) => item)).forEach(add);
    const excluded = new Set(request.exclude ?? []);
    const session = controller.createTestRun(request);
    for (const item of wanted.filter((item) => !excluded.has(item))) {
      if (token.isCancellationRequested) {
        session.skipped(item);
        continue;
      }
      session.started(item);
      const from = Date.now();
      const result = await run(program, kinds.get(item) ?? "test", item.uri, item.label, token);
      const why = verdict(result, item.label);
      if (why === undefined) {
        session.passed(item, Date.now() - from);
      } else {
        const message = new vscode.TestMessage(why);
        message.location = new vscode.Location(item.uri, item.range);
        session.failed(item, message, Date.now() - from);
      }
    }
    session.end();
  };
  controller.createRunProfile("Run", vscode.TestRunProfileKind.Run, runAll, true);

  const subscriptions = [
    vscode.workspace.onDidOpenTextDocument(look),
    vscode.workspace.onDidChangeTextDocument((change) => look(change.document)),
  ];
  vscode.workspace.textDocuments.forEach(look);

  return {
    async runNamed(command, uri, name) {
      const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
      await open?.save();
      const file = controller.items.get(uri.toString());
      const item = file?.children.get(`${uri}#${command}#${name}`);
      if (item) {
        await runAll(new vscode.TestRunRequest([item]), new vscode.CancellationTokenSource().token);
      }
    },
    dispose() {
      subscriptions.forEach((subscription) => subscription.dispose());
      controller.dispose();
    },
  };
}

module.exports = { tests, found, verdict };
