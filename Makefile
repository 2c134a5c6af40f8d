# make demo    ten images in parallel from a local server, into temp/
# make test    the tests, with all they need
# make test-container    build the container image and run it, with Docker or podman
# make check   format, lint, types
# make bench   the peers side by side, every figure; QUICK=1 a look of two minutes; ROWS=files,latency for some rows
# Each sets up .venv by itself where it is not there yet.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test test-container bench check format install clean

demo: $(READY)
	$(BIN)/downloader demo

test: $(READY)
	$(BIN)/python -m pytest

test-container: $(READY)
	$(BIN)/python -m pytest -n 0 -m container --durations 0 --durations-min 1 -v tests/container

bench: $(READY)
	$(BIN)/python benchmarks/bench.py $(if $(QUICK),--quick) $(if $(ROWS),--rows $(ROWS)) $(BENCH)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: $(READY)

$(READY): pyproject.toml .ci/venv
	PYTHON=$(PYTHON) .ci/venv $(VENV)
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
