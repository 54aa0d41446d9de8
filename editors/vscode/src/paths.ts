/** Where programs stand on each platform, and what a path in a setting means. */

import { posix, win32 } from "node:path";

/** What paths depend on; tests give that of a platform other than their own. */
export interface System {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The folders of the workspace, the first one first. */
  readonly folders: readonly Folder[];
}

export interface Folder {
  readonly name: string;
  readonly path: string;
}

const PROGRAM = "kerlint";

function isWindows(system: System): boolean {
  return system.platform === "win32";
}

function paths(system: System): typeof posix {
  return isWindows(system) ? win32 : posix;
}

/** An environment variable: Windows does not tell `Path` from `PATH`. */
export function variable(system: System, name: string): string | undefined {
  const wanted = name.toUpperCase();
  const key = isWindows(system) ? Object.keys(system.env).find((one) => one.toUpperCase() === wanted) : name;
  return key === undefined ? undefined : system.env[key] || undefined;
}

/** The file of kerlint in a folder of programs. A batch file is none: it cannot be started without a shell. */
export function programIn(system: System, folder: string): string {
  return paths(system).join(folder, isWindows(system) ? `${PROGRAM}.exe` : PROGRAM);
}

/** kerlint in the virtual environment at a folder. */
export function inEnvironment(system: System, prefix: string): string {
  return programIn(system, paths(system).join(prefix, isWindows(system) ? "Scripts" : "bin"));
}

/** kerlint beside an interpreter; on Windows that of conda and of a plain installation stands above its scripts. */
export function besideInterpreter(system: System, interpreter: string): string[] {
  const folder = paths(system).dirname(interpreter);
  const beside = programIn(system, folder);
  return isWindows(system) ? [beside, programIn(system, win32.join(folder, "Scripts"))] : [beside];
}

/** The files that may be a program on the PATH; folders that are not absolute are left out, as they may hold anything. */
export function onPath(system: System, program = PROGRAM): string[] {
  const { delimiter, isAbsolute, join } = paths(system);
  const suffix = isWindows(system) && !/\.exe$/i.test(program) ? ".exe" : "";
  const folders = (variable(system, "PATH") ?? "").split(delimiter).map((folder) => folder.replace(/^"(.*)"$/, "$1"));
  return [...new Set(folders.filter(isAbsolute))].map((folder) => join(folder, program + suffix));
}

/** A text with what stands for something replaced; what is unknown becomes empty, as in VS Code's own settings. */
export function substituted(system: System, text: string): string {
  const first = system.folders[0]?.path ?? "";
  return text
    .replace(/^~(?=$|[\\/])/, system.home)
    .replaceAll("${userHome}", system.home)
    .replaceAll("${workspaceFolder}", first)
    .replace(/\$\{workspaceFolder:([^}]*)\}/g, (_, name) => system.folders.find((one) => one.name === name)?.path ?? "")
    .replace(/\$\{env:([^}]*)\}/g, (_, name) => variable(system, name) ?? "");
}

/** The file that a setting names: paths start at the first folder of the workspace. */
export function file(system: System, text: string): string {
  return paths(system).resolve(system.folders[0]?.path ?? system.home, substituted(system, text));
}

/** The files that a setting for a program names: a bare name is looked for on the PATH. */
export function programs(system: System, text: string): string[] {
  const name = substituted(system, text);
  return /[\\/]/.test(name) ? [file(system, text)] : onPath(system, name);
}
