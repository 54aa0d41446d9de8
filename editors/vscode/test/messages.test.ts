import assert from "node:assert/strict";
import { test } from "node:test";
import { notFound, notServing, shown } from "../src/messages";
import { set } from "./systems";

const found = { file: "/v/bin/kerlint", version: "0.1.0", origin: ".venv of digits" };

test("without kerlint the user is told how to install it", () => {
  const install = 'pip install "kerlint[lsp]"';
  assert.equal(
    notFound(set(), []),
    `kerlint is neither in the Python environment nor on the PATH. Install it with: ${install}`,
  );
  assert.equal(
    notFound(set({ importStrategy: "fromPath" }), []),
    `kerlint is not on the PATH. Install it with: ${install}`,
  );
  assert.equal(
    notFound(set({ interpreter: "/v/bin/python" }), []),
    `kerlint is not installed for /v/bin/python. Install it there with: ${install}`,
  );
});

test("a path that leads nowhere is named", () => {
  assert.equal(notFound(set({ path: ["/a", "/b"] }), []), "kerlint.path names nothing that can be run: /a, /b.");
});

test("a kerlint that does not work is named, with its reason", () => {
  const failures = [
    { file: "/v/bin/kerlint", reason: "it ended with exit code 1" },
    { file: "/usr/bin/kerlint", reason: "another" },
  ];
  assert.equal(notFound(set(), failures), "/v/bin/kerlint does not work: it ended with exit code 1.");
});

test("a kerlint without the language server's packages says itself what to do", () => {
  const reason = "the language server needs two packages more: pip install 'kerlint[lsp]'";
  assert.equal(notServing(found, reason), `kerlint 0.1.0 (/v/bin/kerlint) does not serve the editor: ${reason}`);
});

test("one that ends for another reason may be too old", () => {
  assert.equal(
    notServing(found, "server: no such file or directory"),
    "kerlint 0.1.0 (/v/bin/kerlint) does not serve the editor: server: no such file or directory. " +
      'If it is too old, upgrade it with: pip install --upgrade "kerlint[lsp]"',
  );
});

test("the status says what is done, by which kerlint", () => {
  assert.deepEqual(shown({ kind: "running", found }), {
    text: "kerlint 0.1.0",
    detail: "of .venv of digits",
    severity: "information",
    busy: false,
  });
  assert.equal(shown({ kind: "starting" }).busy, true);
  assert.match(shown({ kind: "off" }).detail, /kerlint\.enable/);
  assert.deepEqual(shown({ kind: "failed", reason: "why" }), {
    text: "kerlint",
    detail: "why",
    severity: "error",
    busy: false,
  });
});
