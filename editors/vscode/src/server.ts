/** The one server of the window: found, started, restarted when what it was started with has changed, stopped. */

import { homedir } from "node:os";
import * as vscode from "vscode";
import { type Client, NotServingError, start } from "./client";
import { type Found, find, places } from "./finding";
import { machine } from "./machine";
import { notFound, type State } from "./messages";
import type { System } from "./paths";
import { Python } from "./python";
import { type Settings, settings } from "./settings";

export class Server {
  private readonly python = new Python(() => void this.restart());
  private client: Client | undefined;
  /** What is under way: starts and stops come one after the other. */
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly show: (state: State) => void,
    private readonly complain: (message: string) => void,
  ) {}

  /** Stop what runs and start what is set now. */
  restart(): Promise<void> {
    if (this.client !== undefined) {
      this.client.leaving = true;
    }
    return this.after(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    this.python.dispose();
    return this.after(() => this.end());
  }

  /** Have the server run one of its commands; undefined if there is none, which the user has been told. */
  async run(command: string, args: readonly unknown[]): Promise<unknown> {
    await this.turn;
    return this.client?.run(command, args);
  }

  private after(next: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(next).catch((error: unknown) => {
      this.fail(`internal error of the extension: ${error}`);
      this.log.error(error instanceof Error ? error : String(error));
    });
    return this.turn;
  }

  private async begin(): Promise<void> {
    const set = settings((name) => vscode.workspace.getConfiguration("kerlint").get(name));
    if (!set.enable) {
      this.show({ kind: "off" });
      return;
    }
    this.show({ kind: "starting" });
    const here = system();
    const started = performance.now();
    const found = await this.find(set, here);
    if (found === undefined) {
      return;
    }
    const looked = performance.now();
    this.log.info(`kerlint ${found.version}, ${found.file} (${found.origin})`);
    try {
      this.client = await start(found, here, set.args, this.log);
    } catch (error) {
      if (!(error instanceof NotServingError)) {
        throw error;
      }
      this.fail(error.message);
      return;
    }
    const [looking, starting] = [looked - started, performance.now() - looked].map(Math.round);
    this.log.info(`found after ${looking} ms, serving after ${starting} ms more`);
    this.show({ kind: "running", found });
  }

  private async find(set: Settings, here: System): Promise<Found | undefined> {
    const asked = set.path.length === 0 && set.importStrategy === "fromEnvironment" && set.interpreter === "";
    const looked = places(set, here, asked ? await this.interpreter() : undefined);
    const found = await find(looked, here, machine);
    if (!Array.isArray(found)) {
      return found;
    }
    for (const { origin, files } of looked) {
      this.log.info(`looked for kerlint in ${origin}: ${files.join(", ") || "nothing there"}`);
    }
    for (const { file, reason } of found) {
      this.log.warn(`${file}: ${reason}`);
    }
    this.fail(notFound(set, found));
    return undefined;
  }

  /** What the Python extension has chosen; where that extension fails, kerlint may be found without it. */
  private async interpreter(): Promise<string | undefined> {
    try {
      return await this.python.interpreter();
    } catch (error) {
      this.log.warn(`the Python extension does not say which environment is chosen: ${error}`);
      return undefined;
    }
  }

  private async end(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.dispose();
  }

  private fail(message: string): void {
    this.log.error(message);
    this.show({ kind: "failed", reason: message });
    this.complain(message);
  }
}

function system(): System {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  return {
    platform: process.platform,
    env: process.env,
    home: homedir(),
    folders: folders.map(({ name, uri }) => ({ name, path: uri.fsPath })),
  };
}
