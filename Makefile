# Everything a developer or an operator does has one target; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOLS := $(VENV)/.tools
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist worksteal
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
KILLS ?= 200
SEED ?= 1
WORKERS ?= 2
BROKERS ?= 1
PORT ?= 9092

.PHONY: help setup dev run check test test-core test-torture test-live test-kafka soak lint format bench bench-kafka torture torture-kafka docs pictures golden kafka run-kafka lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(READY) ## Make .venv with the locked packages and the `hall` command: what a user needs, and nothing else

$(READY): requirements.lock pyproject.toml
	@bash .ci/python $(VENV)
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

dev: $(TOOLS) ## The same with what developers need: tests, linters, types

$(TOOLS): $(READY) requirements-dev.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

run: setup ## Run the demo hall on the embedded log: live table here, /metrics on 127.0.0.1:9464
	@$(BIN)/hall run

check: lint ## Before every save: style, types, architecture, and the tests that start no process; less than a minute
	@time $(PYTEST) -m "not slow and not live and not torture and not soak" $(QUICK)

QUICK := tests/agents tests/config tests/golden tests/streams/engine tests/streams/operating tests/streams/recordings \
	tests/streams/worker $(wildcard tests/streams/test_*.py) tests/benchmarks tests/test_architecture.py

test: lint test-core test-torture test-live ## Check style, types and architecture, then run every test; each part can be run alone

test-core: dev ## The tests that need no service: most of them
	@echo "== test-core"; time $(PYTEST) -m "not live and not torture and not soak"

test-torture: dev ## A short ordeal on the embedded log
	@echo "== test-torture"; time $(PYTEST) -m "torture and not live"

test-live: dev ## The tests against real services: Kafka, Prometheus, kcat
	@echo "== test-live"; time $(PYTEST) -m live

test-kafka: test-live

soak: dev ## By night: simulated weeks, then the long ordeals on both logs (KILLS, SEED)
	@echo "== soak"; time $(BIN)/python -m pytest -q -m soak
	@$(MAKE) --no-print-directory torture torture-kafka

lint: dev ## Check style, types and architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: dev ## Put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: dev ## Measure, and print the table of benchmarks/README.md
	@$(BIN)/python -m benchmarks

bench-kafka: dev ## The same on a real Kafka, beside stock Faust, Quix Streams and Bytewax (fetched on first use; minutes)
	@$(BIN)/python -m benchmarks kafka kafka-latency kafka-pauses peers

torture: dev ## Kill, stop and damage a running engine KILLS times (default 200), and compare with the replay
	@$(BIN)/python -m tests.torture --kills $(KILLS) --seed $(SEED)

torture-kafka: dev ## The same on a real Kafka, with WORKERS workers (default 2), BROKERS brokers (1 or 3), and a network that fails
	@$(BIN)/python -m tests.torture.kafka --kills $(KILLS) --seed $(SEED) --workers $(WORKERS) --brokers $(BROKERS)

docs: dev ## Write what in docs/ follows from the code: schemas of events and topics, tables of settings and exit codes
	@$(BIN)/python -m docs.generate

pictures: dev ## Draw the README's pictures anew, from a simulated morning
	@$(BIN)/python -m docs.pictures

golden: dev ## After a meant change of behaviour: show what old logs give now, and write it into tests/golden/
	@$(BIN)/python -m tests.golden.renew

kafka: dev ## Start a real one-node Kafka on 127.0.0.1:9092 for trying (PORT=9192: there; data in var/kafka/PORT); Ctrl-C stops it
	@bash .ci/kafka var/kafka-jars
	@$(BIN)/python -m tests.support.kafka_broker var/kafka $(PORT)

run-kafka: dev ## Run the demo hall on Kafka: the one that `make kafka` started, or one of its own beside it
	@bash .ci/kafka var/kafka-jars
	@$(BIN)/python -m tests.support.kafka_demo var/kafka $(PORT)

LOCK := uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

lock: ## Resolve pyproject.toml anew into requirements.lock and requirements-dev.lock (needs uv)
	@$(LOCK) --extra install --extra dev -o requirements-dev.lock pyproject.toml
	@$(LOCK) --extra install -c requirements-dev.lock -o requirements.lock pyproject.toml

clean: ## Remove what `make setup` and tests made; the logs in var/ stay
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
