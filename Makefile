# Polyana. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATAPLANE := mediaserver/dataplane
# Rust and Node of the machine, else those that `make` fetches into .cache.
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/.cache/bin:$(HOME)/.cargo/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
FUZZ_SECONDS ?= 5
# Tests without a network and a browser of their own.
UNITS := tests/mediaserver tests/signalling

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

# ---------------------------------------------------------------------------------------------------------------
# Set-up. Stamps make the second run quick.

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=24' 'maturin>=1.9,<2'
	touch $@

.cache/toolchains: deploy/build/toolchains.py deploy/build/node_wheel.py $(VENV)/.created
	mkdir -p .cache/bin
	$(BIN)/python deploy/build/toolchains.py .cache
	touch $@

$(VENV)/.dependencies: pyproject.toml deploy/constraints.txt $(VENV)/.created
	$(BIN)/python deploy/build/requirements.py | $(BIN)/python -m pip install --quiet -c deploy/constraints.txt -r /dev/stdin
	touch $@

$(VENV)/.test-dependencies: $(VENV)/.dependencies
	$(BIN)/python deploy/build/requirements.py test | $(BIN)/python -m pip install --quiet -c deploy/constraints.txt -r /dev/stdin
	touch $@

RUST_SOURCES := $(shell find $(DATAPLANE) -name target -prune -o \( -name '*.rs' -o -name Cargo.toml -o -name Cargo.lock \) -print 2>/dev/null)
$(VENV)/.extension: $(RUST_SOURCES) pyproject.toml $(VENV)/.dependencies .cache/toolchains
	POLYANA_SKIP_WEB=1 $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

web/node_modules/.installed: web/package-lock.json web/package.json .cache/toolchains
	cd web && npm install --no-save --no-audit --no-fund --loglevel=error # `npm ci` refuses a lock file without addresses
	touch $@

WEB_SOURCES := $(shell find web/src web/public -type f 2>/dev/null) $(wildcard web/*.html web/*.ts web/*.json)
signalling/bundle/.built: $(WEB_SOURCES) web/node_modules/.installed
	cd web && npm run --silent build
	touch $@

.PHONY: setup
setup: $(VENV)/.extension signalling/bundle/.built ## install everything that the server needs

# ---------------------------------------------------------------------------------------------------------------
# Everyday

.PHONY: run
run: setup ## start the server with a lesson ready to join
	$(BIN)/python -m signalling serve --dev $(ARGS)

.PHONY: check
check: setup ## is this machine ready?
	$(BIN)/python -m signalling check --dev

.PHONY: fmt
fmt: $(VENV)/.test-dependencies web/node_modules/.installed ## format all code
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .
	cd $(DATAPLANE) && cargo fmt
	cd web && npm run --silent format

.PHONY: lint
lint: $(VENV)/.test-dependencies $(VENV)/.extension web/node_modules/.installed ## style and types of all languages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest mediaserver._dataplane
	cd $(DATAPLANE) && cargo fmt --check
	cd $(DATAPLANE) && cargo clippy --release --all-targets --quiet -- -D warnings
	cd web && npm run --silent check

.PHONY: test-rust
test-rust: .cache/toolchains ## tests of the data plane
	cd $(DATAPLANE) && cargo test --release --quiet

.PHONY: test-web
test-web: web/node_modules/.installed ## tests of the pages
	cd web && npm test --silent

.PHONY: fuzz
fuzz: .cache/toolchains ## run every fuzz target for FUZZ_SECONDS
	$(DATAPLANE)/fuzz/run.sh $(FUZZ_SECONDS)

.PHONY: packages
packages: # browsers and media tools for the tests; as root they are installed
	deploy/build/packages.sh

.PHONY: packages-heavy
packages-heavy: # those of the heavy tests, too
	deploy/build/packages.sh heavy

.PHONY: test
test: setup $(VENV)/.test-dependencies packages ## set up and run all tests
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory test-rust
	$(MAKE) --no-print-directory test-web
	$(MAKE) --no-print-directory fuzz
ifdef ARGS
	$(BIN)/python -m pytest -q $(ARGS)
else
	$(BIN)/python -m pytest -q -n 2 --dist loadfile $(UNITS)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not alone" $(UNITS:%=--ignore=%)
	$(BIN)/python -m pytest -q -m alone $(UNITS:%=--ignore=%)
endif

.PHONY: interop
interop: setup $(VENV)/.test-dependencies packages-heavy ## published clients of all languages, the heavy tests too
	$(BIN)/python -m pytest -q --heavy tests/interop $(ARGS)

.PHONY: soak
soak: setup $(VENV)/.test-dependencies ## MINUTES of joining and leaving: nothing may be left behind
	$(BIN)/python -m tests.interop.soak --minutes $(or $(MINUTES),120) $(ARGS)

.PHONY: api-types
api-types: $(VENV)/.test-dependencies $(VENV)/.extension ## write the web's types of the school's API anew
	$(BIN)/python -m tests.api_types

.PHONY: compatibility
compatibility: setup $(VENV)/.test-dependencies packages-heavy ## write docs/compatibility.md from the results of the tests
	$(BIN)/python -m pytest -q --heavy -m compatibility --proofs .cache/proofs.json
	$(BIN)/python -m tests.compatibility .cache/proofs.json

.PHONY: bench
bench: setup $(VENV)/.test-dependencies ## measure forwarding beside the peers that are installed (ARGS=--quick: ten minutes)
	$(BIN)/python -m benchmarks.fanout $(ARGS)

.PHONY: bench-hotspots
bench-hotspots: setup $(VENV)/.test-dependencies ## measure where the time of a forwarded packet goes (needs perf)
	$(BIN)/python -m benchmarks.hotspots $(ARGS)

.PHONY: bench-rejected
bench-rejected: setup $(VENV)/.test-dependencies ## measure what strangers' datagrams cost
	$(BIN)/python -m benchmarks.rejected $(ARGS)

.PHONY: bench-joins
bench-joins: setup $(VENV)/.test-dependencies ## measure joins, the time to the first sound, and Python's share in steady state
	$(BIN)/python -m benchmarks.joins $(ARGS)

.PHONY: bench-webinar
bench-webinar: setup $(VENV)/.test-dependencies ## measure audiences of thousands: joins, first pictures, steady state, memory
	$(BIN)/python -m benchmarks.webinar $(ARGS)

.PHONY: bench-films
bench-films: setup $(VENV)/.test-dependencies ## what playing one film in many rooms takes of the server's CPU
	$(BIN)/python -m benchmarks.films $(ARGS)

.PHONY: bench-quality
bench-quality: setup $(VENV)/.test-dependencies ## what receivers on weak lines see and hear, beside LiveKit's server
	$(BIN)/python -m benchmarks.quality $(ARGS)

.PHONY: clean
clean: ## remove what was built
	rm -rf $(VENV) .cache build dist signalling/bundle web/node_modules mediaserver/*.so $(DATAPLANE)/target $(DATAPLANE)/fuzz/target $(DATAPLANE)/fuzz/corpus benchmarks/loadgen/target
