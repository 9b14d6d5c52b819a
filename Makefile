# Two commands do everything on a fresh machine: `make bench` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(SUPPORTED)' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEVICE ?= auto
STUDY ?= bench/studies/default.toml
RUNS ?= runs
RUN := $(RUNS)/$(basename $(notdir $(STUDY)))

export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help setup bench test lint type check report lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the pinned dependencies

$(READY): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "make: Python 3.11 to 3.13 is needed; install one, or give PYTHON=/path/to/python" >&2; exit 2; fi
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV) && \
		uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock && \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

bench: $(READY) ## train, prune, export, measure and report on real digits; DEVICE=cuda, STUDY=file.toml
	$(BIN)/harness run $(STUDY) --output $(RUNS) --device $(DEVICE)
	HARNESS_RUN=$(RUN) $(BIN)/python -m pytest bench --benchmark-json=$(RUN)/pytest-benchmark.json

test: $(READY) ## the tests, less the long sweeps
	$(BIN)/python -m pytest

lint: $(READY) ## style, format and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: $(READY) ## static types
	$(BIN)/mypy

check: lint type test ## all that CI checks

report: $(READY) ## write the report of the last run again, from its results.json
	$(BIN)/harness report $(RUN)

lock: ## renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--upgrade --group pyproject.toml:dev pyproject.toml --output-file requirements.lock

clean: ## remove .venv, runs, and everything made
	rm -rf $(VENV) $(RUNS) .harness .benchmarks .pytest_cache .mypy_cache .ruff_cache .hypothesis build ./*.egg-info
