#!/usr/bin/env bash
# Installs what the tests need besides Python packages: Debian's Chromium, fonts, PostgreSQL and LaTeX.
# Does nothing if they are installed.
set -euo pipefail

missing=()
command -v chromium >/dev/null 2>&1 || missing+=(chromium fonts-dejavu-core fonts-liberation)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
command -v pdflatex >/dev/null 2>&1 || missing+=(texlive-latex-base texlive-latex-recommended)
if [ "${#missing[@]}" -gt 0 ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup-tests: needs ${missing[*]}; install them with your system's package manager." >&2
    exit 1
  fi
  root=()
  if [ "$(id -u)" != 0 ]; then root=(sudo); fi
  echo "setup-tests: installing ${missing[*]}"
  if ! { "${root[@]}" apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends \
      "${missing[@]}"; } >/dev/null 2>&1; then
    echo "setup-tests: could not install them; run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi
echo "setup-tests: $(chromium --version 2>/dev/null | head -1), PostgreSQL, LaTeX"
