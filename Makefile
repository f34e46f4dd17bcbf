# One target per thing a newcomer types. `setup` is a dependency of all of them and is cached.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.SILENT:
.PHONY: help setup system run demo test check bench recall soak lock format clean

help:
	echo "make run     the service on config/, embedded (needs nothing but Python >= 3.11)"
	echo "make demo    the same, offline, on feeds it serves itself"
	echo "make test    everything, a real Kafka included"
	echo "make check   lint, types, import contracts, pure tests"
	echo "make bench   figures beside their peers      make soak   the long forms of the tests"
	echo "make recall  what the concept packs find and miss, per language"

$(STAMP): requirements.lock pyproject.toml $(wildcard monitor/match/native/*.[ch])
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check "uv>=0.9"
	$(BIN)/uv pip sync -q --compile-bytecode --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	$(BIN)/python -m compileall -q monitor
	touch $@

setup: $(STAMP)

system: $(STAMP)
	deploy/setup-tests.sh

run: setup
	$(BIN)/news-monitor run --config config

demo: setup
	$(BIN)/news-monitor demo

check: setup
	$(BIN)/ruff format --check -q monitor tests
	$(BIN)/ruff check -q monitor tests
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q -m "not soak and not bench" tests/unit tests/property tests/architecture

# PART narrows it: `make test PART="and not acceptance"`.
test: system
	$(BIN)/python -m pytest -m "not soak and not bench $(PART)"

soak: system
	$(BIN)/python -m pytest -m soak --timeout 3600

bench: system
	$(BIN)/python -m tests.benchmarks

recall: setup
	$(BIN)/python -m tests.recall --misses

lock:
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --group dev --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -c requirements.lock pyproject.toml -o deploy/locks/runtime.lock

format: setup
	$(BIN)/ruff format monitor tests
	$(BIN)/ruff check --fix monitor tests

clean:
	rm -rf build .venv
