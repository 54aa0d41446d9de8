// What is seen and done in a window of the editor.

import { setTimeout as sleep } from "node:timers/promises";
import { PATIENCE } from "./editor.mjs";

/** Wait until a function of the page, or of this process, yields something true. */
export async function eventually(what, seen) {
  let last;
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(100)) {
    last = await seen();
    if (last) {
      return last;
    }
  }
  throw new Error(`not seen: ${what}; last: ${JSON.stringify(last)}`);
}

/** A window of the editor. */
export class Window {
  constructor(page) {
    this.page = page;
  }

  async press(keys) {
    const names = keys.split("+");
    for (const name of names) {
      await this.page.keyboard.down(name);
    }
    for (const name of names.reverse()) {
      await this.page.keyboard.up(name);
    }
  }

  /** Choose a command by its title. */
  async command(title) {
    await this.press("F1");
    await this.page.waitForSelector(".quick-input-widget input", { visible: true, timeout: PATIENCE });
    await this.page.keyboard.type(title);
    await eventually(`the command ${title}`, async () =>
      (await this.texts(".quick-input-list .monaco-list-row.focused")).some((text) => text.includes(title)),
    );
    await this.press("Enter");
  }

  /** The texts of all elements, with blanks as in a source. */
  texts(selector) {
    return this.page.$$eval(selector, (all) =>
      all.map((one) => (one.innerText ?? "").replaceAll("\u00a0", " ").trim()),
    );
  }

  text(selector, pattern) {
    return eventually(`${pattern} in ${selector}`, async () =>
      (await this.texts(selector)).find((text) => pattern.test(text)),
    );
  }

  gone(selector) {
    return eventually(`no ${selector}`, async () => (await this.page.$(selector)) === null);
  }

  /** Where a piece of the source stands on the screen: the innermost element that holds it. */
  place(piece) {
    return eventually(`${piece} in the editor`, () =>
      this.page.evaluate((wanted) => {
        const spans = [...document.querySelectorAll(".view-lines .view-line span span")];
        const found = spans.find((one) => one.textContent.replaceAll("\u00a0", " ").includes(wanted));
        const { x, y, width, height } = found?.getBoundingClientRect() ?? {};
        return found === undefined ? undefined : { x, y, width, height };
      }, piece),
    );
  }

  /** A squiggle below a piece of the source. */
  squiggle(piece, kind = "error") {
    return eventually(`a squiggle below ${piece}`, async () => {
      const text = await this.place(piece);
      const marks = await this.page.$$eval(`.squiggly-${kind}`, (all) =>
        all.map((one) => {
          const { x, y, width, height } = one.getBoundingClientRect();
          return { x, y, width, height };
        }),
      );
      return marks.find(
        (mark) =>
          Math.abs(mark.x - text.x) < 2 &&
          Math.abs(mark.width - text.width) < 2 &&
          Math.abs(mark.y - text.y) < text.height,
      );
    });
  }

  async pointAt(piece) {
    const { x, y, width, height } = await this.place(piece);
    await this.page.mouse.move(x + width / 2 - 20, y + height / 2);
    await this.page.mouse.move(x + width / 2, y + height / 2, { steps: 5 });
  }

  async click(piece) {
    const { x, y, width, height } = await this.place(piece);
    await this.page.mouse.click(x + width / 2, y + height / 2);
  }

  /** Open the list of what can be done at a piece of the source; the titles. */
  async offers(piece) {
    const rows = ".action-widget .monaco-list-row.action";
    await this.click(piece);
    await this.page.waitForSelector(".codicon-light-bulb, .codicon-gutter-lightbulb", { timeout: PATIENCE });
    // A list that is asked for while the editor still moves its cursor is closed again.
    return eventually(`what can be done at ${piece}`, async () => {
      await this.press("Control+Period");
      await this.page.waitForSelector(rows, { visible: true, timeout: 5_000 }).catch(() => undefined);
      const titles = await this.texts(rows);
      return titles.length > 0 && titles;
    });
  }

  /** Choose from that list, when it has come to rest; it closes when something in it was hit. */
  async choose(pattern) {
    const widget = ".action-widget .monaco-list-row.action";
    await eventually(`${pattern} chosen`, async () => {
      for (const row of await this.page.$$(widget)) {
        const before = await row.boundingBox();
        if (before !== null && pattern.test(await row.evaluate((one) => one.innerText))) {
          await sleep(500);
          const { y } = (await row.boundingBox()) ?? {};
          if (y === before.y) {
            await row.click().catch(() => undefined); // the list may close under the pointer
          }
        }
      }
      return (await this.page.$(widget)) === null;
    });
  }

  /** Press a button of a message. */
  async button(title) {
    const button = await this.page.waitForSelector(`.notification-toast ::-p-text(${title})`, { timeout: PATIENCE });
    await button.click();
  }

  /** What the language status says. */
  status(pattern) {
    return eventually(`${pattern} in the status`, async () => {
      const item = await this.page.$('.statusbar-item[id="status.languageStatus"]');
      return pattern.test((await item?.evaluate((one) => one.ariaLabel)) ?? "");
    });
  }

  async tab(name) {
    const tab = await this.page.waitForSelector(`.tabs-container .tab[data-resource-name="${name}"]`, {
      timeout: PATIENCE,
    });
    await tab.click();
  }

  /** Open a file from the list of files, in the editor that is meant for it. */
  async openFile(name) {
    const row = await this.page.waitForSelector(`.explorer-folders-view [aria-label^="${name}"]`, {
      timeout: PATIENCE,
    });
    await row.click({ count: 2 });
    await this.page.waitForSelector(`.tabs-container .tab.active[data-resource-name="${name}"]`, { timeout: PATIENCE });
  }

  /** The entries of the panel of problems: their text, and where their code leads. */
  problems() {
    return this.page.$$eval(".markers-panel .monaco-list-row", (rows) =>
      rows.map((row) => ({
        text: row.innerText.replaceAll("\u00a0", " "),
        link: row.querySelector("a.monaco-link")?.href,
      })),
    );
  }

  /** The lines of the source that are on the screen. */
  async source() {
    return (await this.texts(".view-lines")).join("\n");
  }
}
