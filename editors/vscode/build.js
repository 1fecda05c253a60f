// Bundles the extension and the language client into one file, so that it is packaged without its dependencies.

require("esbuild").buildSync({
  entryPoints: [`${__dirname}/src/extension.js`],
  outfile: `${__dirname}/dist/extension.js`,
  bundle: true,
  platform: "node",
  target: "node20",
  external: ["vscode"],
  minify: true,
  sourcemap: false,
});
