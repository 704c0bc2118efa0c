# Targets for people. `make run` starts the server, `make demo` shows a call, `make test` checks everything.

SHELL := /bin/bash
TARGET := $(or $(CARGO_TARGET_DIR),target)
HOTLINE := $(TARGET)/release/hotline
PAGES := $(shell find web/src web/public web/scripts web/openapi -type f -not -path "*/node_modules/*" 2>/dev/null) web/openapi.json web/index.html web/vite.config.ts

.PHONY: help need run demo web release test tools deny bench fuzz seeds soak load rate quality contract clean
.DEFAULT_GOAL := help

help:
	@echo "make run    install what is missing, build, start the server with the demo center"
	@echo "make demo   show a whole call with two scripted phones"
	@echo "make web    build the pages"
	@echo "make test   check and test everything, ends with a count"
	@echo "make bench  how fast the parts are; make fuzz: malformed input; make soak: a busy server; all long"
	@echo "make seeds  routing and whole calls by chance, ten thousand times each; long too"
	@echo "make rate   how many calls a second a server sets up on this machine, and what each costs"
	@echo "make load   what calls with audio cost on this machine, and how many it bears; a quarter of an hour"
	@echo "make quality  what speech sounds like behind lost and late packets (PESQ); some minutes"
	@echo "make contract  try the whole HTTP interface against its own description; some minutes, part of make test"
	@echo "make clean  remove what was built (never recordings or the database)"

run: release
	$(HOTLINE)

demo: release
	$(HOTLINE) demo

release: need web
	cargo build --release --locked --package hotline-server

web: web/dist/index.html

web/dist/index.html: web/node_modules/.package-lock.json $(PAGES)
	cd web && npm run build
	@touch $@

web/node_modules/.package-lock.json: web/package.json web/package-lock.json | need
	@echo "Installing the pages' libraries into web/node_modules, as web/package-lock.json names them."
	cd web && npm ci
	@touch $@

test: need tools web
	cargo run --quiet --locked --package xtask -- test

# What everything is built with.
need:
	@.ci/need build

# What only the tests are run with.
tools:
	@.ci/need test
	@cargo fmt --version >/dev/null && cargo clippy --version >/dev/null || { \
	  echo "rustfmt or clippy is missing: rustup component add rustfmt clippy"; exit 1; }
	@cargo nextest --version >/dev/null 2>&1 || { \
	  echo "cargo-nextest is missing; building it: it runs each test in a process of its own."; \
	  cargo install cargo-nextest --locked; }
	@cargo deny --version >/dev/null 2>&1 || { \
	  echo "cargo-deny is missing; building it: it checks licences, sources and duplicates of dependencies."; \
	  cargo install cargo-deny --locked; }

deny: tools
	cargo deny --locked check bans licenses sources

# How fast the parts are.
bench: need
	cargo bench --locked --package hotline-bench

# Malformed input, ten minutes for each target; FUZZ="60 sip_message" takes one minute for one of them.
FUZZ ?= 600
fuzz: need
	cargo run --release --locked --package hotline-fuzz -- $(FUZZ)

# What bridged, recorded, translated and waiting calls cost; LOAD="--require" fails unless what is required is met,
# LOAD="--repeats 3 --write docs/benchmarks.md" writes the page.
load: release
	$(HOTLINE) bench media $(LOAD)

# How many calls a second are set up and what each costs; RATE="--rate 400 --require" fails unless that is borne.
rate: release
	$(HOTLINE) bench sip $(RATE)

# What speech sounds like behind lost and late packets; SEEDS=1 is quick. Makes a Python environment in the target directory.
quality: need
	tests/quality/run.sh

# The whole HTTP interface against its own description; SEED=2 EXAMPLES=50 tries other things. Makes a Python environment in the target directory.
contract: need web
	cargo build --locked --package hotline-server
	tests/contract/run.sh

# Routing and whole calls by chance, ten thousand times each, where `make test` takes some hundred; an hour. RUNS=1000 is quicker.
RUNS ?= 10000
seeds: need tools
	HOTLINE_SEEDS=$(RUNS) cargo nextest run --release --locked --package hotline-acd --package hotline-sim

# A busy server, then nothing may be left of it; SOAK="--seconds 3600" keeps it busy for longer.
soak: release
	cargo run --release --locked --package hotline-bench --bin soak -- $(SOAK)

clean:
	cargo clean
	rm -rf web/dist web/node_modules
