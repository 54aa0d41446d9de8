/** What the user is told. */

import type { Failure, Found } from "./finding";
import type { Settings } from "./settings";

/** The page that says how kerlint gets into an editor. */
export const SETUP_PAGE = "https://kerlint.readthedocs.io/en/stable/editors/#vs-code";
const INSTALL = 'pip install "kerlint[lsp]"';
const UPGRADE = 'pip install --upgrade "kerlint[lsp]"';

/** Why no kerlint was found, and what to do about it. */
export function notFound(settings: Settings, failures: readonly Failure[]): string {
  const [first] = failures;
  if (first !== undefined) {
    return sentence(`${first.file} does not work: ${first.reason}`);
  }
  if (settings.path.length > 0) {
    return `kerlint.path names nothing that can be run: ${settings.path.join(", ")}.`;
  }
  if (settings.importStrategy === "fromPath") {
    return `kerlint is not on the PATH. Install it with: ${INSTALL}`;
  }
  if (settings.interpreter !== "") {
    return `kerlint is not installed for ${settings.interpreter}. Install it there with: ${INSTALL}`;
  }
  return `kerlint is neither in the Python environment nor on the PATH. Install it with: ${INSTALL}`;
}

/** Why a server did not begin to serve. */
export function notServing(found: Found, reason: string): string {
  const told = sentence(`kerlint ${found.version} (${found.file}) does not serve the editor: ${reason}`);
  return reason.includes("pip install") ? told : `${told} If it is too old, upgrade it with: ${UPGRADE}`;
}

function sentence(text: string): string {
  return /[.!?'"`]$/.test(text) ? text : `${text}.`;
}

/** What the extension is doing. */
export type State =
  | { readonly kind: "off" }
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly found: Found }
  | { readonly kind: "failed"; readonly reason: string };

/** How a state is shown in the language status. */
export interface Shown {
  readonly text: string;
  readonly detail: string;
  readonly severity: "information" | "error";
  readonly busy: boolean;
}

export function shown(state: State): Shown {
  switch (state.kind) {
    case "off":
      return { text: "kerlint", detail: "turned off by kerlint.enable", severity: "information", busy: false };
    case "starting":
      return { text: "kerlint", detail: "starting", severity: "information", busy: true };
    case "running": {
      const { version, origin } = state.found;
      return { text: `kerlint ${version}`, detail: `of ${origin}`, severity: "information", busy: false };
    }
    case "failed":
      return { text: "kerlint", detail: state.reason, severity: "error", busy: false };
  }
}
