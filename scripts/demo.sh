#!/usr/bin/env bash
# The demo: the founding review replayed box by box, then a small review harvested, deduplicated,
# screened and reported; then the app. Everything is written into the folder DEMO.
set -euo pipefail

BIN="${BIN:-.venv/bin}" DEMO="${DEMO:-demo-review}" APP="${APP:-1}" PORT="${PORT:-8501}"
say() { printf '\n== %s\n' "$*"; }

say "1. The founding review replayed (Roberts et al. 2021)"
rm -rf "$DEMO"
"$BIN/review" replay data/roberts2021 --out "$DEMO/roberts2021"

if [ "$APP" = 0 ]; then
  say "Done. Reports lie in $DEMO; 'make demo' without APP=0 also serves the app."
  exit 0
fi
say "The app"
