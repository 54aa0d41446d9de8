// Bundles the extension into dist/extension.js, or with --tests each test into out/, where node can run it.

import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const shared = { bundle: true, format: "cjs", platform: "node", target: "node20", logLevel: "warning" };

/** What the licences of the packages in a bundle ask for: their texts. */
function licences(inputs) {
  const folders = new Set(
    Object.keys(inputs).flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []),
  );
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) {
      throw new Error(`${folder} comes without the text of its licence`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

if (process.argv.includes("--tests")) {
  const entryPoints = readdirSync("test")
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name}`);
  await build({ ...shared, entryPoints, outdir: "out", sourcemap: "inline" });
} else {
  const outfile = "dist/extension.js";
  const options = {
    entryPoints: ["src/extension.ts"],
    outfile,
    external: ["vscode"],
    minify: true,
    legalComments: "none",
  };
  const { metafile } = await build({ ...shared, ...options, metafile: true });
  copyFileSync("../../LICENSE", "LICENSE");
  writeFileSync("dist/licences.txt", licences(metafile.inputs));
}
