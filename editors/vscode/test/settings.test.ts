import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { forServer, STARTING, serverArguments } from "../src/settings";
import { linux, set, windows } from "./systems";

const { contributes, version } = JSON.parse(readFileSync("package.json", "utf8"));
const properties: Record<string, { default: unknown }> = contributes.configuration.properties;

test("what is not set is what the package declares as default", () => {
  for (const [name, value] of Object.entries(set())) {
    assert.deepEqual(value, properties[`kerlint.${name}`]?.default, name);
  }
  assert.deepEqual(set(Object.fromEntries(STARTING.map((name) => [name.slice(8), properties[name]?.default]))), set());
});

test("the settings that the server is started with are those that the extension reads", () => {
  assert.deepEqual(
    [...STARTING].sort(),
    Object.keys(set())
      .map((name) => `kerlint.${name}`)
      .sort(),
  );
});

test("values of other types than are declared count as not set", () => {
  const odd = set({
    enable: "no",
    path: [1, "", " ", null, "a"],
    args: {},
    interpreter: 3,
    importStrategy: "useBundled",
  });
  assert.deepEqual(odd, { ...set(), path: ["a"] });
});

test("one text is a list of one", () => {
  assert.deepEqual(set({ path: "/opt/kerlint" }).path, ["/opt/kerlint"]);
});

test("kerlint can be turned off", () => {
  assert.equal(set({ enable: false }).enable, false);
});

test("arguments stand behind the command, with what stands for something replaced", () => {
  assert.deepEqual(serverArguments(linux, []), ["server", "--stdio"]);
  assert.deepEqual(serverArguments(linux, ["--config", "${workspaceFolder}/k.toml"]), [
    "server",
    "--stdio",
    "--config",
    "/home/ada/digits/k.toml",
  ]);
});

test("the server gets the settings as they are, with a whole path of the configuration", () => {
  const found = { select: ["KER3"], configuration: "k.toml", trace: { server: "off" } };
  assert.deepEqual(forServer(linux, found), { ...found, configuration: "/home/ada/digits/k.toml" });
  assert.deepEqual(forServer(windows, found), { ...found, configuration: "D:\\work\\digits\\k.toml" });
  for (const other of [null, undefined, { configuration: "" }, { configuration: 3 }, { select: "KER3" }]) {
    assert.deepEqual(forServer(linux, other), other);
  }
});

test("the extension has the version of kerlint", () => {
  const source = readFileSync("../../kerlint/__init__.py", "utf8");
  assert.equal(version, /^__version__ = "(.*)"$/m.exec(source)?.[1]);
});

test("the page of the extension lists every setting and every command", () => {
  const page = readFileSync("README.md", "utf8");
  for (const name of Object.keys(properties)) {
    assert.ok(page.includes(`\`${name}\``), name);
  }
  for (const { category, title } of contributes.commands) {
    assert.ok(page.includes(`*${category}: ${title}*`), title);
  }
});
