# Every target works on a fresh clone: what it needs is made first.

VENV      = .venv
BENCH     = .venv-bench
INSTALLED = $(VENV)/.installed
BENCHED   = $(BENCH)/.installed

# The first Python that truly runs: a version manager may leave a name that only prints an error.
FIND_PYTHON = for python in python3.11 python3.12 python3.13 python3; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
		>/dev/null 2>&1 && break; \
	python=; \
	done; \
	test -n "$$python" || { echo 'Isthmus needs Python 3.11 or newer with venv.' >&2; exit 1; }

# A half-made or moved environment answers no version, and is made anew.
make_env = $(1)/bin/python -m pip --version >/dev/null 2>&1 \
	|| { $(FIND_PYTHON); "$$python" -m venv --clear $(1); }

.PHONY: help install demo test lint format bench docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## make .venv with everything for work on Isthmus

$(INSTALLED): pyproject.toml constraints.txt
	@rm -f $@
	@echo 'Installing Isthmus and its tools into $(VENV): the first time takes minutes.'
	@$(call make_env,$(VENV))
	$(VENV)/bin/python -m pip install -q -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(INSTALLED) ## train a small model and name the report to open
	@$(VENV)/bin/isthmus demo

# One thread a worker: the workers already fill the cores.
test: $(INSTALLED) ## run all tests and the examples in docstrings
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n auto

lint: $(INSTALLED) ## check style, format and types
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/basedpyright

format: $(INSTALLED) ## repair style and format where a machine can
	$(VENV)/bin/ruff check --fix-only
	$(VENV)/bin/ruff format

# Peers bring dependencies of their own, so they live apart.
$(BENCHED): pyproject.toml constraints.txt $(wildcard benchmarks/requirements.txt)
	@test -f benchmarks/requirements.txt || { echo 'There are no benchmarks here.' >&2; exit 1; }
	@rm -f $@
	@$(call make_env,$(BENCH))
	$(BENCH)/bin/python -m pip install -q -r benchmarks/requirements.txt -e .
	@touch $@

bench: $(BENCHED) ## compare with other libraries
	$(BENCH)/bin/python benchmarks/run.py

docs: $(INSTALLED) ## build the documentation into docs/_build/html
	$(VENV)/bin/sphinx-build -q -W --keep-going docs docs/_build/html

clean: ## remove what was made here, environments included
	rm -rf $(VENV) $(BENCH) build dist docs/_build .pytest_cache .ruff_cache .hypothesis
	find src tests docs -name __pycache__ -prune -exec rm -rf {} +
