// Tries the packaged extension in a real editor: node run.mjs PACKAGE STAND-IN ENVIRONMENT [PICTURES]

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { open } from "./editor.mjs";
import { eventually, Window } from "./page.mjs";

const [, , packed, standIn, environment, pictures = "pictures"] = process.argv;
const PAGES = "https://kerlint.readthedocs.io/en/stable/rules/";
const LOSS = "sparse_categorical_crossentropy";
const [vsix, python, venv] = [packed, standIn, environment].map((one) => resolve(one));
const seen = [];

/** Do something in an editor of its own; a picture is taken of how it ends. */
async function scene(name, options, file, act) {
  const editor = await open(vsix, options);
  const page = await editor.show(file);
  const window = new Window(page);
  const step = async (what, done) => {
    await done();
    console.log(`  ok  ${what}`);
    seen.push(`${name}: ${what}`);
  };
  console.log(name);
  try {
    await act(window, step, editor);
  } catch (error) {
    console.log(`  FAILED  ${error.message}\n${await editor.log()}`);
    process.exitCode = 1;
  } finally {
    await page.screenshot({ path: join(pictures, `${name.replaceAll(" ", "-")}.png`) });
    await editor.close();
  }
}

/** Neither a message in front of the user, nor an error in the log. */
async function quiet(window, editor) {
  assert.deepEqual(await window.texts(".notification-toast"), []);
  assert.doesNotMatch(await editor.log(), /\[error\]/);
}

const picture = (window, name) => window.page.screenshot({ path: join(pictures, `${name}.png`) });

await mkdir(pictures, { recursive: true });

