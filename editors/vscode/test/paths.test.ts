import assert from "node:assert/strict";
import { test } from "node:test";
import { besideInterpreter, file, inEnvironment, onPath, programs, substituted, variable } from "../src/paths";
import { linux, windows } from "./systems";

test("a virtual environment has its programs in bin, on Windows in Scripts", () => {
  assert.equal(inEnvironment(linux, "/srv/venv"), "/srv/venv/bin/kerlint");
  assert.equal(inEnvironment(windows, "D:\\venv"), "D:\\venv\\Scripts\\kerlint.exe");
});

test("kerlint stands beside its interpreter, on Windows also in Scripts below it", () => {
  assert.deepEqual(besideInterpreter(linux, "/srv/venv/bin/python3"), ["/srv/venv/bin/kerlint"]);
  assert.deepEqual(besideInterpreter(windows, "C:\\conda\\envs\\k\\python.exe"), [
    "C:\\conda\\envs\\k\\kerlint.exe",
    "C:\\conda\\envs\\k\\Scripts\\kerlint.exe",
  ]);
  assert.equal(besideInterpreter(windows, "D:/venv/Scripts/python.exe")[0], "D:\\venv\\Scripts\\kerlint.exe");
});

test("the PATH is read folder by folder", () => {
  assert.deepEqual(onPath(linux), ["/usr/local/bin/kerlint", "/usr/bin/kerlint"]);
});

test("on Windows the PATH may be called Path, and hold quotes; each folder counts once, and one that depends on where one is not at all", () => {
  assert.deepEqual(onPath(windows), [
    "C:\\Windows\\kerlint.exe",
    "C:\\Program Files\\Python 3.12\\Scripts\\kerlint.exe",
  ]);
});

test("without a PATH there is nothing on it", () => {
  assert.deepEqual(onPath({ ...linux, env: {} }), []);
  assert.deepEqual(onPath({ ...linux, env: { PATH: "" } }), []);
});

test("only Windows does not tell the case of variables", () => {
  assert.equal(variable({ ...windows, env: { Virtual_Env: "D:\\v" } }, "VIRTUAL_ENV"), "D:\\v");
  assert.equal(variable({ ...linux, env: { Virtual_Env: "/v" } }, "VIRTUAL_ENV"), undefined);
});

test("an empty variable is none", () => {
  assert.equal(variable({ ...linux, env: { VIRTUAL_ENV: "" } }, "VIRTUAL_ENV"), undefined);
});

test("what stands for something is replaced", () => {
  const system = { ...linux, env: { ENVS: "/envs" } };
  assert.equal(substituted(system, "${workspaceFolder}/.venv"), "/home/ada/digits/.venv");
  assert.equal(substituted(system, "${workspaceFolder:lib}/a"), "/srv/lib/a");
  assert.equal(substituted(system, "${workspaceFolder:none}/a"), "/a");
  assert.equal(substituted(system, "${userHome}/a ${env:ENVS} ${env:NONE}."), "/home/ada/a /envs .");
  assert.equal(substituted(system, "~/a"), "/home/ada/a");
  assert.equal(substituted(windows, "~\\a"), "C:\\Users\\Ada\\a");
  assert.equal(substituted(system, "a~/b"), "a~/b");
  assert.equal(substituted(system, "~ada/b"), "~ada/b");
});

test("a replaced text may hold what replacements give a meaning", () => {
  assert.equal(substituted({ ...linux, env: { A: "$&$1" } }, "${env:A}"), "$&$1");
});

test("paths start at the first folder of the workspace, or at home when there is none", () => {
  assert.equal(file(linux, "conf/kerlint.toml"), "/home/ada/digits/conf/kerlint.toml");
  assert.equal(file(linux, "/etc/kerlint.toml"), "/etc/kerlint.toml");
  assert.equal(file({ ...linux, folders: [] }, "kerlint.toml"), "/home/ada/kerlint.toml");
  assert.equal(file(windows, "conf/kerlint.toml"), "D:\\work\\digits\\conf\\kerlint.toml");
  assert.equal(file(windows, "E:\\kerlint.toml"), "E:\\kerlint.toml");
});

test("a bare name is a program on the PATH, and all else a file", () => {
  assert.deepEqual(programs(linux, "kerlint-dev"), ["/usr/local/bin/kerlint-dev", "/usr/bin/kerlint-dev"]);
  assert.deepEqual(programs(linux, "./kerlint"), ["/home/ada/digits/kerlint"]);
  assert.deepEqual(programs(windows, "kerlint.EXE")[0], "C:\\Windows\\kerlint.EXE");
  assert.deepEqual(programs(windows, "kerlint-dev")[0], "C:\\Windows\\kerlint-dev.exe");
  assert.deepEqual(programs(windows, ".venv\\Scripts\\kerlint.exe"), ["D:\\work\\digits\\.venv\\Scripts\\kerlint.exe"]);
});
