/** Systems and machines to look on. */

import type { Ending, Machine } from "../src/finding";
import type { System } from "../src/paths";
import { type Settings, settings } from "../src/settings";

export const linux: System = {
  platform: "linux",
  env: { PATH: "/usr/local/bin:/usr/bin" },
  home: "/home/ada",
  folders: [
    { name: "digits", path: "/home/ada/digits" },
    { name: "lib", path: "/srv/lib" },
  ],
};

export const windows: System = {
  platform: "win32",
  env: { Path: 'C:\\Windows;"C:\\Program Files\\Python 3.12\\Scripts";.;C:\\Windows' },
  home: "C:\\Users\\Ada",
  folders: [{ name: "digits", path: "D:\\work\\digits" }],
};

export function set(values: Record<string, unknown> = {}): Settings {
  return settings((name) => values[name]);
}

/** A machine on which these programs are, with how they end; what is run is noted. */
export class Pretended implements Machine {
  readonly ran: string[][] = [];

  constructor(private readonly programs: Record<string, Partial<Ending>>) {}

  async isProgram(path: string): Promise<boolean> {
    return path in this.programs;
  }

  async run(program: string, args: readonly string[]): Promise<Ending> {
    this.ran.push([program, ...args]);
    return { output: "", errors: "", failure: "", ...this.programs[program] };
  }
}

export const works: Partial<Ending> = { output: "kerlint 0.1.0\n" };
