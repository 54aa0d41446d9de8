import assert from "node:assert/strict";
import { test } from "node:test";
import { find, places } from "../src/finding";
import { linux, Pretended, set, windows, works } from "./systems";

test("the project's environment comes first, then the PATH", () => {
  const system = { ...linux, env: { ...linux.env, VIRTUAL_ENV: "/srv/v", CONDA_PREFIX: "/srv/c" } };
  assert.deepEqual(
    places(set(), system, "/srv/active/bin/python").flatMap(({ files }) => files),
    [
      "/srv/active/bin/kerlint",
      "/srv/v/bin/kerlint",
      "/srv/c/bin/kerlint",
      "/home/ada/digits/.venv/bin/kerlint",
      "/home/ada/digits/venv/bin/kerlint",
      "/srv/lib/.venv/bin/kerlint",
      "/srv/lib/venv/bin/kerlint",
      "/usr/local/bin/kerlint",
      "/usr/bin/kerlint",
    ],
  );
});

test("so it is on Windows", () => {
  const system = { ...windows, env: { ...windows.env, Virtual_Env: "D:\\v" } };
  assert.deepEqual(
    places(set(), system, "C:\\py\\python.exe").flatMap(({ files }) => files),
    [
      "C:\\py\\kerlint.exe",
      "C:\\py\\Scripts\\kerlint.exe",
      "D:\\v\\Scripts\\kerlint.exe",
      "D:\\work\\digits\\.venv\\Scripts\\kerlint.exe",
      "D:\\work\\digits\\venv\\Scripts\\kerlint.exe",
      "C:\\Windows\\kerlint.exe",
      "C:\\Program Files\\Python 3.12\\Scripts\\kerlint.exe",
    ],
  );
});

test("with fromPath only the PATH counts", () => {
  const system = { ...linux, env: { ...linux.env, VIRTUAL_ENV: "/srv/v" } };
  const looked = places(set({ importStrategy: "fromPath", interpreter: "/a/bin/python" }), system, "/b/bin/python");
  assert.deepEqual(looked, [{ origin: "the PATH", files: ["/usr/local/bin/kerlint", "/usr/bin/kerlint"] }]);
});

test("with an interpreter only its environment counts", () => {
  const looked = places(set({ interpreter: ".tox/py312/bin/python" }), linux, "/b/bin/python");
  const interpreter = "/home/ada/digits/.tox/py312/bin/python";
  const files = ["/home/ada/digits/.tox/py312/bin/kerlint"];
  assert.deepEqual(looked, [{ origin: "kerlint.interpreter", files, interpreter }]);
});

test("with a path nothing else counts", () => {
  const looked = places(set({ path: ["/a/kerlint", "b/kerlint"], importStrategy: "fromPath" }), linux, "/b/bin/python");
  assert.deepEqual(looked, [{ origin: "kerlint.path", files: ["/a/kerlint", "/home/ada/digits/b/kerlint"] }]);
});

test("the first kerlint that works is taken, and nothing is run after it", async () => {
  const machine = new Pretended({ "/home/ada/digits/.venv/bin/kerlint": works, "/usr/bin/kerlint": works });
  const found = await find(places(set(), linux, undefined), linux, machine);
  const file = "/home/ada/digits/.venv/bin/kerlint";
  assert.deepEqual(found, { file, origin: ".venv of digits", version: "0.1.0" });
  assert.deepEqual(machine.ran, [[file, "--version"]]);
});

test("one that does not work is passed over", async () => {
  const machine = new Pretended({
    "/home/ada/digits/.venv/bin/kerlint": { failure: "it ended with exit code 1" },
    "/usr/bin/kerlint": { output: "kerlint 1.2.3.dev4+g5\r\n" },
  });
  const found = await find(places(set(), linux, undefined), linux, machine);
  assert.deepEqual(found, { file: "/usr/bin/kerlint", origin: "the PATH", version: "1.2.3.dev4+g5" });
});

test("when none works, what is there is named with its reason", async () => {
  const traceback = "Traceback (most recent call last):\n  File …\nModuleNotFoundError: No module named 'click'\n";
  const machine = new Pretended({
    "/srv/lib/.venv/bin/kerlint": { errors: traceback, failure: "it ended with exit code 1" },
    "/usr/local/bin/kerlint": { output: "something else 0.1.0\n" },
    "/usr/bin/kerlint": { output: "kerlint 0.1.0\n", failure: "it was not done after 15 seconds" },
  });
  assert.deepEqual(await find(places(set(), linux, undefined), linux, machine), [
    { file: "/srv/lib/.venv/bin/kerlint", reason: "ModuleNotFoundError: No module named 'click'" },
    { file: "/usr/local/bin/kerlint", reason: "it does not say what version of kerlint it is" },
    { file: "/usr/bin/kerlint", reason: "it was not done after 15 seconds" },
  ]);
});

test("where nothing is, nothing is run", async () => {
  const machine = new Pretended({});
  assert.deepEqual(await find(places(set(), linux, "/gone/bin/python"), linux, machine), []);
  assert.deepEqual(machine.ran, []);
});

test("an interpreter without kerlint beside it is asked where its programs are", async () => {
  const user = "C:\\Users\\Ada\\AppData\\Roaming\\Python\\Python312\\Scripts";
  const machine = new Pretended({
    "C:\\py\\python.exe": { output: `C:\\py\\Scripts\r\n${user}\r\n` },
    [`${user}\\kerlint.exe`]: works,
  });
  const found = await find(places(set(), windows, "C:\\py\\python.exe"), windows, machine);
  assert.deepEqual(found, {
    file: `${user}\\kerlint.exe`,
    origin: "the chosen Python environment",
    version: "0.1.0",
  });
  assert.deepEqual(machine.ran[0]?.slice(0, 3), ["C:\\py\\python.exe", "-I", "-c"]);
});

test("an interpreter with kerlint beside it is not asked", async () => {
  const machine = new Pretended({ "/v/bin/python": {}, "/v/bin/kerlint": works });
  await find(places(set({ interpreter: "/v/bin/python" }), linux, undefined), linux, machine);
  assert.deepEqual(machine.ran, [["/v/bin/kerlint", "--version"]]);
});
