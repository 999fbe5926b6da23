#!/usr/bin/env bash
# The demo: replays the founding review box by box; imports, deduplicates, screens, appraises and
# reports a small made-up review; harvests from the stand-in server; then serves both reviews in a home.
# Everything is written into the folder DEMO, which is deleted first.
set -euo pipefail

BIN="${BIN:-.venv/bin}" DEMO="${DEMO:-demo-review}" APP="${APP:-1}" PORT="${PORT:-8501}"
say() { printf '\n== %s\n' "$*"; }
review() { "$BIN/review" --review "$DEMO/home/demo" --user ada "$@"; }

rm -rf "$DEMO"
mkdir -p "$DEMO/home/demo"

say "1. Replay the founding review (Roberts et al. 2021)"
"$BIN/review" replay data/roberts2021 --out "$DEMO/home/roberts2021"

say "2. Import two search exports into a small made-up review"
cp data/demo/* "$DEMO/home/demo/"
review check "$DEMO/home/demo"
review import "$DEMO/home/demo/embase.ris" "$DEMO/home/demo/scopus.csv"
review dedupe
review import-decisions "$DEMO/home/demo/decisions.csv"

say "3. Appraise 17 reports as its team; read and flag eight made-up papers"
"$BIN/python" scripts/fill_demo.py "$DEMO/home/demo"
review attach "$DEMO/home/demo/papers"
review read
review flags
review status
review export all "$DEMO/export"

say "4. Made-up chest films for the image audits"
"$BIN/python" scripts/make_phantoms.py "$DEMO/films" --patients 40 --seed 1
review images add "$DEMO/films/films" --set phantoms --labels "$DEMO/films/labels.csv"
review images sieve-set phantoms
review images draw phantoms --label Pneumothorax --reader ada --reader ben --n 18 --seed 1 \
  --definition "air between lung and chest wall: the edge of the lung is seen, and no vessels beyond it"

say "5. Harvest from the stand-in server (made-up records in the services' own formats)"
"$BIN/python" -m tests.standin --size 20000 --url-file "$DEMO/standin.url" >"$DEMO/standin.log" 2>&1 &
standin=$!
trap 'kill "$standin" 2>/dev/null || true' EXIT
for _ in $(seq 300); do [ -s "$DEMO/standin.url" ] && break; sleep 0.2; done
[ -s "$DEMO/standin.url" ] || { echo "demo: the stand-in server did not start; see $DEMO/standin.log" >&2; exit 1; }
url="$(cat "$DEMO/standin.url")"
export FUNNEL_ARXIV_URL="$url/arxiv/api/query" FUNNEL_MEDRXIV_URL="$url/biorxiv" \
  FUNNEL_PUBMED_URL="$url/eutils" FUNNEL_PACE=0 FUNNEL_CACHE="$(cd "$DEMO" && pwd)/cache"
review harvest
review dedupe
review status

say "Demo accounts"
"$BIN/python" scripts/make_demo_home.py "$DEMO/home"
for name in ada ben cleo; do echo "  $name    password demo-$name"; done

if [ "$APP" = 0 ]; then
  say "Done. The reviews and their reports are in $DEMO; 'make demo' also serves the app."
  exit 0
fi
say "Serve the app at http://127.0.0.1:$PORT (stop with Ctrl+C)"
"$BIN/review" app "$DEMO/home" --port "$PORT"
