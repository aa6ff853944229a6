# Everything that this repository is asked to do. `make help` lists it.
# Needs make and Python 3.11 or newer, nothing else; the rest goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
COUNT ?= 30000
SOLVER ?= enumerate,core
EXAMPLES ?= 2000
SECONDS_AT_MOST ?= 3600
MINUTES ?= 20
# WRITE=yes: the figure that a campaign reached goes into the table of docs/trust.md.
FIGURE = $(if $(WRITE),$(BIN)/python -m tests.campaigns.figures "$@$(OF)" --)

# The tests whose branch coverage is measured, of the files that pyproject.toml lists.
COVERING := planner/errors.py planner/files.py planner/proof planner/scenario tests/proof tests/scenario \
	tests/sweep/test_sweep_ledger.py tests/trust tests/test_errors.py tests/test_program_rows.py \
	tests/test_plan.py tests/cli/test_bad_scenarios.py tests/cli/test_check_command.py tests/cli/test_verify_command.py

# Exact versions for developers; who only runs the planner gets the newest that pyproject.toml allows.
LOCK := tests/constraints.txt

# The first Python that is new enough and can make an environment. `PYTHON=...` overrides.
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
ifeq ($(strip $(PYTHON)),)
PYTHON = $(shell for python in python3 python3.13 python3.12 python3.11; do \
	if "$$python" -c '$(USABLE)' >/dev/null 2>&1; then echo "$$python"; break; fi; done)
endif

PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run test lint check format clean lock coverage campaign-bad-input campaign-brute campaign-certificates campaign-engine campaign-faults campaign-fuzz campaign-knife-edge campaign-metamorphic campaign-mutants campaign-soak bench bench-quick bench-sweep docs screenshots

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-22s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.installed ## recommend a stack for the paper's scenario; files go to out/
	@$(BIN)/planner recommend scenarios/dung-mai-2025 --out out

test: $(VENV)/.installed-dev ## run all tests
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.installed-dev ## format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## what lint does, doctests and fast tests
	$(BIN)/python -m pytest -n 2 -m "not slow"

coverage: $(VENV)/.installed-dev ## branch coverage of what reads, counts money and proves; fails under 100%
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 -q -m "not slow" $(COVERING)
	$(BIN)/coverage combine --quiet
	$(FIGURE) $(BIN)/coverage report --no-skip-covered

format: $(VENV)/.installed-dev ## rewrite the code in the house format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

campaign-brute: $(VENV)/.installed-dev ## compare COUNT random scenarios with full enumeration
	$(FIGURE) $(BIN)/python -m tests.campaigns.brute --count $(COUNT) --seconds $(SECONDS_AT_MOST)

campaign-knife-edge: $(VENV)/.installed-dev ## COUNT budgets one cent short of a tempting stack: nothing may be overspent
	$(FIGURE) $(BIN)/python -m tests.campaigns.brute --count $(COUNT) --knife-edge --solver auto,core --time-limit 5 --seconds $(SECONDS_AT_MOST)

campaign-fuzz: $(VENV)/.installed-dev ## hand in COUNT spoilt scenarios, workbooks, plans, words; RECORD=file goes on there
	$(FIGURE) $(BIN)/python -m tests.campaigns.fuzz --count $(COUNT) --seconds $(SECONDS_AT_MOST) $(if $(RECORD),--record $(RECORD))

campaign-faults: $(VENV)/.installed-dev ## COUNT faults of every kind in sweeps (Linux; default 2000)
	$(FIGURE) $(BIN)/python -m tests.campaigns.faults --count $(if $(filter file,$(origin COUNT)),2000,$(COUNT)) --seconds $(SECONDS_AT_MOST) --jobs 2

campaign-soak: $(VENV)/.installed-dev ## the page under load and sweeps without end for MINUTES (Linux; default 20)
	$(FIGURE) $(BIN)/python -m tests.campaigns.soak --minutes $(MINUTES)

campaign-bad-input: $(VENV)/.installed-dev ## run all that tests/items.py names: what is to go wrong without harm, item by item
	$(FIGURE) $(BIN)/python -m tests.campaigns.items --jobs 2

