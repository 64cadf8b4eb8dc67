# Two commands a newcomer needs: `make demo` fits a model to data, `make test` runs every check and every test.
# Both create the environment (.venv) first. `make help` lists the rest.

PYTHON ?= python3
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet

# --- what the demo does; edit freely
DEMO_MODEL := examples/lynx_hare.ojx
DEMO_DATA := examples/lynx_hare.csv
DEMO_OPTIONS := --output out/lynx_hare.nc --figure out/lynx_hare.png

# One thread per process, no GPU: timings and results do not depend on what else the machine does.
QUIET := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 JAX_PLATFORMS=cpu

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types tests fast slow bench docs format clean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/installed ## fit the lynx-hare model to the data, with a table, a file and a figure
	@mkdir -p out
	$(BIN)/opjax fit $(DEMO_MODEL) --data $(DEMO_DATA) $(DEMO_OPTIONS)

test: lint types tests ## linter, type checker and all tests

check: lint types docs ## linter, type checker and documentation, without the tests

lint: $(VENV)/installed-dev ## linter and format
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(VENV)/installed-dev ## type checker
	$(RUN) -m pyright --pythonpath $(RUN)

# Neighbours stay in one process as long as both have work: they share what is compiled.
tests: $(VENV)/installed-dev ## all tests, in one run
	$(QUIET) $(RUN) -m pytest -n $(WORKERS) --dist worksteal

fast: $(VENV)/installed-dev ## the tests that take seconds
	$(QUIET) $(RUN) -m pytest -n $(WORKERS) --dist worksteal -m "not slow"

slow: $(VENV)/installed-dev ## the tests that take longer
	$(QUIET) $(RUN) -m pytest -n $(WORKERS) --dist worksteal -m slow

bench: $(VENV)/installed-dev ## every benchmark; the tables go to benchmarks/results
	for script in benchmarks/time_*.py benchmarks/count_*.py benchmarks/memory_*.py benchmarks/compare_*.py \
		benchmarks/against_*.py; do \
		$(QUIET) $(RUN) $$script || exit 1; \
	done

docs: $(VENV)/installed-dev ## documentation with executed examples, into docs/_build/html
	$(QUIET) $(RUN) -m sphinx -W --keep-going --quiet -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

format: $(VENV)/installed-dev ## format the code and mend what the linter can mend
	$(RUN) -m ruff check --fix-only .
	$(RUN) -m ruff format .

clean: ## remove what these targets made, the environment too
	rm -rf $(VENV) out docs/_build docs/errors docs/reference .pytest_cache .ruff_cache .hypothesis

# --- the environment: installed anew only when pyproject.toml changes
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "opjax needs Python 3.11 or newer: make PYTHON=/path/to/python $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable ".[all]"
	@touch $@

# PyTorch is one of the array libraries that the tests compare. Its CPU build is not on PyPI, and the build that is
# there brings gigabytes of CUDA; where no CPU build is found, the tests with PyTorch are skipped and say why.
# flepimop2 is under the GPL: it is no dependency of opjax, also not of its tests, but of the package flepimop2-opjax.
$(VENV)/installed-dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable ".[all,dev,docs]"
	@$(PIP) install "torch==2.13.0+cpu" 2>/dev/null || \
		echo "no CPU build of PyTorch was found: the tests with it will be skipped"
	@$(PIP) install "flepimop2>=0.3" "flepimop2-op-engine>=0.8" "flepimop2-op-system>=0.9" || \
		echo "flepimop2 was not found: the tests of flepimop2-opjax will be skipped"
	@touch $(VENV)/installed $@
