import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { machine } from "../src/machine";
import type { System } from "../src/paths";
import { ownWords, Processes } from "../src/process";

const folder = mkdtempSync(join(tmpdir(), "kerlint-test-"));
const system: System = { platform: process.platform, env: process.env, home: folder, folders: [] };
after(() => rmSync(folder, { recursive: true }));

function program(name: string, code: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, `#!${process.execPath}\n${code}\n`);
  chmodSync(path, mode);
  return path;
}

async function ended(path: string): Promise<Processes> {
  const processes = new Processes({ file: path, version: "0.1.0", origin: "a test" }, system, ["--more"]);
  const child = processes.start();
  await once(child, "close").catch(() => undefined); // one that cannot be started ends with an error
  return processes;
}

test("a program is a file that can be run", async () => {
  assert.equal(await machine.isProgram(program("a", "")), true);
  assert.equal(await machine.isProgram(program("b", "", 0o644)), false);
  assert.equal(await machine.isProgram(folder), false);
  assert.equal(await machine.isProgram(join(folder, "none")), false);
});

test("a program is run with its arguments, and what it says is kept apart", async () => {
  const path = program("says", "console.log(process.argv[2]); console.error('why'); process.exit(3)");
  assert.deepEqual(await machine.run(path, ["a b;c"]), {
    output: "a b;c\n",
    errors: "why\n",
    failure: "it ended with exit code 3",
  });
  assert.equal((await machine.run(program("good", ""), [])).failure, "");
});

test("a program that cannot be started has failed", async () => {
  assert.match((await machine.run(join(folder, "none"), [])).failure, /ENOENT/);
});

test("why a server does not serve is what it has said to the user", async () => {
  const path = program("words", "console.error('a warning\\nkerlint: it needs more\\nbye'); process.exitCode = 2");
  assert.equal(await (await ended(path)).reason("otherwise"), "it needs more");
});

test("or its last line", async () => {
  const path = program("trace", "console.error('Traceback\\nKeyError: 1'); process.exitCode = 1");
  assert.equal(await (await ended(path)).reason("otherwise"), "KeyError: 1");
});

test("or how it has ended", async () => {
  assert.equal(await (await ended(program("silent", "process.exit(4)"))).reason("x"), "it ended with exit code 4");
  const killed = program("killed", "process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 1e6)");
  assert.equal(await (await ended(killed)).reason("x"), "it was ended by SIGKILL");
  assert.match(await (await ended(join(folder, "none"))).reason("x"), /ENOENT/);
});

test("a server is started with its arguments", async () => {
  const path = program("args", "console.error(process.argv.slice(2).join(' '))");
  assert.equal(ownWords((await ended(path)).errors), "server --stdio --more");
});
