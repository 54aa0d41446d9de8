/** What the user has set, and what of it goes to whom. */

import { file, type System, substituted } from "./paths";

/** The settings that concern the extension alone. */
export interface Settings {
  readonly enable: boolean;
  readonly path: readonly string[];
  readonly args: readonly string[];
  readonly interpreter: string;
  readonly importStrategy: "fromEnvironment" | "fromPath";
}

/** Those with which the server is started: when one of them changes, it is started anew; the server hears of others itself. */
export const STARTING = ["enable", "path", "args", "interpreter", "importStrategy"].map((name) => `kerlint.${name}`);

/** Read settings; the editor keeps nobody from writing values of other types than are declared, which count as not set. */
export function settings(get: (name: string) => unknown): Settings {
  return {
    enable: get("enable") !== false,
    path: texts(get("path")),
    args: texts(get("args")),
    interpreter: texts(get("interpreter"))[0] ?? "",
    importStrategy: get("importStrategy") === "fromPath" ? "fromPath" : "fromEnvironment",
  };
}

function texts(found: unknown): string[] {
  const several = Array.isArray(found) ? found : [found];
  return several.filter((one): one is string => typeof one === "string" && one.trim() !== "");
}

/** The arguments that kerlint is started with. */
export function serverArguments(system: System, args: readonly string[]): string[] {
  return ["server", "--stdio", ...args.map((one) => substituted(system, one))];
}

/** What the server gets when it asks for the settings: the same, with the paths that only the editor can read made whole. */
export function forServer(system: System, found: unknown): unknown {
  if (typeof found !== "object" || found === null) {
    return found;
  }
  const configuration = "configuration" in found ? found.configuration : undefined;
  const set = typeof configuration === "string" && configuration.trim() !== "";
  return set ? { ...found, configuration: file(system, configuration) } : found;
}
