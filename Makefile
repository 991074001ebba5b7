# `make help` lists the targets. All of them install what they need first, once.
.DEFAULT_GOAL := help
.PHONY: help demo test lint format generate setup clean clean-all

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## start the local stack, load sample data, run examples/flights.yaml (DEMO_EXIT=1 stops it at the end)
	@scripts/demo

test: ## run every check and every test; the last line counts them
	@scripts/run-tests

lint: ## run the checks only: types, linters, formatters, generated files
	@scripts/run-tests --checks

format: ## rewrite the sources in the house format
	@scripts/setup node python
	@npx --no-install prettier --write --log-level=warn .
	@cd beam-pipeline && ../.venv/bin/ruff check --fix --quiet; ../.venv/bin/ruff format --quiet
	@cd emulators/bigquery && ../../.venv/bin/ruff check --fix --quiet; ../../.venv/bin/ruff format --quiet
	@cd emulators/storage && ../../.venv/bin/ruff check --fix --quiet; ../../.venv/bin/ruff format --quiet
	@cd scripts && ../.venv/bin/ruff check --fix --quiet; ../.venv/bin/ruff format --quiet

generate: ## rewrite the generated files: schemas/ and docs/reference/
	@scripts/setup node python build
	@npm run --silent generate

setup: ## install everything that the demo and the tests need
	@scripts/setup node python build temporal time-skipping databases

clean: ## remove what was built, and the state of the local stack
	rm -rf dist .beamline

clean-all: clean ## also remove the installed packages; the cache of programs stays
	rm -rf node_modules .venv
