# Two commands matter: `make demo` (see it work) and `make test` (prove it).
# Both set up what they need in .venv and may be run again at any time.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
APP ?= 1
PORT ?= 8501
DEMO ?= demo-review
WORKERS ?= 2

.PHONY: help setup setup-tests demo test test-corpora lint types unit bench site lock docs clean

help: ## show these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

setup: $(VENV)/.ready ## make .venv with all that is needed to run

$(VENV)/.ready: pyproject.toml requirements.lock scripts/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash scripts/setup.sh
	@touch $@

setup-tests: ## install Chromium and PostgreSQL for the tests (Debian, as root)
	@bash scripts/setup-tests.sh

demo: setup ## make the demo review, run the pipeline, serve the app (APP=0: do not serve)
	@BIN="$(BIN)" DEMO="$(DEMO)" APP="$(APP)" PORT="$(PORT)" bash scripts/demo.sh

test: setup setup-tests lint types unit ## check style and types, run all tests

lint: setup
	@echo "== style"; $(BIN)/ruff format --check -q . && $(BIN)/ruff check -q . && echo "style: fine"
	@$(BIN)/python scripts/check_licences.py

types: setup
	@echo "== types"; $(BIN)/mypy

unit: setup
	@echo "== tests"; env -u CORPORA $(BIN)/pytest -n $(WORKERS)

test-corpora: setup ## run the tests over genuine files (CORPORA=folder that holds them)
	@[ -n "$(CORPORA)" ] || { echo "test-corpora: name the folder of genuine files, as in: make test-corpora CORPORA=../shared" >&2; exit 1; }
	@[ -d "$(CORPORA)" ] || { echo "test-corpora: no such folder: $(CORPORA)" >&2; exit 1; }
	@echo "== tests over $(CORPORA)"; CORPORA="$(abspath $(CORPORA))" $(BIN)/pytest -n $(WORKERS) tests/corpora

bench: setup ## print the benchmark tables (CORPORA=folder of genuine files; minutes)
	@for one in benchmarks/bench_*.py; do echo "== $$one"; CORPORA="$(abspath $(or $(CORPORA),../shared))" $(BIN)/python "$$one"; done

site: setup ## build the documentation site into build/site and check its links
	@$(BIN)/python scripts/make_site.py build/site-docs
	@[ -x .site/bin/mkdocs ] || { $(BIN)/python -m venv .site && .site/bin/pip install -q "mkdocs-material>=9.6,<10"; }
	@.site/bin/mkdocs build -q && echo "site: build/site/index.html"

lock: ## pin all dependencies anew
	@uv pip compile pyproject.toml --extra postgres --extra cluster --group dev --universal --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -q -o requirements.lock

docs: setup ## write the reference pages that come from the code
	@$(BIN)/python scripts/make_docs.py

clean: ## remove .venv and the demo review
	rm -rf $(VENV) $(DEMO)
