// The server by the protocol's own library: every answer has the shape that the library wants.
// `BLOOM` is the program; without it there is nothing to test.

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const test = require("node:test");
const protocol = require("vscode-languageserver-protocol/node");
const { PositionEncodingKind } = protocol;

const TEXT = `/// What is put.
input put(key: String => val: Int);
input get(req: Req, key: String);
output got(req: Req => val: Int);
table store(key: String => val: Max<Int>);
scratch twice(key, n);
store{key, val} <= put{key, val};
twice(key, n) <= put(key, v), let n = v + v;
got{req, val: val.reveal} <= get{req, key}, store{key, val};
test "a value comes back" {
  put{key: "a", val: 1};
  tick;
}
`;
const uri = "file:///virtual/main.bloom";
const document = { uri };
const at = (line, character) => ({ textDocument: document, position: { line, character } });
const row = { start: { line: 7, character: 19 }, end: { line: 7, character: 19 } };
const whole = { start: { line: 0, character: 0 }, end: { line: 13, character: 0 } };

async function connect() {
  const server = spawn(process.env.BLOOM, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = protocol.createProtocolConnection(
    new protocol.StreamMessageReader(server.stdout),
    new protocol.StreamMessageWriter(server.stdin),
  );
  connection.listen();
  const { capabilities } = await connection.sendRequest(protocol.InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    capabilities: {
      general: { positionEncodings: [PositionEncodingKind.UTF16] },
      textDocument: {
        diagnostic: {},
        completion: { completionItem: { snippetSupport: true } },
        codeAction: { dataSupport: true, resolveSupport: { properties: ["edit"] } },
      },
    },
  });
  await connection.sendNotification(protocol.InitializedNotification.type, {});
  await connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "bloom", version: 1, text: TEXT },
  });
  return { server, connection, capabilities };
}

const all = (list, is, what) => {
  assert.ok(Array.isArray(list) && list.length > 0, `${what}: ${JSON.stringify(list)}`);
  list.forEach((one) => assert.ok(is(one), `${what}: ${JSON.stringify(one)}`));
};

// Of these the library has types only.
const isItem = (one) => protocol.TextEdit.is(one.textEdit) && typeof one.label === "string";
const isHighlight = (one) => protocol.Range.is(one.range) && protocol.uinteger.is(one.kind);
const isSymbol = (one) => typeof one.name === "string" && protocol.Location.is(one.location);

test("every answer has the protocol's shape", { skip: !process.env.BLOOM }, async () => {
  const { server, connection, capabilities } = await connect();
  const ask = (request, params) => connection.sendRequest(request.type, params);
  assert.strictEqual(capabilities.positionEncoding, "utf-16");

  const report = await ask(protocol.DocumentDiagnosticRequest, { textDocument: document });
  all(report.items, protocol.Diagnostic.is, "diagnostics");
  const hover = await ask(protocol.HoverRequest, at(3, 8));
  assert.ok(protocol.Hover.is(hover));
  all(await ask(protocol.CompletionRequest, at(8, 32)), isItem, "completion");
  all(await ask(protocol.DefinitionRequest, at(8, 45)), protocol.Location.is, "definition");
  all(await ask(protocol.DeclarationRequest, at(8, 45)), protocol.Location.is, "declaration");
  all(await ask(protocol.ReferencesRequest, { ...at(4, 7), context: { includeDeclaration: true } }), protocol.Location.is, "references");
  all(await ask(protocol.DocumentHighlightRequest, at(4, 7)), isHighlight, "highlights");
  all(await ask(protocol.DocumentSymbolRequest, { textDocument: document }), protocol.DocumentSymbol.is, "symbols");
  all(await ask(protocol.WorkspaceSymbolRequest, { query: "g" }), isSymbol, "workspace symbols");
  all(await ask(protocol.CodeLensRequest, { textDocument: document }), protocol.CodeLens.is, "lenses");
  all(await ask(protocol.FoldingRangeRequest, { textDocument: document }), protocol.FoldingRange.is, "folds");
  all(await ask(protocol.SelectionRangeRequest, { textDocument: document, positions: [{ line: 6, character: 3 }] }), protocol.SelectionRange.is, "selections");
  all(await ask(protocol.InlayHintRequest, { textDocument: document, range: whole }), protocol.InlayHint.is, "hints");
  const actions = await ask(protocol.CodeActionRequest, { textDocument: document, range: row, context: { diagnostics: [] } });
  all(actions, (one) => typeof one.title === "string" && one.edit === undefined, "actions");
  const chosen = await ask(protocol.CodeActionResolveRequest, actions[0]);
  assert.ok(protocol.CodeAction.is(chosen) && protocol.WorkspaceEdit.is(chosen.edit), JSON.stringify(chosen));
  const items = await ask(protocol.CallHierarchyPrepareRequest, at(4, 7));
  assert.ok(protocol.Range.is(items[0].selectionRange));
  const help = await ask(protocol.SignatureHelpRequest, at(7, 22));
  assert.ok(help.signatures.length > 0 && protocol.uinteger.is(help.activeParameter));
  const tokens = await ask(protocol.SemanticTokensRequest, { textDocument: document });
  assert.ok(protocol.SemanticTokens.is(tokens));
  const edit = await ask(protocol.RenameRequest, { ...at(4, 7), newName: "kept" });
  assert.ok(protocol.WorkspaceEdit.is(edit));
  all(edit.changes[uri], protocol.TextEdit.is, "renaming");
  const range = await ask(protocol.PrepareRenameRequest, at(4, 7));
  assert.ok(protocol.Range.is(range));

  await ask(protocol.ShutdownRequest, undefined);
  await connection.sendNotification(protocol.ExitNotification.type);
  const code = await new Promise((resolve) => server.on("exit", resolve));
  assert.strictEqual(code, 0);
});