campaign-metamorphic: $(VENV)/.installed-dev ## EXAMPLES new examples of every metamorphic property
	$(FIGURE) env PLANNER_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n 2 -q tests/properties

campaign-engine: OF = $(if $(filter file,$(origin SOLVER)),, $(SOLVER))
campaign-engine: $(VENV)/.installed-dev ## compare COUNT small random programs, by SOLVER, with all their stacks
	$(FIGURE) $(BIN)/python -m tests.campaigns.engine --count $(COUNT) --solver $(SOLVER) --seconds $(SECONDS_AT_MOST)

campaign-certificates: $(VENV)/.installed-dev ## verify COUNT random plans twice, and spoilt files of them
	$(FIGURE) $(BIN)/python -m tests.campaigns.certificates --count $(COUNT) --seconds $(SECONDS_AT_MOST)

lock: $(VENV)/.made ## renew the exact versions that developers get, tests/constraints.txt
	@$(PIP) "uv>=0.5"
	$(BIN)/python -m uv pip compile pyproject.toml --extra all --extra docs --extra dev --universal --python-version 3.11 \
		--upgrade --no-header --no-annotate --quiet --output-file $(LOCK).new
	@echo '# Exact versions of a developer'"'"'s install, for Python 3.11 and newer: `make lock` renews them.' > $(LOCK)
	@cat $(LOCK).new >> $(LOCK) && rm $(LOCK).new

campaign-mutants: $(VENV)/.installed-dev ## do the tests notice faults in the verifier and in money? (COUNT; default 300)
	$(FIGURE) $(BIN)/python -m tests.campaigns.mutants --count $(if $(filter file,$(origin COUNT)),300,$(COUNT)) --seconds $(SECONDS_AT_MOST)

bench: $(VENV)/.installed-bench ## measure the engine and its peers: goals in about two hours, all in ten; goes on where it stopped
	$(BIN)/python -m benchmarks.run --out out/bench

bench-quick: $(VENV)/.installed ## the same on small instances: under 3 minutes
	$(BIN)/python -m benchmarks.run --quick --out out/bench-quick

bench-sweep: $(VENV)/.installed-bench ## measure a sweep in one process, in two, and on a Dask cluster
	$(BIN)/python -m benchmarks.sweep

docs: $(VENV)/.installed-dev ## build the documentation site into out/docs
	$(BIN)/python -m sphinx -q -W --keep-going -b html -d out/docs-trees -c docs . out/docs
	@echo "The site is at out/docs/docs/index.html"

screenshots: $(VENV)/.installed-dev ## take the pictures of docs/pictures anew (needs Chromium)
	$(BIN)/python docs/make_screenshots.py

clean: ## remove what make made: .venv, out, caches, builds
	rm -rf $(VENV) out build dist *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -f .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an environment is made once, and installed again only when what it is made of changes.

$(VENV)/.made:
	@python="$(PYTHON)"; \
	if [ -z "$$python" ] || ! "$$python" -c '$(USABLE)' >/dev/null 2>&1; then \
		echo "No usable Python$${python:+ ($$python)}: this needs Python 3.11 or newer with venv." >&2; \
		echo "Install it (on Debian and Ubuntu also the package python3-venv)," >&2; \
		echo "or say where it is: make run PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi; \
	"$$python" -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	@echo "Installing the planner into $(VENV): once, about a minute." >&2
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml $(LOCK)
	@echo "Installing the planner and its developer tools into $(VENV): once, about a minute." >&2
	@$(PIP) -e ".[all,docs,dev]" -c $(LOCK)
	@touch $@ $(VENV)/.installed

# A peer that cannot be installed here is skipped, and the run says so.
$(VENV)/.installed-bench: $(VENV)/.made pyproject.toml
	@echo "Installing the planner and the peers of the benchmarks into $(VENV): once." >&2
	@$(PIP) -e ".[all,bench]" || $(PIP) -e ".[all]"
	@touch $@ $(VENV)/.installed
