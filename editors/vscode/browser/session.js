// What a person does first with the extension, in a real VS Code: sees a mistake, takes its fix, asks what a collection
// is, renames it, finds the lens above a test and the one above a point of order. Each step leaves a screenshot.

const assert = require("node:assert");
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [folder, vsix] = process.argv.slice(2).map((one) => path.resolve(one));
const entry = path.join(folder, "node_modules/code-server/out/node/entry.js");
const state = path.join(folder, "state");
const workspace = path.join(state, "workspace");
const shots = path.join(folder, "screenshots");
const STEP_MS = 30_000;

const PROGRAM = `/// What is put.
input put(key: String => val: Int);
input get(req: Req, key: String);
/// The value of now.
output got(req: Req => val: Int);
/// The greatest value of each key.
table store(key: String => val: Max<Int>);

store{key, val} <= putt{key, val};
got{req, val: val.reveal} <= get{req, key}, store{key, val};

test "a value comes back" {
  put{key: "a", val: 1};
  tick;
  expect store{key: "a"};
}
`;

// A server on a port of its own, with a state of its own.
function prepare() {
  fs.rmSync(state, { recursive: true, force: true });
  fs.mkdirSync(path.join(state, "data/User"), { recursive: true });
  fs.mkdirSync(workspace);
  fs.mkdirSync(shots, { recursive: true });
  fs.writeFileSync(path.join(workspace, "main.bloom"), PROGRAM);
  const settings = {
    "bloom.path": process.env.BLOOM,
    "security.workspace.trust.enabled": false,
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": false,
    "extensions.autoCheckUpdates": false,
    "files.autoSave": "off",
    "editor.minimap.enabled": false,
    "chat.commandCenter.enabled": false,
    "git.enabled": false,
  };
  fs.writeFileSync(path.join(state, "data/User/settings.json"), JSON.stringify(settings));
  const installed = spawnSync(process.execPath, [entry, ...places(), "--install-extension", vsix], {
    encoding: "utf8",
    env: environment(),
  });
  assert.strictEqual(installed.status, 0, installed.stdout + installed.stderr);
}

const places = () => [
  "--user-data-dir", path.join(state, "data"),
  "--extensions-dir", path.join(state, "extensions"),
  "--config", path.join(state, "config.yaml"),
];

const environment = () => ({ ...process.env, HOME: state, XDG_CONFIG_HOME: state, XDG_DATA_HOME: state });

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

async function serve() {
  const address = `127.0.0.1:${await freePort()}`;
  const options = ["--auth", "none", "--bind-addr", address, "--disable-telemetry", "--disable-update-check"];
  const server = spawn(process.execPath, [entry, ...places(), ...options, workspace], { env: environment() });
  const log = fs.createWriteStream(path.join(folder, "server.log"));
  server.stdout.pipe(log);
  server.stderr.pipe(log);
  for (let tries = 0; tries < 120; tries += 1) {
    const answer = await fetch(`http://${address}/healthz`).catch(() => undefined);
    if (answer?.ok) return { server, url: `http://${address}/?folder=${workspace}` };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`code-server does not answer: ${path.join(folder, "server.log")}`);
}

// The editor's lines as they are shown, whatever blanks they are drawn with.
const lines = (page) =>
  page.locator(".editor-instance .view-lines .view-line").evaluateAll((all) =>
    all
      .map((line) => [Number.parseInt(line.style.top, 10), line.textContent.replaceAll("\u00a0", " ")])
      .sort(([one], [other]) => one - other)
      .map(([, text]) => text),
  );

