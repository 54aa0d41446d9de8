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

  constructor(private readonly changed: () => void) {}

  /** The interpreter of the chosen environment; undefined if there is no such extension, or it has chosen none. */
  async interpreter(folder: vscode.Uri | undefined): Promise<string | undefined> {
    const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
    this.environments ??= (await extension?.activate())?.environments;
    if (this.environments === undefined) {
      return undefined;
    }
    this.listener ??= this.environments.onDidChangeActiveEnvironmentPath(this.changed);
    const environment = await this.environments.resolveEnvironment(this.environments.getActiveEnvironmentPath(folder));
    return environment?.executable.uri?.fsPath;
  }

  dispose(): void {
    this.listener?.dispose();
  }
}
