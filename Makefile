# The two main commands are `make demo` (see Funnel work) and `make test` (check that it does).
# Both install what they need into .venv and can be repeated at any time.

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
COUNT ?= 60
SEED ?= 1

.PHONY: help setup setup-tests demo test test-corpora lint types unit mutants bench site sample-page pictures demo-files lock docs clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

setup: $(VENV)/.ready ## install Funnel and its dependencies into .venv

$(VENV)/.ready: pyproject.toml requirements.lock scripts/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash scripts/setup.sh
	@touch $@

setup-tests: ## install Chromium, PostgreSQL and LaTeX for the tests (Debian, as root)
	@bash scripts/setup-tests.sh

demo: setup ## build the demo review and serve the app (APP=0: without serving)
	@BIN="$(BIN)" DEMO="$(DEMO)" APP="$(APP)" PORT="$(PORT)" bash scripts/demo.sh

test: setup setup-tests lint types unit ## check style and types, run all tests

lint: setup
	@echo "== style"; $(BIN)/ruff format --check -q . && $(BIN)/ruff check -q . && echo "style: fine"
	@$(BIN)/python scripts/check_licences.py

types: setup
	@echo "== types"; $(BIN)/mypy

unit: setup
	@echo "== tests"; env -u CORPORA $(BIN)/pytest -n $(WORKERS)

test-corpora: setup ## run the tests on genuine files (CORPORA=their folder)
	@[ -n "$(CORPORA)" ] || { echo "test-corpora: give the folder of genuine files, for example: make test-corpora CORPORA=../shared" >&2; exit 1; }
	@[ -d "$(CORPORA)" ] || { echo "test-corpora: no such folder: $(CORPORA)" >&2; exit 1; }
	@echo "== tests over $(CORPORA)"; CORPORA="$(abspath $(CORPORA))" $(BIN)/pytest -n $(WORKERS) tests/corpora

mutants: setup ## change the pure steps one fault at a time, count the faults the tests catch (COUNT, SEED)
	@$(BIN)/python scripts/mutants.py --count $(COUNT) --seed $(SEED)

bench: setup ## print the benchmark tables (CORPORA=folder of genuine files; takes minutes)
	@for one in benchmarks/bench_*.py; do echo "== $$one"; CORPORA="$(abspath $(or $(CORPORA),../shared))" $(BIN)/python "$$one"; done

site: setup ## build the documentation site into build/site and check its links
	@$(BIN)/python scripts/make_site.py build/site-docs
	@[ -x .site/bin/mkdocs ] || { $(BIN)/python -m venv .site && .site/bin/pip install -q "mkdocs-material>=9.6,<10"; }
	@.site/bin/mkdocs build -q && echo "site: build/site/index.html"

sample-page: setup ## replay the founding review and publish it into build/sample-page
	@rm -rf build/sample-review && mkdir -p build
	@$(BIN)/review replay data/roberts2021 --out build/sample-review > /dev/null
	@rm -rf build/sample-page
	@$(BIN)/review --review build/sample-review --user published publish build/sample-page

pictures: demo-files setup-tests ## take the pictures of the tutorial from the app (after a build of the demo)
	@PYTHONPATH=.:tests $(BIN)/python scripts/make_pictures.py $(DEMO) docs/images/tutorial

demo-files: setup
	@[ -d $(DEMO)/home/demo ] || BIN="$(BIN)" DEMO="$(DEMO)" APP=0 bash scripts/demo.sh

lock: ## pin all dependencies again
	@uv pip compile pyproject.toml --extra postgres --extra cluster --group dev --universal --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -q -o requirements.lock

docs: setup ## generate docs/protocol.md from the code
	@$(BIN)/python scripts/make_docs.py

clean: ## remove .venv and the demo review
	rm -rf $(VENV) $(DEMO)