async function until(what, is) {
  const end = Date.now() + STEP_MS;
  for (;;) {
    const found = await is();
    if (found) return found;
    assert.ok(Date.now() < end, `it took too long: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

// Where the first occurrence of a word in a line stands, by the browser's own measure.
async function spot(page, start, word) {
  const line = page.locator(".editor-instance .view-line").filter({ hasText: start }).first();
  return line.evaluate((node, word) => {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const at = text.data.indexOf(word);
      if (at >= 0) {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + word.length);
        const box = range.getBoundingClientRect();
        return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      }
    }
    throw new Error(`no ${word}`);
  }, word);
}

async function click(page, start, word) {
  const { x, y } = await spot(page, start, word);
  await page.mouse.click(x, y);
}

const STEPS = {
  async "a mistake is underlined"(page) {
    await page.locator(".squiggly-error").first().waitFor({ timeout: STEP_MS });
  },
  async "its quick fix mends it"(page) {
    const fix = page.locator(".action-widget .monaco-list-row").filter({ hasText: /write\s`put`/ });
    await until("the fixes", async () => {
      // Lenses that appear move the line, and the list goes when the text is drawn anew.
      await page.keyboard.press("Escape");
      await click(page, "putt{", "putt");
      await page.keyboard.press("Control+Period");
      await page.waitForTimeout(1500);
      return fix.first().isVisible();
    });
    await page.screenshot({ path: path.join(shots, "fixes.png") });
    await page.keyboard.press("Enter");
    await until("the fix", async () => (await lines(page)).some((line) => line.includes("<= put{key, val}")));
    await page.locator(".squiggly-error").first().waitFor({ state: "hidden", timeout: STEP_MS });
  },
  async "a collection is told with its label"(page) {
    const hover = page.locator(".monaco-hover:visible").filter({ hasText: /output\sgot\(req:/ });
    await until("the hover", async () => {
      // Lenses that appear move the line.
      const { x, y } = await spot(page, "output got", "got");
      await page.mouse.move(x - 200, y + 200);
      await page.mouse.move(x, y);
      await page.waitForTimeout(1500);
      return (await hover.count()) > 0;
    });
    const said = (await hover.first().innerText()).replaceAll("\u00a0", " ");
    assert.match(said, /The value of now/);
    assert.match(said, /run: differs from run to run/);
  },
  async "a point of order and a test have lenses"(page) {
    const lenses = page.locator(".codelens-decoration");
    const shown = async () => (await lenses.allInnerTexts()).join("\n").replaceAll("\u00a0", " ");
    const all = await until("the lenses", async () => {
      const text = await shown();
      return text.includes("show two runs that differ") && text.includes("Run test") ? text : undefined;
    });
    assert.match(all, /run: show two runs that differ/);
  },
  async "a name changes everywhere"(page) {
    await page.keyboard.press("Escape");
    await click(page, "table store", "store");
    await page.keyboard.press("F2");
    const box = page.locator(".rename-box input.rename-input");
    await box.waitFor({ timeout: STEP_MS });
    await box.fill("kept");
    await page.screenshot({ path: path.join(shots, "renaming.png") });
    await page.keyboard.press("Enter");
    const text = await until("the renaming", async () => {
      const text = (await lines(page)).join("\n");
      return text.includes("table kept(") ? text : undefined;
    });
    for (const part of ["kept{key, val} <=", ", kept{key, val};", "expect kept{key"]) {
      assert.ok(text.includes(part), `${part} of\n${text}`);
    }
    assert.ok(!text.includes("store"), text);
  },
  async "the test runs from its lens"(page) {
    await page.keyboard.press("Control+s");
    await page.locator(".codelens-decoration a").filter({ hasText: /Run\stest/ }).first().click();
    const passed = page.locator(".testing-run-glyph.testing-run-passed, .codicon-testing-passed-icon").first();
    await passed.waitFor({ timeout: STEP_MS });
  },
  async "two runs that differ are shown"(page) {
    await page.locator(".codelens-decoration a").filter({ hasText: /show\stwo\sruns/ }).first().click();
    const text = await shownInView(page, "Runs of main.bloom");
    assert.match(text, /got/);
  },
  async "the dataflow graph is shown"(page) {
    await page.locator(".tab").filter({ hasText: "main.bloom" }).first().click();
    await page.keyboard.press("F1");
    await page.keyboard.type("Bloom: Show Dataflow Graph");
    await page.waitForTimeout(500);
    await page.keyboard.press("Enter");
    const text = await shownInView(page, "Dataflow of main.bloom");
    for (const name of ["put", "kept", "got"]) assert.ok(text.includes(name), `${name} of ${text}`);
  },
};

// The text of a page that the extension has made.
async function shownInView(page, title) {
  return until(title, async () => {
    for (const frame of page.frames()) {
      const text = await frame.locator("body").textContent({ timeout: 500 }).catch(() => "");
      if (frame !== page.mainFrame() && text.includes(title)) return text;
    }
    return undefined;
  });
}

async function main() {
  prepare();
  const { server, url } = await serve();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  let failed = 0;
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(url, { waitUntil: "domcontentloaded", timeout: STEP_MS });
    await page.locator(".monaco-workbench").waitFor({ timeout: STEP_MS });
    await page.locator(".explorer-folders-view .monaco-list-row").filter({ hasText: "main.bloom" }).dblclick({ timeout: STEP_MS });
    await page.locator(".editor-instance .view-line").first().waitFor({ timeout: STEP_MS });
    for (const [name, step] of Object.entries(STEPS)) {
      const file = path.join(shots, `${name.replaceAll(" ", "-")}.png`);
      try {
        await step(page);
        console.log(`ok: ${name}`);
      } catch (error) {
        failed += 1;
        console.log(`not ok: ${name}\n${error.stack}`);
      }
      await page.screenshot({ path: file });
    }
  } finally {
    await browser.close();
    server.kill();
  }
  process.exit(failed === 0 ? 0 : 1);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
