/** Looks for a kerlint: in the settings, in Python environments, on the PATH. */

import { besideInterpreter, file, inEnvironment, onPath, programIn, programs, type System, variable } from "./paths";
import type { Settings } from "./settings";

/** A place where a kerlint may be; when none of its files is there, its interpreter is asked for its folders of programs. */
export interface Place {
  readonly origin: string;
  readonly files: readonly string[];
  readonly interpreter?: string;
}

/** A kerlint that works. */
export interface Found {
  readonly file: string;
  readonly version: string;
  readonly origin: string;
}

/** A file that is there, and why it is of no use. */
export interface Failure {
  readonly file: string;
  readonly reason: string;
}

/** How a program ended. */
export interface Ending {
  readonly output: string;
  readonly errors: string;
  /** Why it is taken to have failed; empty if it has not. */
  readonly failure: string;
}

/** What looking needs of the machine. */
export interface Machine {
  isProgram(path: string): Promise<boolean>;
  run(program: string, args: readonly string[]): Promise<Ending>;
}

/** Prints the folders that `pip install` and `pip install --user` put programs into. */
const FOLDERS =
  "import os, sysconfig; print(sysconfig.get_path('scripts')); print(sysconfig.get_path('scripts', os.name + '_user'))";

/** The places in the order in which they count; `active` is the interpreter that the Python extension has chosen. */
export function places(settings: Settings, system: System, active: string | undefined): Place[] {
  if (settings.path.length > 0) {
    return [{ origin: "kerlint.path", files: settings.path.flatMap((one) => programs(system, one)) }];
  }
  const path = { origin: "the PATH", files: onPath(system) };
  if (settings.importStrategy === "fromPath") {
    return [path];
  }
  if (settings.interpreter !== "") {
    return [ofInterpreter(system, "kerlint.interpreter", file(system, settings.interpreter))];
  }
  const chosen = active === undefined ? [] : [ofInterpreter(system, "the chosen Python environment", active)];
  return [...chosen, ...environments(system), path];
}

function ofInterpreter(system: System, origin: string, interpreter: string): Place {
  return { origin, files: besideInterpreter(system, interpreter), interpreter };
}

function environments(system: System): Place[] {
  const named = ["VIRTUAL_ENV", "CONDA_PREFIX"].flatMap((name) => {
    const prefix = variable(system, name);
    return prefix === undefined ? [] : [{ origin: name, files: [inEnvironment(system, prefix)] }];
  });
  const local = system.folders.flatMap(({ name, path }) =>
    [".venv", "venv"].map((folder) => ({
      origin: `${folder} of ${name}`,
      files: [inEnvironment(system, file({ ...system, folders: [{ name, path }] }, folder))],
    })),
  );
  return [...named, ...local];
}

/** The first kerlint that works, or why those that are there do not. */
export async function find(looked: readonly Place[], system: System, machine: Machine): Promise<Found | Failure[]> {
  const failures: Failure[] = [];
  for (const place of looked) {
    for (const one of await present(place, system, machine)) {
      const tried = await attempt(one, machine);
      if ("version" in tried) {
        return { file: one, origin: place.origin, version: tried.version };
      }
      failures.push({ file: one, reason: tried.reason });
    }
  }
  return failures;
}

async function present(place: Place, system: System, machine: Machine): Promise<string[]> {
  const there = await existing(place.files, machine);
  if (there.length > 0 || place.interpreter === undefined || !(await machine.isProgram(place.interpreter))) {
    return there;
  }
  // Isolated: a module of the user's folder must not be taken for one of Python's.
  const { output } = await machine.run(place.interpreter, ["-I", "-c", FOLDERS]);
  const folders = output.split(/\r?\n/).filter((line) => line !== "");
  return existing(
    folders.map((folder) => programIn(system, folder)),
    machine,
  );
}

async function existing(files: readonly string[], machine: Machine): Promise<string[]> {
  const there = await Promise.all(files.map((one) => machine.isProgram(one)));
  return [...new Set(files.filter((_, index) => there[index]))];
}

async function attempt(program: string, machine: Machine): Promise<{ version: string } | { reason: string }> {
  const ending = await machine.run(program, ["--version"]);
  const version = /^kerlint (\d\S*)\s*$/m.exec(ending.output)?.[1];
  if (version !== undefined && ending.failure === "") {
    return { version };
  }
  return { reason: lastLine(ending.errors) || ending.failure || "it does not say what version of kerlint it is" };
}

/** The last line of what a program has said: that of a traceback says what happened. */
export function lastLine(text: string): string {
  return text.trim().split(/\r?\n/).at(-1)?.trim() ?? "";
}
