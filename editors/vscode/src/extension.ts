/** The extension: findings of kerlint in Python files and notebooks. */

import * as vscode from "vscode";
import { SETUP_PAGE } from "./messages";
import { Server } from "./server";
import { STARTING } from "./settings";
import { status } from "./status";

/** Milliseconds that a result stays in the status bar. */
const SHOWN = 5_000;

let server: Server | undefined;

/** Called by the editor when a Python file or a notebook is opened, or one of the commands is chosen. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("kerlint", { log: true });
  const { item, show } = status();
  const own: Server = new Server(log, show, (message) => void complain(message, own, log));
  server = own;
  context.subscriptions.push(
    log,
    item,
    vscode.commands.registerCommand("kerlint.restart", () => own.restart()),
    vscode.commands.registerCommand("kerlint.showLog", () => log.show()),
    vscode.commands.registerCommand("kerlint.lintWorkspace", () => lintWorkspace(own)),
    vscode.commands.registerCommand("kerlint.explain", (...args) => own.run("kerlint.explain", args)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (STARTING.some((name) => event.affectsConfiguration(name))) {
        void own.restart();
      }
    }),
  );
  void own.restart();
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}

async function lintWorkspace(own: Server): Promise<void> {
  const count = await own.run("kerlint.lintWorkspace", []);
  if (typeof count === "number") {
    vscode.window.setStatusBarMessage(`kerlint: ${count} ${count === 1 ? "file" : "files"} linted`, SHOWN);
  }
}

async function complain(message: string, own: Server, log: vscode.LogOutputChannel): Promise<void> {
  const [page, again, details] = ["How to set it up", "Try again", "Show log"];
  switch (await vscode.window.showErrorMessage(message, page, again, details)) {
    case page:
      await vscode.env.openExternal(vscode.Uri.parse(SETUP_PAGE));
      break;
    case again:
      await own.restart();
      break;
    case details:
      log.show();
      break;
  }
}
