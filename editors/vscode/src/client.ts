/** The protocol's client for one server. */

import type { LogOutputChannel } from "vscode";
import * as vscode from "vscode";
import {
  CloseAction,
  type DynamicFeature,
  type ErrorHandler,
  ExecuteCommandRequest,
  LanguageClient,
  type Middleware,
  RevealOutputChannelOn,
  type StaticFeature,
} from "vscode-languageclient/node";
import type { Found } from "./finding";
import { notServing } from "./messages";
import type { System } from "./paths";
import { Processes } from "./process";
import { forServer } from "./settings";

/** Where findings are looked for, and where the status is shown. */
export const DOCUMENTS = [
  { language: "python", scheme: "file" },
  { language: "python", scheme: "untitled" },
  { language: "python", notebook: "jupyter-notebook" },
];

/** A server that does not begin to serve; the message is for the user. */
export class NotServingError extends Error {}

/** A client that leaves the commands to the extension, and telling the user that there is no server. */
export class Client extends LanguageClient {
  begun = false;
  /** Set as soon as it is known that it will be stopped: what is told it from then on would fail. */
  leaving = false;

  /** Have the server run one of its commands. */
  run(command: string, args: readonly unknown[]): Promise<unknown> {
    return this.sendRequest(ExecuteCommandRequest.type, { command, arguments: [...args] });
  }

  /** The commands are there before the server is, and while it is restarted: the extension registers them. */
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const method = "registrationType" in feature ? feature.registrationType.method : "";
    if (method !== ExecuteCommandRequest.method) {
      super.registerFeature(feature);
    }
  }

  /** A server that did not begin is not tried again, it would say the same; one that breaks off is, a few times. */
  override createDefaultErrorHandler(maxRestartCount?: number): ErrorHandler {
    const usual = super.createDefaultErrorHandler(maxRestartCount);
    return {
      error: (...args) => usual.error(...args),
      closed: () => (this.begun ? usual.closed() : { action: CloseAction.DoNotRestart, handled: true }),
    };
  }

  override error(message: string, data?: unknown, showNotification: boolean | "force" = true): void {
    super.error(message, data, this.begun && showNotification);
  }
}

/** Start a server. Raises NotServingError. */
export async function start(
  found: Found,
  system: System,
  args: readonly string[],
  log: LogOutputChannel,
): Promise<Client> {
  const processes = new Processes(found, system, args);
  const client: Client = new Client("kerlint", "kerlint", async () => processes.start(), {
    documentSelector: DOCUMENTS,
    outputChannel: log,
    traceOutputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () => forServer(system, vscode.workspace.getConfiguration().get("kerlint")),
    initializationFailedHandler: () => false,
    middleware: middleware(system, () => client.leaving),
  });
  try {
    await client.start();
    client.begun = true;
    return client;
  } catch (error) {
    await client.dispose().catch(() => undefined); // there is nothing to end
    throw new NotServingError(notServing(found, await processes.reason(String(error))));
  }
}

function middleware(system: System, leaving: () => boolean): Middleware {
  return {
    workspace: {
      didChangeConfiguration: async (sections, next) => {
        if (!leaving()) {
          await next(sections);
        }
      },
      configuration: async (params, token, next) => {
        const found = await next(params, token);
        return Array.isArray(found) ? found.map((one) => forServer(system, one)) : found;
      },
    },
    window: {
      // The pages of rules are shown as they are meant to be read.
      showDocument: async (params, token, next) => {
        if (!params.uri.endsWith(".md")) {
          return next(params, token);
        }
        await vscode.commands.executeCommand("markdown.showPreview", vscode.Uri.parse(params.uri));
        return { success: true };
      },
    },
  };
}
