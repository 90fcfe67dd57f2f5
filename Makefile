# What a newcomer needs, and what a contributor runs before a push. `make` alone lists the targets.
#
#   PYTHON    the interpreter that .venv is made with: 3.11 or later
#   WORKERS   processes that the tests run in
#   EXTRAS    of leo-linkage in requirements.lock and the wheel's list of components: all but [spark], 0.5 GB

SHELL   := /bin/bash
PYTHON  ?= $(shell command -v python3.11 || command -v python3)
WORKERS ?= 2
EXTRAS  := apps contracts disclosure readers splink
VENV    := .venv
BIN     := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --constraint constraints.txt

# Processes that tests start would compile the code anew, two thirds of a second each, where compiled code is not kept.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo install test test-slow test-all coverage lint format bench docs wheel lock clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.demo ## leo and the Python API in .venv

demo: $(VENV)/.demo ## install, synthesise 20,000 people and run the whole pipeline on DuckDB
	$(BIN)/leo demo

TEST = $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 30

test: $(VENV)/.test ## install what the tests need and run the fast ones: under 8 minutes on two cores
	@.ci/system-packages
	$(TEST) -m "not slow" --junitxml build/tests.xml $(PYTEST)

test-slow: $(VENV)/.test ## the slow tests, and properties with ten times the examples
	@.ci/system-packages
	$(TEST) -m "slow or property" --hypothesis-profile thorough --junitxml build/tests-slow.xml $(PYTEST)

test-all: test test-slow ## both

coverage: ## the tests, which fail where fewer than 90 % of the lines are run; a fifth longer
	@$(MAKE) --no-print-directory test PYTEST="--cov --cov-report term:skip-covered --cov-fail-under 90 $(PYTEST)"

lint: $(VENV)/.test ## ruff (rules and layout), import-linter (layers) and mypy, strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: $(VENV)/.test ## lay the code out and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.test ## leo link and Splink on the same files, into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks $(BENCH)

docs: $(VENV)/.docs ## the documentation site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo build/site/index.html

wheel: $(VENV)/.demo ## dist/leo_linkage-*.whl, and the list of its components (CycloneDX) next to it
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	$(BIN)/python .ci/sbom.py dist $(EXTRAS)

# Both files are of one resolution: versions in constraints.txt are kept until they are taken out of it.
COMPILE = printf 'hatchling==1.33.0\neditables' | $(BIN)/uv pip compile pyproject.toml - --python-version 3.11.6 \
	--no-annotate --no-header --no-emit-index-url --quiet --constraint constraints.txt

lock: $(VENV)/.test ## resolve again after a change of pyproject.toml: constraints.txt and requirements.lock
	$(INSTALL) uv
	@mkdir -p build
	$(COMPILE) --all-extras --output-file build/constraints.txt && mv build/constraints.txt constraints.txt
	$(COMPILE) $(EXTRAS:%=--extra %) --universal --generate-hashes --output-file requirements.lock

clean: ## remove caches and builds; runs and .venv stay
	rm -rf build dist spark-warehouse metastore_db derby.log .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## and .venv
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or later is needed: install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "python -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 2; }

# A stamp for each set of packages, so that installing happens once and again when what is needed changes.
$(VENV)/.demo: pyproject.toml requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --requirement requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[all,bench,dev]'
	@touch $@

$(VENV)/.docs: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[apps,docs]'
	@touch $@
