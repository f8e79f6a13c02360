# The commands of this project: `make` lists them. CI runs `make test` and nothing else.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Everything that is built or fetched lives here, outside the checkout, so that a second clone finds it warm.
CHANDLERY_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/chandlery
CARGO_TARGET_DIR ?= $(CHANDLERY_CACHE)/target
# Public charts and what the real Helm makes of them; the tests that read them fail without.
CHANDLERY_CORPUS ?= ../shared/corpus
override CHANDLERY_CORPUS := $(abspath $(CHANDLERY_CORPUS))
# The programs of other projects that the tests and the bench run against.
CHANDLERY_PEERS ?= $(CHANDLERY_CACHE)/peers/bin
CHANDLERY_S3_SERVER ?= $(CHANDLERY_PEERS)/versitygw
# The program under test.
CHANDLERY_BIN ?= $(CARGO_TARGET_DIR)/ci-release/chandlery
# The generated inputs of the property tests and of fuzzing: the same in every run, so that a red test is a change's.
# `make unit integration fuzz PROPTEST_RNG_SEED=1 FUZZ_SEED=0` looks further.
PROPTEST_RNG_SEED ?= 20261121
FUZZ_SEED ?= 20261121
export PROPTEST_RNG_SEED FUZZ_SEED
export CHANDLERY_CACHE CARGO_TARGET_DIR CHANDLERY_CORPUS CHANDLERY_PEERS CHANDLERY_S3_SERVER CHANDLERY_BIN

DATA_DIR ?= data
LISTEN ?= 127.0.0.1:8080
FUZZ_SECONDS ?= 10
BENCH_ARGS ?=

STEP := scripts/step

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  Settings: DATA_DIR=$(DATA_DIR) LISTEN=$(LISTEN) FUZZ_SECONDS=$(FUZZ_SECONDS) BENCH_ARGS=$(BENCH_ARGS)"
	@echo "            CHANDLERY_CACHE=$(CHANDLERY_CACHE) CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)"
	@echo "            CHANDLERY_CORPUS=$(CHANDLERY_CORPUS)"

# --- use it ---------------------------------------------------------------------------------------------------------

.PHONY: run
run: setup-build ## Build and start a server on DATA_DIR and LISTEN
	cargo build --locked --profile ci-release --package chandlery
	@# The commands of the README find it here; `make build` puts the one to ship in its place.
	@install -D -m 755 $(CARGO_TARGET_DIR)/ci-release/chandlery dist/chandlery
	@# These variables are the build's: the server would warn of settings it does not know.
	@exec env -u CHANDLERY_CACHE -u CHANDLERY_CORPUS -u CHANDLERY_PEERS -u CHANDLERY_S3_SERVER -u CHANDLERY_BIN \
	  dist/chandlery serve --data-dir $(DATA_DIR) --listen $(LISTEN)

.PHONY: build
build: setup-build ## Make the release binary: dist/chandlery
	cargo build --locked --release --package chandlery
	install -D -m 755 $(CARGO_TARGET_DIR)/release/chandlery dist/chandlery
	@ls -l dist/chandlery

.PHONY: setup setup-build
setup: ## Install what tests and bench need from Debian packages
	@scripts/setup build test bench
setup-build:
	@scripts/setup build

# --- check it -------------------------------------------------------------------------------------------------------

# Cheap checks first, and nothing compiled for more profiles than needed: dev for clippy and the tests, ci-release for
# the program that the peers talk to. scripts/step names each step, times it, and keeps its output for the summary.
.PHONY: test
test: ## Everything there is
	@$(STEP) --reset
	@$(STEP) setup        scripts/setup build test
	@$(STEP) corpus       scripts/check-corpus
	@$(STEP) format       $(MAKE) format
	@$(STEP) scripts      $(MAKE) scripts
	@$(STEP) layers       $(MAKE) layers
	@$(STEP) links        $(MAKE) links
	@$(STEP) deny         $(MAKE) deny
	@$(STEP) clippy       $(MAKE) clippy
	@$(STEP) docs         $(MAKE) docs
	@$(STEP) unit         $(MAKE) unit
	@$(STEP) peers        $(MAKE) peers
	@$(STEP) chart        $(MAKE) chart
	@$(STEP) binary       $(MAKE) binary
	@$(STEP) settings     $(MAKE) settings
	@$(STEP) api          $(MAKE) api
	@$(STEP) integration  $(MAKE) integration
	@$(STEP) tutorial     $(MAKE) tutorial
	@$(STEP) fuzz         $(MAKE) fuzz
	@$(STEP) --summary

.PHONY: test-fast
test-fast: format layers clippy unit ## Format, layers, clippy and unit tests only

.PHONY: lint
lint: format scripts layers links deny clippy docs ## Every check that runs no test

.PHONY: format
format: ## Is the code formatted?
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check

.PHONY: scripts
scripts: ## Shell scripts and the Dockerfile
	scripts/check-scripts

.PHONY: layers
layers: ## Do the crates depend only downwards?
	scripts/check-layers

.PHONY: links
links: ## Do the links between the documents lead somewhere?
	scripts/check-links

.PHONY: deny
deny: ## Licences, banned crates and sources of the dependencies
	scripts/cargo-deny check bans licenses sources

.PHONY: advisories
advisories: ## Known vulnerabilities of the dependencies (fetches the RustSec database)
	scripts/cargo-deny check advisories

.PHONY: clippy
clippy:
	cargo clippy --locked --workspace --all-targets -- --deny warnings

.PHONY: docs
docs: ## The reference documentation
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps

# Both select the whole workspace, so that features and with them the compiled dependencies are the same.
.PHONY: unit
unit: ## Tests beside the code
	cargo test --locked --workspace --lib --bins

.PHONY: integration
integration: ## Store, API and peer tests; they want `make peers binary` first
	cargo test --locked --workspace --test '*'
	cargo test --locked --workspace --doc

.PHONY: interop
interop: peers binary ## Only the tests against other programs
	cargo test --locked --package chandlery-interop

.PHONY: binary
binary:
	cargo build --locked --profile ci-release --package chandlery

.PHONY: peers
peers: ## Build the other programs of the tests: helm 3 and 4, its engine, ChartMuseum, cm-push, dex, a registry, object stores
	interop/peers/build.sh

.PHONY: chart
chart: ## Lint and render charts/chandlery with helm 3 and 4
	scripts/check-chart

.PHONY: settings
settings: ## Do documents, chart and image know the settings of the program?
	scripts/check-settings

.PHONY: tutorial
tutorial: ## Run the README's tutorial as it stands
	scripts/check-tutorial

.PHONY: openapi
openapi: ## Write docs/openapi.json as the server makes it
	CHANDLERY_UPDATE_OPENAPI=1 cargo test --locked --package chandlery-server --lib openapi

.PHONY: api
api: ## Is docs/openapi.json valid, and does the server keep to it?
	scripts/check-api

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZ_SECONDS
	fuzz/run.sh $(FUZZ_SECONDS)

.PHONY: bench
bench: setup peers ## Measure against nginx, ChartMuseum and helm; BENCH_ARGS are passed on
	cargo build --locked --profile ci-release --package chandlery
	cargo run --locked --profile ci-release --package chandlery-bench -- $(BENCH_ARGS)

.PHONY: clean-cache
clean-cache: ## Remove everything that was built or fetched
	rm -rf "$(CARGO_TARGET_DIR)" "$(CHANDLERY_CACHE)/peers" "$(CHANDLERY_CACHE)/tools" "$(CHANDLERY_CACHE)/logs"
