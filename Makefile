# Everything a newcomer needs: make demo, make test. Each target sets up .venv itself; the second time that takes a moment only.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WIDGET := lightning_component/web
MODULES := $(WIDGET)/node_modules/.package-lock.json
BUILT := $(WIDGET)/dist/tim_bar.zip
RESOURCE := lightning_component/main/staticresources/tim_bar

.DEFAULT_GOAL := help
.PHONY: help demo test check bench chaos histories package lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	@echo "Setting up $(VENV) (once, about half a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(MODULES): $(WIDGET)/package-lock.json
	@echo "Fetching what the agent's chat is built with (once, about ten seconds) ..."
	@cd $(WIDGET) && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(BUILT): $(MODULES) $(shell find $(WIDGET)/src $(WIDGET)/build $(WIDGET)/*.ts $(WIDGET)/*.html -type f 2>/dev/null)
	@cd $(WIDGET) && npm run --silent build >/dev/null
	@touch $@

demo: $(READY) ## a local Salesforce org, a local Tencent Chat app, the relay, and a ticket going through all of them
	@if command -v npm >/dev/null; then $(MAKE) --silent --no-print-directory $(BUILT) || echo "Without the agent's chat, which could not be built."; fi
	@$(BIN)/python -m sandbox demo

test: $(READY) ## every check and every test
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest -q -rs

check: $(READY) ## formatting, lint and types
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary

bench: $(READY) ## our speed beside the tutorial's server, as ratios, then the relay alone
	@$(BIN)/python -m bench

chaos: $(READY) ## kill the relay again and again while tickets are opened; count what is lost or doubled
	@$(BIN)/python -m tests.chaos

SEEDS ?= 1 2 3 4 5 6 7 8 9 10
histories: $(READY) ## random histories of 1,000 events on each ledger, when it is quiet the rooms are right (SEEDS="11 12")
	@RELAY_TEST_SEEDS="$(SEEDS)" $(BIN)/pytest -q -rs tests/scenarios/test_histories.py -k rooms_are_right

package: $(READY) ## what is deployed to a Salesforce org, as zip files in build/ (wants CHAT_RELAY_URL and CHAT_RELAY_USER)
	@$(BIN)/python -m apex.package --check
	@command -v npm >/dev/null || { echo "Node.js 20 or newer is needed to build the agent's chat"; exit 1; }
	@$(MAKE) --silent --no-print-directory $(BUILT)
	@rm -rf $(RESOURCE) && cp -R $(WIDGET)/dist/tim_bar $(RESOURCE)
	@$(BIN)/python -m apex.package

lock: $(READY) ## pin the dependencies anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml -o requirements/runtime.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --all-extras pyproject.toml -o requirements/dev.lock

clean: ## remove what the targets made
	rm -rf $(VENV) build $(WIDGET)/node_modules $(WIDGET)/dist $(RESOURCE) .sandbox .pytest_cache .mypy_cache .ruff_cache .hypothesis
