#!/usr/bin/env bash
# Installs what the browser tests drive: Debian's Chromium and fonts. Does nothing when present.
set -euo pipefail

if command -v chromium >/dev/null 2>&1; then
  echo "setup-browser: $(chromium --version 2>/dev/null | head -1)"
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "setup-browser: needs 'chromium' on the path; install it with your system's packages." >&2
  exit 1
fi
root=()
if [ "$(id -u)" != 0 ]; then root=(sudo); fi
echo "setup-browser: installing Debian's Chromium"
if ! { "${root[@]}" apt-get update -qq &&
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends \
    chromium fonts-dejavu-core fonts-liberation; } >/dev/null 2>&1; then
  echo "setup-browser: could not install Chromium; run: apt-get install chromium" >&2
  exit 1
fi
echo "setup-browser: $(chromium --version 2>/dev/null | head -1)"
