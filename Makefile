# Two commands matter: `make report` and `make test`. Everything that they need they install into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= reports/
NVIDIA := $(if $(GPU),$(GPU),$(shell nvidia-smi >/dev/null 2>&1 && echo 1))
LOCK := $(if $(filter 1,$(NVIDIA)),requirements-gpu.lock,requirements.lock)

.PHONY: help report lrreport preview test lint bench soak fuzz locks setup setup-test clean

# What lies in .venv names its own place: in a checkout that was moved it is made again.
ifneq ($(wildcard $(VENV)/.place),)
ifneq ($(shell cat $(VENV)/.place),$(CURDIR))
$(shell rm -f $(VENV)/.stamp-*)
endif
endif

help: ## Show this menu
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

report: setup ## Train every study and write the article into reports/
	$(BIN)/lrreport build --out $(OUT) $(ARGS)
	@echo 'read it: $(OUT)index.html; other commands: $(BIN)/lrreport --help, or make lrreport ARGS="plan"'

lrreport: setup ## Any command: make lrreport ARGS="plan --seeds 7"
	@$(BIN)/lrreport $(ARGS)

preview: setup ## The whole article from 1 seed and a few epochs, into preview/
	$(BIN)/lrreport build --preview --out preview/

test: setup-test ## Every test, in up to four processes
	PYTHONPATH= $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: setup-test ## Formatting, lint, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup ## Training speed against Keras
	$(BIN)/lrreport bench

soak: setup-test ## Kill builds 200 times, let each finish, compare every byte (hours)
	PYTHONPATH= $(BIN)/python -m tests.faults.soak --kills 200

fuzz: setup-test ## 10,000 inputs for every reader of files from strangers
	PYTHONPATH= OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.fuzz.run all 10000

setup: $(VENV)/.stamp-$(LOCK) $(VENV)/.stamp-pango

setup-test: $(VENV)/.stamp-requirements-test.lock $(VENV)/.stamp-pango $(VENV)/.stamp-tools

$(VENV)/.stamp-uv: requirements-setup.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Python 3.11 to 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) && printf '%s\n' '$(CURDIR)' > $(VENV)/.place || { echo "Python's venv is missing. On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-setup.lock
	@touch $@

# One environment serves both commands: the test lock holds what the other holds, in the same versions.
$(VENV)/.stamp-%.lock: %.lock $(VENV)/.stamp-uv pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: --compile-bytecode -r $<
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# WeasyPrint draws text through Pango, which no Python package brings.
$(VENV)/.stamp-pango: $(VENV)/.stamp-uv
	@sh tools/install_pango.sh $(PYTHON)
	@touch $@

$(VENV)/.stamp-tools: $(VENV)/.stamp-requirements-test.lock tools/install_test_tools.sh tools/web/package-lock.json
	@sh tools/install_test_tools.sh $(BIN)
	@touch $@

RESOLVE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header

locks: $(VENV)/.stamp-uv ## Resolve the locks anew
	printf 'editables\nhatchling\nuv\n' | $(RESOLVE) --python-version 3.11 - -o requirements-setup.lock
	$(RESOLVE) --upgrade pyproject.toml -o requirements.lock
	$(RESOLVE) -c requirements.lock pyproject.toml --extra test -o requirements-test.lock
	$(RESOLVE) -c requirements.lock pyproject.toml --extra gpu -o requirements-gpu.lock

clean: ## Remove the environment and what the tools left behind
	rm -rf $(VENV) tools/web/node_modules build dist preview .pytest_cache .mypy_cache .ruff_cache .hypothesis
