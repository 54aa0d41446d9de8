// code-server with the packaged extension, and a browser that shows it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, glob, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const CODE_SERVER = join(HERE, "node_modules/code-server/out/node/entry.js");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** What has nothing to do with kerlint is turned off: questions, news, suggestions. */
const SETTINGS = {
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "extensions.ignoreRecommendations": true,
  "extensions.autoCheckUpdates": false,
  "window.menuBarVisibility": "compact",
  "editor.minimap.enabled": false,
  "editor.hover.delay": 100,
  "workbench.editorAssociations": { "*.ipynb": "jupyter-notebook" },
};
/** Milliseconds that anything may take: a machine may be busy, and nothing is measured here. */
export const PATIENCE = 60_000;

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}

async function run(args, env) {
  const child = spawn(process.execPath, [CODE_SERVER, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  child.stdout.on("data", (data) => said.push(data));
  child.stderr.on("data", (data) => said.push(data));
  const [code] = await once(child, "exit");
  if (code !== 0) {
    throw new Error(`code-server ${args.join(" ")} ended with ${code}:\n${Buffer.concat(said)}`);
  }
}

async function serving(url) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const answer = await fetch(`${url}healthz`).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
  }
  throw new Error("code-server does not answer");
}

/** Install a package into a new code-server and open a copy of the workspace in it, with what is set and its environment. */
export async function open(vsix, { environment, settings = {}, programs = {}, extensions: others = [] }) {
  const folder = await mkdtemp(join(tmpdir(), "kerlint-e2e-"));
  const [data, extensions, workspace] = ["data", "extensions", "workspace"].map((name) => join(folder, name));
  await cp(join(HERE, "workspace"), workspace, { recursive: true });
  const install = (one) => symlink(one, join(workspace, ".venv"));
  if (environment !== undefined) {
    await install(environment);
  }
  for (const [name, code] of Object.entries(programs)) {
    await writeFile(join(workspace, name), code);
    await chmod(join(workspace, name), 0o755);
  }
  await mkdir(join(data, "User"), { recursive: true });
  await writeFile(join(data, "User/settings.json"), JSON.stringify({ ...SETTINGS, ...settings }));
  const set = (more) => writeFile(join(workspace, ".vscode/settings.json"), JSON.stringify(more));
  await mkdir(join(workspace, ".vscode"));
  await set({});
  const folders = ["--user-data-dir", data, "--extensions-dir", extensions, "--config", join(folder, "config.yaml")];
  // Only what is set here counts: no environment of whoever runs this.
  const { VIRTUAL_ENV: _, CONDA_PREFIX: __, ...inherited } = process.env;
  const environ = { ...inherited, PATH: "/usr/bin:/bin" };
  for (const one of [vsix, ...others]) {
    await run([...folders, "--install-extension", one], environ);
  }
  const port = await freePort();
  const server = spawn(
    process.execPath,
    [CODE_SERVER, "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, ...folders],
    {
      env: environ,
      stdio: "ignore",
      detached: true,
    },
  );
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    defaultViewport: { width: 1280, height: 860 },
  });
  const url = `http://127.0.0.1:${port}/`;
  await serving(url);
  return {
    workspace,
    installed: await readdir(extensions),
    /** Give the workspace an environment. */
    install,
    /** Change what is set in the workspace while the editor runs. */
    set,
    /** What the extension has written into its log. */
    async log() {
      const files = await Array.fromAsync(glob(join(data, "logs/**/kerlint.log")));
      return (await Promise.all(files.map((one) => readFile(one, "utf8")))).join("");
    },
    /** Break the language server off. */
    async kill() {
      for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
        const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        if (command.includes(`${workspace}/.venv/bin/kerlint\0server`)) {
          process.kill(Number(pid));
        }
      }
    },
    /** A window, with a file open in it. */
    async show(file) {
      const page = await browser.newPage();
      const address = `vscode-remote://127.0.0.1:${port}${join(workspace, file ?? "")}`;
      const payload = file === undefined ? {} : { payload: JSON.stringify([["openFile", address]]) };
      await page.goto(`${url}?${new URLSearchParams({ folder: workspace, ...payload })}`);
      await page.waitForSelector(".monaco-workbench .part.editor", { timeout: PATIENCE });
      return page;
    },
    async close() {
      await browser.close();
      process.kill(-server.pid);
      await once(server, "exit");
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
    },
  };
}
