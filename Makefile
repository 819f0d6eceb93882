# Everything a developer or an operator does has one target; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
KILLS ?= 200
SEED ?= 1
WORKERS ?= 2
BROKERS ?= 1
PORT ?= 9092

.PHONY: help setup run test lint format bench bench-kafka torture torture-kafka docs pictures golden kafka run-kafka lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(READY) ## Make .venv with the locked packages and the `hall` command

$(READY): requirements.lock pyproject.toml
	@bash .ci/python $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

run: setup ## Run the demo hall on the embedded log: live table here, /metrics on 127.0.0.1:9464
	@$(BIN)/hall run

test: setup lint ## Check style, types and architecture, then run every test
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q

lint: setup ## Check style, types and architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## Measure, and print the table of benchmarks/README.md
	@$(BIN)/python -m benchmarks

bench-kafka: setup ## The same on a real Kafka, beside stock Faust, Quix Streams and Bytewax (fetched on first use; minutes)
	@$(BIN)/python -m benchmarks kafka kafka-latency kafka-pauses peers

torture: setup ## Kill, stop and damage a running engine KILLS times (default 200), and compare with the replay
	@$(BIN)/python -m tests.torture --kills $(KILLS) --seed $(SEED)

torture-kafka: setup ## The same on a real Kafka, with WORKERS workers (default 2), BROKERS brokers (1 or 3), and a network that fails
	@$(BIN)/python -m tests.torture.kafka --kills $(KILLS) --seed $(SEED) --workers $(WORKERS) --brokers $(BROKERS)

docs: setup ## Write what in docs/ follows from the code: schemas of events and topics, tables of settings and exit codes
	@$(BIN)/python -m docs.generate

pictures: setup ## Draw the README's pictures anew, from a simulated morning
	@$(BIN)/python -m docs.pictures

golden: setup ## After a meant change of behaviour: show what old logs give now, and write it into tests/golden/
	@$(BIN)/python -m tests.golden.renew

kafka: setup ## Start a real one-node Kafka on 127.0.0.1:9092 for trying (PORT=9192: there; data in var/kafka/PORT); Ctrl-C stops it
	@bash .ci/kafka var/kafka-jars
	@$(BIN)/python -m tests.support.kafka_broker var/kafka $(PORT)

run-kafka: setup ## Run the demo hall on Kafka: the one that `make kafka` started, or one of its own beside it
	@bash .ci/kafka var/kafka-jars
	@$(BIN)/python -m tests.support.kafka_demo var/kafka $(PORT)

lock: ## Resolve pyproject.toml anew into requirements.lock (needs uv)
	@uv pip compile --quiet --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -o requirements.lock pyproject.toml
	@uv pip compile --quiet --python-version 3.11 --extra vision --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -c requirements.lock -o requirements-vision.lock pyproject.toml

clean: ## Remove what `make setup` and tests made; the logs in var/ stay
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
