#!/usr/bin/env bash
# Creates the virtual environment: Python 3.11 or newer, all packages at their locked versions.
set -euo pipefail

VENV="${VENV:-.venv}"
say() { printf '%s\n' "setup: $*"; }
fail() { printf '%s\n' "setup: $*" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local one
  for one in "${PYTHON:-python3.11}" python3.11 python3.12 python3.13 python3; do
    if command -v "$one" >/dev/null 2>&1 && new_enough "$one"; then
      printf '%s' "$one"
      return
    fi
  done
  fail "needs Python 3.11 or newer; install it (Debian: apt-get install python3 python3-venv)."
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

python="$(find_python)"
if ! [ -x "$VENV/bin/python" ] || ! new_enough "$VENV/bin/python"; then
  say "making $VENV with $("$python" --version)"
  rm -rf "$VENV"
  if ! "$python" -m venv "$VENV" >/dev/null 2>&1; then
    say "this Python has no venv module; installing Debian's"
    { as_root apt-get update -qq && as_root apt-get install -y -qq python3-venv python3-pip; } \
      >/dev/null 2>&1 || fail "could not install python3-venv; run: apt-get install python3-venv"
    rm -rf "$VENV"
    "$python" -m venv "$VENV" || fail "could not make $VENV with $python."
  fi
fi
if ! [ -x "$VENV/bin/uv" ]; then
  say "installing uv"
  "$VENV/bin/python" -m pip install -q --disable-pip-version-check --root-user-action=ignore \
    "$(grep -oE '^uv==[0-9.]+' requirements.lock)" \
    || fail "could not install uv; is the package index reachable?"
fi
say "installing the locked packages"
"$VENV/bin/uv" pip install -q --python "$VENV/bin/python" --compile-bytecode --require-hashes \
  -r requirements.lock \
  || fail "could not install the packages of requirements.lock; is the package index reachable?"
"$VENV/bin/uv" pip install -q --python "$VENV/bin/python" --no-deps --no-build-isolation -e . \
  || fail "could not install Funnel itself from this folder."
"$VENV/bin/python" -m compileall -q review app.py >/dev/null || true  # every command starts sooner
say "ready: $VENV/bin/review"
