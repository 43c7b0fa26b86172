# make report   set up, train on MNIST if that has not been done, and write out/report.html
# make test     set up and run the whole test suite
# make bench    time hw3 beside the libraries that the extra `bench` installs: out/benchmark
# make lint     ruff (lint and format) and mypy
# make format   let ruff rewrite what it can
# make clean    remove the environment and the results
# Another interpreter: make PYTHON=python3.13 test

PYTHON ?= python3
OUTDIR ?= out
VENV := .venv
BIN := $(VENV)/bin
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
# One stamp per interpreter: choosing another one makes the environment anew.
CREATED := $(VENV)/created-with-$(VERSION)

.PHONY: report test bench lint format clean
.DELETE_ON_ERROR:

report: $(CREATED)-base
	$(BIN)/python scripts/make_report.py --outdir=$(OUTDIR)

test: $(CREATED)-test
	$(BIN)/python -m pytest

bench: $(CREATED)-bench
	$(BIN)/python scripts/benchmark.py --outdir=$(OUTDIR)

lint: $(CREATED)-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(CREATED)-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(OUTDIR) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(CREATED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: PYTHON=$(PYTHON) is $(or $(VERSION),not found); hw3 needs Python 3.11 or newer (make PYTHON=python3.12 ...)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(CREATED)-base: $(CREATED) setup.cfg pyproject.toml
	@echo "Installing hw3 and what it needs into $(VENV) (about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(CREATED)-test: $(CREATED)-base
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

# A peer that this interpreter or machine has no package for is left out, and the benchmark says so.
$(CREATED)-bench: $(CREATED)-base
	@for peer in psutil torch captum monai keras; do \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check $$peer || echo "no $$peer here"; done
	@touch $@

$(CREATED)-lint: $(CREATED)-base
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lint]'
	@touch $@
