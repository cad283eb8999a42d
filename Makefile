# `make demo` and `make test` need Python 3.11 or newer, git and make; they set up the rest, once, in .venv.
.DEFAULT_GOAL := help
.PHONY: help demo test lint chaos kill-series fuzz bench lock clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready.stamp
JOBS ?= 2
SEED ?= 1
FUZZ := .venv-fuzz
MINUTES ?= 2
SIZE ?= $(if $(QUICK),quick,standard)

help:
	@echo "make demo   draw a synthetic sheet, digitise it, compare with the truth"
	@echo "make test   ruff, mypy, pytest"
	@echo "make chaos  digitise an archive of good and bad sheets while all that does it is killed, and judge the result, SEED=1 SHEETS=200"
	@echo "make kill-series  kill one process a run, of each kind at ten random moments, and judge each run, SEED=1 SHEETS=30"
	@echo "make lint   ruff and mypy only"
	@echo "make fuzz   fuzz what reads strangers' files and what writes LAS, MINUTES=2 a target (Linux)"
	@echo "make bench  measure what VeerNet costs beside its floors, some 30 minutes; QUICK=1 for 10, SIZE=full for hours, ONLY=\"start stages\", KEEP=1"
	@echo "make lock   pin the whole set again from pyproject.toml (needs uv)"
	@echo "make clean  remove the environment, caches and the demo's output"

demo: $(READY)
	$(BIN)/veernet demo

test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: $(READY)
	$(BIN)/ruff check flows tasks veernet tests benchmarks fuzz
	$(BIN)/ruff format --check flows tasks veernet tests benchmarks fuzz
	$(BIN)/mypy

fuzz: $(FUZZ)/ready.stamp
	$(FUZZ)/bin/python -m fuzz --minutes $(MINUTES) $(TARGETS)

# The fuzzer has an environment of its own, which sees everything of .venv.
$(FUZZ)/ready.stamp: fuzz/requirements.txt $(READY)
	$(BIN)/python -m venv $(FUZZ)
	$(FUZZ)/bin/python -m pip install --disable-pip-version-check -q -r fuzz/requirements.txt
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
	  > "$$($(FUZZ)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/veernet-environment.pth"
	@touch $@

# 3.11 comes first because the set was pinned and tested with it.
$(READY): requirements.lock pyproject.toml
	@set -e; \
	for candidate in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    python="$$candidate"; break; \
	  fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "VeerNet needs Python 3.11 or newer with its venv module (on Debian: apt install python3-venv); none was found on PATH" >&2; \
	  exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ]; then echo "setting up $(VENV) with $$python, once; a few minutes"; "$$python" -m venv $(VENV); fi
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -q -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

chaos kill-series: $(READY)
	PYTHONPATH=tests $(BIN)/python -m chaos --seed $(SEED) $(if $(SHEETS),--sheets $(SHEETS)) $(if $(filter kill-series,$@),--series)

bench: $(READY)
	$(BIN)/python -m benchmarks --size $(SIZE) $(if $(ONLY),--only $(ONLY)) $(if $(KEEP),--keep)

lock:
	uv pip compile --quiet --upgrade --no-emit-index-url --no-annotate --no-header --extra dev pyproject.toml -o requirements.lock
	sed -i -e '/^#/d' -e '1i # Every package VeerNet runs and is tested with, on any platform. Written by make lock; read by make demo and make test.' requirements.lock

clean:
	rm -rf $(VENV) .venv-s3 $(FUZZ) .mypy_cache .ruff_cache .pytest_cache .hypothesis build demo *.egg-info
