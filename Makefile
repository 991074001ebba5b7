# `make help` lists the targets. All of them install what they need first, once.
# The second half has the names and the arguments of satokiyo/pydataflow-template: see docs/make.md.
.DEFAULT_GOAL := help
.PHONY: help demo install test lint format generate setup clean clean-all need-config \
	build_all build_dataflow build_workflow run_workflow run_local trigger_workflow sync_config_to_storage \
	set-project unit-test integration-test tox isort type_check static_test compose-up compose-down

# Arguments of the targets; only the command line of make sets them, as in `make run_local config=FILE`.
config =
profile = $(wildcard .test_connections.json)
filter =
service =
wait =
project =
region =
repository =
template =
tag =
bin =
export config profile filter service wait project region repository template tag bin
# With DRY_RUN=1 the command is printed and not run.
export DRY_RUN
do = @scripts/run-or-show
profile_option = $${profile:+--profile "$$profile"}
launch_options = $(if $(NUM_WORKERS),--num-workers $(NUM_WORKERS)) $(if $(MAX_WORKERS),--max-workers $(MAX_WORKERS)) \
	$(if $(MACHINE_TYPE),--machine-type $(MACHINE_TYPE)) $(if $(SUBNETWORK),--subnetwork $(SUBNETWORK))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## start the local stack, load sample data, run examples/flights.yaml (DEMO_EXIT=1 stops it at the end)
	$(do) scripts/demo

install: ## put `beamline` on the path, as a link to this clone: [bin=FOLDER] (~/.local/bin)
	$(do) scripts/install $${bin:+"$$bin"}

test: ## run every check and every test; the last line counts them
	$(do) scripts/run-tests

lint: ## run the checks only: types, linters, formatters, generated files
	$(do) scripts/run-tests --checks

format: ## rewrite the sources in the house format
	$(do) scripts/format

generate: ## rewrite the generated files: schemas/ and docs/reference/
	$(do) scripts/setup node python build
	$(do) scripts/with-node npm run --silent generate

setup: ## install everything that the demo and the tests need
	$(do) scripts/setup node python build temporal time-skipping databases postgres

clean: ## remove what was built, and the state of the local stack
	$(do) rm -rf dist .beamline

clean-all: clean ## also remove the installed packages; the cache of programs stays
	$(do) rm -rf node_modules .node .venv

run_local: need-config ## run a pipeline on this machine: config=FILE [profile=FILE]
	$(do) ./beamline run "$$config" --runner local $(profile_option)

run_workflow: need-config ## run a pipeline as a Dataflow job and wait: config=FILE [profile=FILE] [wait=no]
	$(do) ./beamline run "$$config" --runner dataflow $(profile_option) $(launch_options) $(if $(filter no,$(wait)),--detach)

trigger_workflow: need-config ## create, update or delete the schedule that a config asks for: config=FILE
	$(do) ./beamline schedule apply "$$config"

sync_config_to_storage: ## mirror configs/ and examples/ to the store in Cloud Storage; profiles stay here
	$(do) ./beamline sync --delete

set-project: ## let gcloud work in the project of beamline.yaml: [project=ID]
	@scripts/cloud set-project

build_all: build_dataflow build_workflow ## build both: the Flex Template and the worker's image

build_dataflow: ## build the images of the Flex Template and register it: [project= region= repository= tag= template=]
	@scripts/cloud build_dataflow

build_workflow: ## build the image of worker and gateway (no Cloud Workflow: Temporal runs it): [project= region= repository= tag=]
	@scripts/cloud build_workflow

unit-test: ## run all tests but those of integration-test: [filter=WORDS]
	$(do) scripts/run-tests --only unit $${filter:+--filter "$$filter"}

integration-test: ## run the tests of whole stacks and of databases, which they start: [filter=WORDS] [service=postgres|mysql]
	$(do) scripts/run-tests --only integration $${filter:+--filter "$$filter"} $${service:+--service "$$service"}

tox: ## run the Python tests in every Python from 3.11 on PATH or in pyenv: [filter=WORDS]
	$(do) scripts/tox $${filter:+"$$filter"}

isort: ## sort the imports of the Python code
	$(do) scripts/format --imports

type_check: ## check the types of both languages
	$(do) scripts/run-tests typescript mypy "storage emulator: mypy" "scripts: mypy"

static_test: ## check types, imports, style and format; rewrites nothing
	$(do) scripts/run-tests --checks

compose-up: ## start docker-compose.yml, or one service of it: [service=NAME]
	$(do) docker compose up --detach --wait $${service:+"$$service"}

compose-down: ## stop it; the volumes stay
	$(do) docker compose down

need-config:
	@test -n "$$config" || { echo "usage: make $(firstword $(MAKECMDGOALS)) config=path/to/config.yaml" >&2; exit 2; }
