/** A process of `kerlint server`, and what it says when it does not serve. */

import { type ChildProcess, spawn } from "node:child_process";
import { type Found, lastLine } from "./finding";
import type { System } from "./paths";
import { serverArguments } from "./settings";

/** How much of what a server says on its standard error is kept: its last words are what counts. */
const KEPT = 10_000;

/** A server's processes, one after the other when it breaks off. */
export class Processes {
  /** What the last one has said on its standard error. */
  errors = "";
  private ending = "";

  constructor(
    private readonly found: Found,
    private readonly system: System,
    private readonly args: readonly string[],
  ) {}

  start(): ChildProcess {
    const cwd = this.system.folders[0]?.path ?? this.system.home;
    const child = spawn(this.found.file, serverArguments(this.system, this.args), { cwd, windowsHide: true });
    this.errors = this.ending = "";
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (data: string) => {
      this.errors = (this.errors + data).slice(-KEPT);
    });
    child.on("error", (error) => {
      this.ending = error.message;
    });
    child.on("exit", (code, signal) => {
      this.ending = code === null ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
    });
    return child;
  }

  /** Why the last one does not serve: its own words, or how it ended, or what else is known. */
  async reason(otherwise: string): Promise<string> {
    // The connection is closed before the exit code is known.
    await new Promise((resolve) => setTimeout(resolve, this.ending === "" ? GRACE : 0));
    return ownWords(this.errors) || this.ending || otherwise;
  }
}

/** Milliseconds that a process may need to end after it has closed its output. */
const GRACE = 500;

/** kerlint's sentence to the user among all that was said, or the last line of it. */
export function ownWords(errors: string): string {
  const own = errors.split(/\r?\n/).filter((line) => line.startsWith("kerlint: "));
  return own.at(-1)?.slice("kerlint: ".length).trim() || lastLine(errors);
}
