/** This machine: its files, and programs that are run on it. */

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Ending, Machine } from "./finding";

/** Milliseconds that a program may take to say its version: a first start on a slow disk takes a few seconds. */
const PATIENCE = 15_000;

export const machine: Machine = {
  async isProgram(path) {
    try {
      await access(path, constants.X_OK);
      return (await stat(path)).isFile();
    } catch {
      return false; // whatever keeps it from being read keeps it from being run
    }
  },

  run(program, args) {
    return new Promise<Ending>((resolve) => {
      // Not in the user's folder: nothing in there is needed, and nothing in there shall be found.
      const options = { cwd: tmpdir(), timeout: PATIENCE, windowsHide: true };
      execFile(program, args, options, (error, output, errors) => {
        resolve({ output, errors, failure: error === null ? "" : failure(error) });
      });
    });
  },
};

function failure(error: Error & { code?: unknown; killed?: boolean }): string {
  if (error.killed === true) {
    return `it was not done after ${PATIENCE / 1000} seconds`;
  }
  return typeof error.code === "number" ? `it ended with exit code ${error.code}` : error.message;
}
