/** The environment that is chosen in the Python extension, where that is installed. */

import * as vscode from "vscode";

/** The part of the Python extension's public interface that is used here. */
interface PythonExtension {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(path: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** Follows the Python extension. */
export class Python {
  private environments: PythonExtension["environments"];
  private listener: vscode.Disposable | undefined;
  private known: string | undefined;

  constructor(private readonly changed: () => void) {}

  /** The interpreter of the chosen environment; undefined if there is no such extension, or it has chosen none. */
  async interpreter(): Promise<string | undefined> {
    const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
    this.environments ??= (await extension?.activate())?.environments;
    this.listener ??= this.environments?.onDidChangeActiveEnvironmentPath(() => void this.compare());
    this.known = await this.chosen();
    return this.known;
  }

  /** The extension tells of changes while it starts, and of those of other folders: most leave the interpreter as it is. */
  private async compare(): Promise<void> {
    if ((await this.chosen()) !== this.known) {
      this.changed();
    }
  }

  private async chosen(): Promise<string | undefined> {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const path = this.environments?.getActiveEnvironmentPath(folder);
    const environment = path && (await this.environments?.resolveEnvironment(path));
    return environment?.executable.uri?.fsPath;
  }

  dispose(): void {
    this.listener?.dispose();
  }
}
