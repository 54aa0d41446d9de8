/** The state of the server in the language status, beside the language's name at the lower edge of the window. */

import * as vscode from "vscode";
import { DOCUMENTS } from "./client";
import { type State, shown } from "./messages";

const SEVERITIES = {
  information: vscode.LanguageStatusSeverity.Information,
  error: vscode.LanguageStatusSeverity.Error,
};

export function status(): { item: vscode.Disposable; show(state: State): void } {
  const selector = DOCUMENTS.map(({ notebook, ...one }) => (notebook ? { ...one, notebookType: notebook } : one));
  const item = vscode.languages.createLanguageStatusItem("kerlint.status", selector);
  item.name = "kerlint";
  item.command = { command: "kerlint.showLog", title: "Show log" };
  const show = (state: State) => {
    const { text, detail, severity, busy } = shown(state);
    Object.assign(item, { text, detail, severity: SEVERITIES[severity], busy });
  };
  return { item, show };
}
