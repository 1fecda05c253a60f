// Pages beside the text: the dataflow graph, and two runs that give different contents.

const path = require("node:path");

const STYLE = `
  body { font-family: var(--vscode-font-family); color: var(--vscode-foreground); padding: 0 1rem; }
  svg { max-width: 100%; height: auto; background: white; border-radius: 4px; }
  table { border-collapse: collapse; margin-bottom: 1rem; }
  td, th { border: 1px solid var(--vscode-panel-border); padding: 0.2rem 0.5rem; text-align: left; vertical-align: top; }
  code, pre { font-family: var(--vscode-editor-font-family); }
  .bad { color: var(--vscode-errorForeground); }
`;

const escape = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

function page(title, body) {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline';">
<title>${escape(title)}</title><style>${STYLE}</style></head><body><h1>${escape(title)}</h1>${body}</body></html>`;
}

function show(kind, title, body) {
  const vscode = require("vscode");
  const panel = vscode.window.createWebviewPanel(kind, title, vscode.ViewColumn.Beside, {});
  panel.webview.html = page(title, body);
}

function dataflow(uri, picture) {
  const title = `Dataflow of ${path.basename(uri.fsPath)}`;
  // A graph too large for a picture is shown as text.
  show("bloom.dataflow", title, picture.svg ?? `<pre>${escape(picture.dot)}</pre>`);
}

/** Why there is nothing to show of a program. */
function refused(uri, why) {
  show("bloom.refused", `Nothing to show of ${path.basename(uri.fsPath)}`, `<p class="bad">${escape(why)}</p>`);
}

/** The outputs and views that differ, each with its reason and its two runs. */
function differences(report, wanted) {
  const all = [...(report.outputs ?? []), ...(report.views ?? [])];
  const named = (one) => wanted === undefined || `${one.node}.${one.name}` === wanted || one.name === wanted;
  const shown = all.filter((one) => one.witness && named(one));
  return shown.length > 0 ? shown : all.filter((one) => one.witness);
}

/** A run as a table of its ticks: what arrives at a node, what it sends, what the output then holds. */
function runs(witness) {
  const list = (texts) => texts.map((text) => `<code>${escape(text)}</code>`).join("<br>");
  const tick = ({ node, tick, arrivals, sends, rows, errors }) =>
    `<tr><td>${escape(node)}</td><td>${escape(tick)}</td>${[arrivals, sends, rows, errors].map((texts) => `<td>${list(texts ?? [])}</td>`).join("")}</tr>`;
  const head = ["node", "tick", "arrives", "sends", "holds", "errors"].map((word) => `<th>${word}</th>`).join("");
  const end = ({ node, rows, restless }) =>
    `<li>${escape(node)}: ${list(rows) || "nothing"}${restless ? " (and goes on)" : ""}</li>`;
  const one = (run, at) =>
    `<h3>Run ${at + 1}</h3><table><tr>${head}</tr>${run.ticks.map(tick).join("")}</table>In the end: <ul>${run.ends.map(end).join("")}</ul>`;
  return witness.runs.map(one).join("");
}

function witness(uri, report, wanted) {
  const found = differences(report, wanted);
  const body = found.map((one) => {
    const reasons = (one.because ?? []).map((blame) => `<li>${escape(blame.text ?? JSON.stringify(blame))}</li>`);
    const head = `<h2><code>${escape(one.name)}</code> <span class="bad">${escape(one.label ?? "")}</span></h2>`;
    return `${head}<ul>${reasons.join("")}</ul>${runs(one.witness)}`;
  });
  const nothing = "<p>No two small runs were found that differ: the outputs are the same in every run, or the program is too large to be explored.</p>";
  show("bloom.witness", `Runs of ${path.basename(uri.fsPath)}`, body.join("") || nothing);
}

module.exports = { dataflow, refused, witness, differences, page, runs };
