# Everything runs inside .venv; `make setup` makes it once and again only when the requirements change.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PY := $(BIN)/python
STAMP := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup lock run demo messages screenshots lint check test test-unit test-servers test-browser bench bench-quick

help: ## Show what make can do
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with everything that is needed

$(STAMP): requirements.lock
	@echo "Making .venv (a few minutes the first time)…"
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $(STAMP)

lock: ## Write requirements.lock anew, after a change of requirements.txt or requirements-dev.txt
	@$(PYTHON) tools/lock.py

run: setup ## Start Kabinet: http://127.0.0.1:8080 (PORT=… DEMO=0 DEMO_PASSWORD=…)
	@exec $(PY) run.py

demo: setup ## Load the demo without starting anything
	@$(BIN)/flask --app run demo

FAB = $(shell $(PY) -c "import flask_appbuilder, pathlib; print(pathlib.Path(flask_appbuilder.__file__).parent)")
WORDS := app/translations
messages: setup ## Collect every translatable text into the catalogues of app/translations
	@$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext -k N_ -k ngettext:1,2 --no-location --sort-output -o $(WORDS)/messages.pot app jobs config.py $(FAB)
	@for l in uk ru pl; do $(BIN)/pybabel -q update --no-wrap -N --ignore-obsolete -i $(WORDS)/messages.pot -d $(WORDS) -l $$l; done

screenshots: setup ## Make README's pictures from a running demo
	@$(PY) tools/screenshots.py

lint: setup ## Formatting, style, types, walls between rooms, packages
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/deptry .

check: lint test ## Everything CI asks for: lint, then all tests

test: setup test-unit test-servers test-browser ## All tests: SQLite, then PostgreSQL and Redis, then a browser

test-unit: setup
	@$(PY) -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not postgres and not redis and not browser"

# The main job, which test-unit runs on SQLite, on real PostgreSQL too: what bills, loads, prints, pays and keeps books.
CORE := $(addprefix tests/services/test_,billing.py importing.py documents.py registers.py reconciling_contracts.py \
	advances.py currencies.py instalments.py regular_invoices.py fees.py)
test-servers: setup
	@$(PY) -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "(postgres or redis) and not browser"
	@$(PY) -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not postgres and not redis and not browser" --postgres $(CORE)

test-browser: setup
	@$(PY) -m pytest -m browser

bench: setup ## Measure and print ratios at the sizes of docs/performance.md: hours
	@$(PY) -m benchmarks --full

bench-quick: setup ## The same at small sizes: half an hour
	@$(PY) -m benchmarks
