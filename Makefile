# The five verbs: make demo · make test · make check · make bench · make setup. Each sets up what it needs in .venv.

VENV := .venv
BIN := $(VENV)/bin
PYTHON_NEEDED := $(shell sed -n 's/^requires-python = ">=\(.*\)"/\1/p' pyproject.toml)
RUST_NEEDED := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' native/Cargo.toml)
# The first Python on the path that is new enough; PYTHON=... chooses another one.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < tuple(map(int, "$(PYTHON_NEEDED)".split("."))))' 2>/dev/null \
	&& echo $$python && break; done)
NATIVE := native/Cargo.toml native/Cargo.lock $(shell find native -name target -prune -o \( -name '*.rs' -o -name Cargo.toml \) -print)
RUFF_PATHS := sdk plugins tests export examples $(wildcard benchmarks native/*.py)

export PATH := $(abspath $(BIN)):$(PATH):$(HOME)/.cargo/bin
export VIRTUAL_ENV := $(abspath $(VENV))
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_QUIET := 1
unexport PYTHONHOME PYTHONPATH CONDA_PREFIX

.PHONY: demo test check bench setup
.DELETE_ON_ERROR:

demo: $(VENV)/.scumble
	@$(BIN)/python examples/demo.py

test: $(VENV)/.scumble $(VENV)/.export $(VENV)/.bench
	cargo test --release --locked --manifest-path native/Cargo.toml --package scumble-core
	@$(BIN)/python -m pytest

check: $(VENV)/.scumble $(VENV)/.export $(VENV)/.bench
	$(BIN)/ruff format --check $(RUFF_PATHS)
	$(BIN)/ruff check $(RUFF_PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	cargo fmt --all --check --manifest-path native/Cargo.toml
	cargo clippy --locked --workspace --all-targets --manifest-path native/Cargo.toml -- -D warnings

bench: $(VENV)/.scumble $(VENV)/.export $(VENV)/.bench
	@$(BIN)/python -m benchmarks.engine
	@$(BIN)/python -m benchmarks.kernels --output docs/performance-kernels.md
	@$(BIN)/python -m benchmarks.threads --output docs/performance-threads.md
	@$(BIN)/python -m benchmarks.cancel --output docs/performance-cancel.md
	@$(BIN)/python -m benchmarks.budget --output docs/performance-memory.md
	@$(BIN)/python -m benchmarks.worker

setup: $(VENV)/.scumble $(VENV)/.export $(VENV)/.bench

# One line each, and only when there is something to do: what the machine lacks.
define need_python
@test -n "$(PYTHON)" || { echo "Scumble needs Python $(PYTHON_NEEDED) or newer: install it, for example with: apt-get install python3 python3-venv" >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Scumble needs Python's venv module: install it, for example with: apt-get install python3-venv" >&2; exit 1; }
endef

define need_rust
@command -v cargo >/dev/null || { echo "Scumble needs Rust $(RUST_NEEDED) or newer: install cargo and rustc with rustup or from your distribution" >&2; exit 1; }
@printf '%s\n' "$(RUST_NEEDED)" "$$(rustc --version | cut -d' ' -f2)" | sort -VC || { echo "Scumble needs Rust $(RUST_NEEDED) or newer, this is $$(rustc --version | cut -d' ' -f2): update it, for example with: rustup update" >&2; exit 1; }
@command -v cc >/dev/null || { echo "Scumble needs a C linker for Rust: install it, for example with: apt-get install gcc libc6-dev" >&2; exit 1; }
endef

$(VENV)/.made:
	$(need_python)
	@echo "setting up $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The package in place: Python from sdk/, the native core rebuilt by cargo as far as it changed.
$(VENV)/.scumble: $(VENV)/.made pyproject.toml $(NATIVE)
	$(need_rust)
	@echo "installing scumble and building its native core: a few minutes the first time"
	@$(BIN)/python -m pip install "$$(sed -n 's/^requires = \["\(maturin.*\)"\]/\1/p' pyproject.toml)"
	@$(BIN)/maturin develop --quiet --release --locked --extras cpu,dev
	@touch $@

# torch comes with this one: a few gigabytes, once.
$(VENV)/.export: $(VENV)/.made export/pyproject.toml
	@echo "installing scumble-export with torch: a few gigabytes the first time"
	@$(BIN)/python -m pip install --editable export
	@touch $@

# What the benches compare with; torch is there first, so that MONAI brings no other.
$(VENV)/.bench: $(VENV)/.export benchmarks/requirements.txt
	@echo "installing what the benches compare with"
	@$(BIN)/python -m pip install --requirement benchmarks/requirements.txt
	@touch $@
