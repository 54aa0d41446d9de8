// The environments of the Python extension's public interface: one of the interpreters that are set is chosen.

const vscode = require("vscode");

exports.activate = (context) => {
  const changed = new vscode.EventEmitter();
  const interpreters = vscode.workspace.getConfiguration("standIn").get("interpreters");
  let chosen = 0;
  const choose = () => {
    chosen = (chosen + 1) % interpreters.length;
    changed.fire({ id: interpreters[chosen], path: interpreters[chosen], resource: undefined });
  };
  context.subscriptions.push(changed, vscode.commands.registerCommand("standIn.choose", choose));
  return {
    environments: {
      getActiveEnvironmentPath: () => ({ id: interpreters[chosen], path: interpreters[chosen] }),
      resolveEnvironment: async ({ path }) => ({ path, executable: { uri: vscode.Uri.file(path) } }),
      onDidChangeActiveEnvironmentPath: changed.event,
    },
  };
};
