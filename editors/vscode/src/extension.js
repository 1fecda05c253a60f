// The extension: starts the language server, runs tests and tasks, and shows graphs and witnesses.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");
const { tests } = require("./tests.js");
const { tasks } = require("./tasks.js");
const views = require("./views.js");

/** @type {LanguageClient | undefined} */
let client;

const program = () => vscode.workspace.getConfiguration("bloom").get("path", "bloom");

async function start() {
  // Without a transport the client speaks over standard input and output, and adds no option of its own.
  const server = { command: program(), args: ["lsp"] };
  const languages = ["bloom", "dedalus"].map((language) => ({ scheme: "file", language }));
  const documents = [...languages, { scheme: "file", pattern: "**/bloom.toml" }];
  client = new LanguageClient("bloom", "Bloom", server, {
    documentSelector: documents,
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/{*.bloom,*.ded,bloom.toml}") },
  });
  try {
    await client.start();
  } catch (error) {
    const choice = await vscode.window.showErrorMessage(
      `Bloom: \`${program()} lsp\` does not start: ${error.message}. Is bloom installed, or the setting bloom.path right?`,
      "Open Settings",
    );
    if (choice) {
      vscode.commands.executeCommand("workbench.action.openSettings", "bloom.path");
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  // A server that never started has nothing to stop.
  await running?.stop().catch(() => undefined);
}

/** What a request of our own answers about a document; where it is refused, a page says why, and there is none. */
async function ask(method, uri) {
  if (!client) {
    vscode.window.showErrorMessage("Bloom: the language server is not running.");
    return undefined;
  }
  try {
    return await client.sendRequest(method, { textDocument: { uri: uri.toString() } });
  } catch (error) {
    views.refused(uri, error.message);
    return undefined;
  }
}

/** The document that a lens names, or else the one in front. */
function document(argument) {
  if (argument) {
    return typeof argument === "string" ? vscode.Uri.parse(argument) : argument;
  }
  return vscode.window.activeTextEditor?.document.uri;
}

async function activate(context) {
  const controller = tests(program);
  const command = (name, run) => vscode.commands.registerCommand(name, run);
  context.subscriptions.push(
    controller,
    vscode.tasks.registerTaskProvider("bloom", tasks(program)),
    command("bloom.restartServer", async () => {
      await stop();
      await start();
    }),
    command("bloom.runTest", (uri, name) => controller.runNamed("test", document(uri), name)),
    command("bloom.runFaultTest", (uri, name) => controller.runNamed("faults", document(uri), name)),
    command("bloom.showDataflow", async (argument) => {
      const uri = document(argument);
      const picture = uri && (await ask("bloom/dataflow", uri));
      if (picture) {
        views.dataflow(uri, picture);
      }
    }),
    command("bloom.showWitness", async (argument, output) => {
      const uri = document(argument);
      const report = uri && (await ask("bloom/witness", uri));
      if (report) {
        views.witness(uri, report, output);
      }
    }),
    command("bloom.showCoordination", async (argument) => {
      const uri = document(argument);
      const expanded = uri && (await ask("bloom/expand", uri));
      if (expanded) {
        const shown = await vscode.workspace.openTextDocument({ language: "bloom", content: expanded.text });
        await vscode.window.showTextDocument(shown, vscode.ViewColumn.Beside);
      }
    }),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("bloom.path")) {
        await stop();
        await start();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
