# `make demo` shows what Bindguard does on real input, `make test` runs all tests. Both create the virtual environment first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
CENTRE := webhook/admission/*,webhook/rules/*,webhook/vmi/*,webhook/plugins/*,webhook/kube/*

.DEFAULT_GOAL := help
.PHONY: help setup demo test fuzz mutants lint format types check bench site docs lock clean

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

$(VENV)/.ready: pyproject.toml requirements/dev.txt requirements/tools.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements/tools.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --config-settings editable_mode=compat --editable .
	touch $@

setup: $(VENV)/.ready ## Create the virtual environment.

demo: setup ## Check the example VMs and answer a recorded review, without a cluster.
	@echo '$$ bindguard check examples/vms --registry examples/kubevirt.yaml'
	@$(BIN)/bindguard check examples/vms --registry examples/kubevirt.yaml; test $$? -eq 1
	@echo
	@echo '$$ bindguard review tests/data/reviews/vm-create-unregistered-generatename.json --registry examples/kubevirt.yaml'
	@$(BIN)/bindguard review tests/data/reviews/vm-create-unregistered-generatename.json --registry examples/kubevirt.yaml 2>&1; test $$? -eq 1
	@echo
	@echo '$$ bindguard explain unregistered-plugin'
	@$(BIN)/bindguard explain unregistered-plugin
	@echo
	@echo 'Every example is evaluated as its directory and its name say:'
	@$(BIN)/python -m pytest --quiet tests/test_examples.py

test: setup ## Run all tests; at least 95 % of the branches of the pure packages are covered.
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup --cov --cov-report=
	$(BIN)/coverage report --skip-covered --skip-empty
	$(BIN)/coverage report --format=total --fail-under=95 --include=$(CENTRE)

fuzz: setup ## Run property-based tests and 10,000 simulated clusters with new examples. Add a test for each failure.
	$(BIN)/python -m pytest --numprocesses auto -m hypothesis --hypothesis-profile exploring
	$(BIN)/python -m tests.simulation --count 10000

mutants: setup ## Mutation tests; ONLY=webhook/admission/ratchet.py for one module.
	$(BIN)/python -m tests.mutants $(ONLY)

lint: setup ## Check format, lint rules, types and import contracts.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Format the code and apply automatic fixes.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint test demo ## Run what CI runs.

bench: setup ## Run the benchmarks of docs/performance.md.
	$(BIN)/python -m benchmarks

site: setup ## Build the documentation site into build/site; a broken link is an error.
	$(BIN)/python -m mkdocs build --strict

docs: setup ## Generate what is made from code: reference pages, the chart's README and schema, the README's picture.
	$(BIN)/bindguard rules --output markdown > docs/rules.md
	$(BIN)/python charts/readme.py
	$(BIN)/python -m charts.schema
	$(BIN)/python -m docs.picture
	$(BIN)/python -m docs.reference

lock: ## Pin all packages to their newest releases.
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.in '.[server]'
	echo '# Made by `make lock`: every package of the development environment, pinned.' > requirements/dev.txt
	$(VENV)-lock/bin/python -m pip freeze --disable-pip-version-check --exclude bindguard >> requirements/dev.txt
	echo '# Made by `make lock`: every package that `bindguard serve` needs, pinned with its hashes; the Containerfile installs these.' > requirements/server.txt
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(VENV)-lock/bin/uv pip compile pyproject.toml --quiet --extra server --generate-hashes --no-annotate --no-header \
		--python-version 3.11 --python-platform x86_64-unknown-linux-gnu --only-binary :all: >> requirements/server.txt
	echo '# Made by `make lock`: every package that `bindguard check` needs, pinned with its hashes; the GitHub Action installs these.' > requirements/check.txt
	$(VENV)-lock/bin/uv pip compile pyproject.toml --quiet --constraints requirements/dev.txt --generate-hashes --no-annotate --no-header \
		--python-version 3.11 --python-platform x86_64-unknown-linux-gnu --only-binary :all: >> requirements/check.txt
	rm -rf $(VENV)-lock

clean: ## Remove the virtual environment and caches.
	rm -rf $(VENV) .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