await scene("a script", { environment: venv }, "train.py", async (window, step, editor) => {
  await step("the extension is installed", async () => {
    assert.ok(editor.installed.some((name) => name.startsWith("kerlint.kerlint-")));
  });
  await step("a squiggle stands below the loss", () => window.squiggle(LOSS));
  await step("a line above fit says what was understood", () =>
    window.text(".codelens-decoration", /^1 finding, 50,890 parameters, input scaled$/),
  );
  await step(
    "the panel of problems has an entry whose code leads to the page of the rule, and the related place",
    async () => {
      await window.press("Control+Shift+KeyM");
      const entry = await eventually("an entry", async () => (await window.problems()).find(({ link }) => link));
      assert.match(entry.text, /takes the outputs for probabilities[\s\S]*kerlint[\s\S]*KER305[\s\S]*Ln 16, Col 38/);
      assert.equal(entry.link, `${PAGES}KER305-logits-into-probability-loss/`);
      assert.ok((await window.problems()).some(({ text }) => text.includes("the head of the model: linear")));
    },
  );
  await step("the page of the rule appears under the pointer", async () => {
    await window.pointAt(LOSS);
    const text = await window.text(".monaco-resizable-hover, .monaco-hover", /logits-into-probability-loss/);
    const page = await readFile(
      new URL("../../../rules/KER305-logits-into-probability-loss.md", import.meta.url),
      "utf8",
    );
    const [reason] = page
      .split("\n\n")[1]
      .replaceAll("`", "")
      .split(/[.:\n]/);
    assert.ok(text.replace(/\s+/g, " ").includes(reason), `${reason} in ${text}`);
    await picture(window, "hover");
  });
  await step("the fix, comments against the finding, and its page are offered", async () => {
    const titles = await window.offers(LOSS);
    for (const pattern of [
      /softmax \(KER305, unsafe fix/,
      /Ignore KER305 on this line/,
      /Ignore KER305 in this file/,
      /Explain KER305/,
    ]) {
      assert.ok(
        titles.some((title) => pattern.test(title)),
        `${pattern} in ${titles}`,
      );
    }
    await picture(window, "offers");
  });
  await step("the fix is made, and the finding is gone from the source and from the panel", async () => {
    await window.choose(/unsafe fix/);
    await eventually("the fixed source", async () =>
      (await window.source()).includes('layers.Dense(10, activation="softmax")'),
    );
    await window.gone(".squiggly-error");
    await window.text(".markers-panel .message-box-container", /No problems have been detected/);
    await window.text(".codelens-decoration", /^0 findings|^no findings|^50,890 parameters/);
    await picture(window, "fixed");
  });
  await step("undone, it is there again, although nothing was saved", async () => {
    await window.click(LOSS);
    await window.press("Control+KeyZ");
    await window.squiggle(LOSS);
  });
  await step("the page of the rule opens in a preview", async () => {
    await window.offers(LOSS);
    await window.choose(/Explain KER305/);
    await window.text(".tabs-container .tab", /Preview KER305-logits-into-probability-loss\.md/);
    await picture(window, "page");
    await window.tab("train.py");
  });
  await step("the status says which kerlint serves", () =>
    window.status(/: kerlint \d+\.\d+\.\d+, of \.venv of workspace/),
  );
  await step("the command lints files that are not open", async () => {
    await window.command("kerlint: Lint Workspace");
    await eventually("a finding in unopened.py", async () =>
      (await window.problems()).some(({ link }) => link === `${PAGES}KER301-softmax-single-unit/`),
    );
    await picture(window, "workspace");
  });
  await step("a changed setting counts at once", async () => {
    await editor.set({ "kerlint.ignore": ["KER305"] });
    await window.gone(".squiggly-error");
    await editor.set({});
    await window.squiggle(LOSS);
  });
  await step("restarted, it finds the same", async () => {
    await window.command("kerlint: Restart Server");
    await eventually("a second start", async () => (await editor.log()).match(/serving after/g)?.length === 2);
    await window.squiggle(LOSS);
  });
  await step("turned off, it is silent; turned on, it is not", async () => {
    await editor.set({ "kerlint.enable": false });
    await window.gone(".squiggly-error");
    await editor.set({ "kerlint.inlayHints": true });
    await window.squiggle(LOSS);
    await eventually("a shape", async () => (await window.source()).includes("(n, 10)"));
  });
  await step("the log is shown", async () => {
    await window.command("kerlint: Show Log");
    await window.text(".output-view-content, .part.panel", /serving after/);
  });
  await step("nothing was complained of", () => quiet(window, editor));
  await step("the editor says how long the extension took to start", async () => {
    await window.command("Developer: Show Running Extensions");
    const own = await window.text(".runtime-extensions-editor .extension", /kerlint[\s\S]*Activation: /);
    console.log(`      ${own.match(/Activation: .*/)[0]}`);
    console.log((await editor.log()).replace(/^/gm, "      "));
  });
});

await scene("a notebook", { environment: venv }, undefined, async (window, step, editor) => {
  await step("it is open", () => window.openFile("digits.ipynb"));
  await step("a squiggle stands below the loss in its cell", () => window.squiggle(LOSS));
  await step("a line above fit says what was understood", () =>
    window.text(".codelens-decoration", /^1 finding, 50,890 parameters, input scaled$/),
  );
  await step("the panel of problems has an entry whose code leads to the page of the rule", async () => {
    await window.press("Control+Shift+KeyM");
    const entry = await eventually("an entry", async () => (await window.problems()).find(({ link }) => link));
    assert.equal(entry.link, `${PAGES}KER305-logits-into-probability-loss/`);
    await picture(window, "cell");
  });
  await step("the fix is made, and the finding is gone", async () => {
    await window.offers(LOSS);
    await window.choose(/unsafe fix/);
    await eventually("the fixed source", async () =>
      (await window.source()).includes('layers.Dense(10, activation="softmax")'),
    );
    await window.gone(".squiggly-error");
    await window.text(".markers-panel .message-box-container", /No problems have been detected/);
  });
  await step("the line above fit says that nothing is left", () => window.text(".codelens-decoration", /^no findings/));
  await step("nothing was complained of", () => quiet(window, editor));
});

await scene("no kerlint", {}, "train.py", async (window, step, editor) => {
  await step("the user is told how to install it, once, and where that is explained", async () => {
    const text = await window.text(".notification-toast", /pip install "kerlint\[lsp\]"/);
    assert.match(text, /How to set it up/);
    assert.equal((await window.texts(".notification-toast")).length, 1);
  });
  await step("the status says it, too", () =>
    window.status(/kerlint, kerlint is neither in the Python environment nor on the PATH/),
  );
  await step("tried again after it was installed, it serves", async () => {
    await editor.install(venv);
    await window.button("Try again");
    await window.squiggle(LOSS);
  });
});

const SENTENCE = "kerlint: the language server needs two packages more: pip install 'kerlint[lsp]'";
const BARE = `#!/bin/sh\n[ "$1" = --version ] && echo 'kerlint 0.1.0' && exit\necho "${SENTENCE}" >&2\nexit 2\n`;
const bare = { settings: { "kerlint.path": ["${workspaceFolder}/bare"] }, programs: { bare: BARE } };
await scene("a kerlint that does not serve", bare, "train.py", async (window, step) => {
  await step("its own sentence is shown, once", async () => {
    await window.text(".notification-toast", /does not serve the editor: the language server needs two packages more/);
    await sleep(2_000);
    assert.equal((await window.texts(".notification-toast")).length, 1);
  });
});

const breaks = { settings: { "kerlint.path": ["${workspaceFolder}/.venv/bin/kerlint"] }, environment: venv };
await scene("a server that breaks off", breaks, "train.py", async (window, step, editor) => {
  await step("it is started again, and finds the same", async () => {
    await window.squiggle(LOSS);
    await editor.kill();
    await eventually("a restart", async () => /Server will restart/.test(await editor.log()));
    await window.gone(".squiggly-error");
    await window.squiggle(LOSS);
  });
});

const chosen = {
  extensions: [python],
  settings: { "standIn.interpreters": ["/usr/bin/python3", join(venv, "bin/python")] },
};
await scene("an environment that is chosen", chosen, "train.py", async (window, step, editor) => {
  await step("one without kerlint is of no use", () =>
    window.text(".notification-toast", /pip install "kerlint\[lsp\]"/),
  );
  await step("when another one is chosen, its kerlint serves", async () => {
    await window.command("Stand-in: Choose Another Interpreter");
    await window.squiggle(LOSS);
    await window.status(/: kerlint \d+\.\d+\.\d+, of the chosen Python environment/);
    assert.ok((await editor.log()).includes(join(venv, "bin/kerlint")));
  });
});

console.log(`${seen.length} steps${process.exitCode ? ", and a failure" : ""}`);
