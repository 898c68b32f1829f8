# make run    start Daybook          make test   the tests, on SQLite and PostgreSQL
# make demo   Daybook with made-up venues and data of its own, without internet
# make check  all that CI checks     make lock   choose new versions of the dependencies
# make chaos  what schedulers come through, for minutes; `make test` has the short form

SHELL := /bin/sh
BIN := .venv/bin
PYTHONS := python3.13 python3.12 python3.11 python3
FILES := manage.py project vault scheduling prices snapshots tests benchmarks

.DELETE_ON_ERROR:
.PHONY: run demo setup test test-sqlite test-postgresql chaos check lint format lock clean

run: setup
	@exec $(BIN)/python -m project.start

demo: .venv/runtime.lock
	@exec $(BIN)/python -m project.demo

setup: .venv/runtime.lock
	@$(BIN)/python manage.py setup

test: test-sqlite test-postgresql

# Three files at a time: on two cores, as tests wait for half of their time.
test-sqlite test-postgresql: test-%: .venv/dev.lock
	$(BIN)/pytest --numprocesses 3 --dist loadfile --database $*

# What schedulers come through: a minute of each fault, on both databases, and a table.
chaos: export CHAOS := long
chaos: export CHAOS_TABLE := $(CURDIR)/.venv/chaos.jsonl
chaos: .venv/dev.lock
	@rm -f $$CHAOS_TABLE
	$(BIN)/pytest tests/chaos --database sqlite
	$(BIN)/pytest tests/chaos --database postgresql

check: lint test

lint: export DATA_DIR := $(CURDIR)/.venv/lint
lint: .venv/dev.lock
	$(BIN)/ruff format --check $(FILES)
	$(BIN)/ruff check $(FILES)
	$(BIN)/mypy
	HTTPS=1 $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run

format: .venv/dev.lock
	$(BIN)/ruff format $(FILES)
	$(BIN)/ruff check --fix $(FILES)

# The copy of a lock in .venv says what is installed there.
.venv/runtime.lock: requirements.lock | $(BIN)/python
	@echo "Installing the dependencies (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@cp $< $@

.venv/dev.lock: requirements-dev.lock | $(BIN)/python
	@echo "Installing the dependencies of the tests (once, about two minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@cp $< $@

$(BIN)/python:
	@for python in $(PYTHONS); do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			$$python -m venv --clear .venv && exit 0; \
			rm -rf .venv; \
			echo "$$python cannot make a virtual environment; see above." >&2; exit 1; \
		fi; \
	done; \
	echo "Daybook needs Python 3.11 or newer; none of $(PYTHONS) is." >&2; exit 1

DEPENDENCIES := python3 -c 'import sys, tomllib; \
	project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	groups = project["optional-dependencies"]; \
	print(*(groups["dev"] if "dev" in sys.argv else project["dependencies"]))'

# Exact versions, so that an installation can be repeated.
lock:
	@rm -rf .venv-lock && python3 -m venv .venv-lock
	@.venv-lock/bin/pip install --quiet $$($(DEPENDENCIES))
	@.venv-lock/bin/pip freeze > requirements.lock
	@.venv-lock/bin/pip install --quiet $$($(DEPENDENCIES) dev)
	@.venv-lock/bin/pip freeze > requirements-dev.lock
	@rm -rf .venv-lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
