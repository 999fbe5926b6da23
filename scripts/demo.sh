#!/usr/bin/env bash
# The demo: the founding review replayed box by box, then a small made-up review imported,
# deduplicated, judged, appraised and reported, and a harvest from the stand-in server; then the app.
# Everything is written into the folder DEMO, which is made anew each time.
set -euo pipefail

BIN="${BIN:-.venv/bin}" DEMO="${DEMO:-demo-review}" APP="${APP:-1}" PORT="${PORT:-8501}"
say() { printf '\n== %s\n' "$*"; }
review() { "$BIN/review" --review "$DEMO/review" --user ada "$@"; }

rm -rf "$DEMO"
mkdir -p "$DEMO/review"

say "1. The founding review replayed (Roberts et al. 2021)"
"$BIN/review" replay data/roberts2021 --out "$DEMO/roberts2021"

say "2. A small made-up review: two search exports come in"
cp data/demo/* "$DEMO/review/"
review check "$DEMO/review"
review import "$DEMO/review/embase.ris" "$DEMO/review/scopus.csv"
review dedupe
review import-decisions "$DEMO/review/decisions.csv"

say "3. Its team has appraised 17 reports; eight of the made-up papers are read and flagged"
"$BIN/python" scripts/fill_demo.py "$DEMO/review"
review attach "$DEMO/review/papers"
review read
review flags
review status
review export all "$DEMO/export"

say "4. A harvest from the stand-in server (made-up records in the services' own formats)"
"$BIN/python" -m tests.standin --size 20000 --url-file "$DEMO/standin.url" >"$DEMO/standin.log" 2>&1 &
standin=$!
trap 'kill "$standin" 2>/dev/null || true' EXIT
for _ in $(seq 300); do [ -s "$DEMO/standin.url" ] && break; sleep 0.2; done
[ -s "$DEMO/standin.url" ] || { echo "demo: the stand-in did not start; see $DEMO/standin.log" >&2; exit 1; }
url="$(cat "$DEMO/standin.url")"
export FUNNEL_ARXIV_URL="$url/arxiv/api/query" FUNNEL_MEDRXIV_URL="$url/biorxiv" \
  FUNNEL_PUBMED_URL="$url/eutils" FUNNEL_PACE=0 FUNNEL_CACHE="$(cd "$DEMO" && pwd)/cache"
review harvest
review dedupe
review status

say "Accounts of the demo"
for name in ada ben cleo; do
  FUNNEL_PASSWORD="demo-$name" review user add "$name" >/dev/null
  echo "  $name    password demo-$name"
done

if [ "$APP" = 0 ]; then
  say "Done. The reviews and their reports lie in $DEMO; 'make demo' also serves the app."
  exit 0
fi
say "The app: http://127.0.0.1:$PORT (stop with Ctrl+C)"
review app --port "$PORT"
