# The commands of the platform. `make` alone lists them.
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
# What the stack in containers is run with: few packages, unless .venv is there.
COMMANDS = $(if $(wildcard .venv),.venv,.tools/commands)/bin/python
export PYTHONPATH := dags
# How a command is started, so that Ctrl-C ends it with a sentence at any moment: see cli/start.py.
HELD := $(shell env --block-signal=INT true 2>/dev/null && echo env --block-signal=INT)
START := -S cli/start.py

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: install
install: ## install what the demo and the tests need: uv, Python, PostgreSQL, .venv
	@cli/bootstrap.sh

# What the stack in containers needs besides Docker and Terraform.
.PHONY: install-commands install-packages
install-commands:
	@cli/bootstrap.sh commands
install-packages:
	@cli/bootstrap.sh packages

# It needs nothing of what the other targets install, and installs nothing.
.PHONY: doctor
doctor: ## say what this machine has and lacks for which command (FOR=up, demo or test; JSON=1)
	@command -v python3 >/dev/null || { echo "✗ There is no python3 here: install Python 3.8 or later."; exit 1; }
	@$(HELD) python3 $(START) cli.doctor

.PHONY: demo
demo: install ## run the whole pipeline on this machine, without Docker (SCALE=, SOURCE_SQL=, EXIT=1, AIRFLOW_PORT=, …)
	@$(HELD) $(PYTHON) $(START) cli.processes up

.PHONY: demo-down
demo-down: ## stop the demo and remove what it made
	@if [ -x $(PYTHON) ]; then $(HELD) $(PYTHON) $(START) cli.processes down; else echo "There is no demo to remove."; fi

.PHONY: up
up: install-commands ## start the stack in containers with Terraform (SCALE=, SOURCE_SQL=, SLACK_WEBHOOK_URL=, TF_VAR_…)
	@$(HELD) $(COMMANDS) $(START) cli.containers up

.PHONY: down
down: install-commands ## destroy the stack in containers, data included
	@$(HELD) $(COMMANDS) $(START) cli.containers down

.PHONY: plan
plan: install-commands ## show what `make up` would change
	@$(HELD) $(COMMANDS) $(START) cli.containers plan

.PHONY: secrets
secrets: install-commands ## make the stack's passwords, for plain `terraform apply`
	@$(HELD) $(COMMANDS) $(START) cli.containers secrets

.PHONY: logs
logs: install-commands ## follow a service's log (SERVICE=airflow-scheduler)
	@$(HELD) $(COMMANDS) $(START) cli.containers logs $(SERVICE)

.PHONY: images
images: install-commands ## renew the tags and digests of all images (terraform/images.yaml)
	@$(HELD) $(COMMANDS) $(START) cli.containers images

.PHONY: run-pipeline
run-pipeline: install-commands ## run both DAGs on the stack that is up (DATE=2024-09-01; FROM=2024-09-01 TO=2024-09-05)
	@$(HELD) $(COMMANDS) $(START) cli.run

.PHONY: simulate
simulate: install-packages ## change the source, run both DAGs, show what moved (SCENARIO=price-change; alone: the list)
	@$(HELD) $(PYTHON) $(START) $(STACK) simulate

# The stack in containers comes first, then the demo, as in cli/endpoints.py.
STACK = $(if $(wildcard terraform/endpoints.json),cli.containers,cli.processes)

.PHONY: status
status: install-commands ## show how the stack that is up is doing: runs, freshness, rows, alerts, disk
	@$(HELD) $(COMMANDS) $(START) cli.status

# Says in a sentence when no stack is up: the demo's commands need packages that are not there then.
.PHONY: is-up
is-up: install-commands
	@$(HELD) $(COMMANDS) $(START) cli.endpoints

.PHONY: psql
psql: is-up ## look into a database of the stack that is up (DB=warehouse|source|airflow, ROLE=, ARGS="-c 'SELECT 1'")
	@$(HELD) $(COMMANDS) $(START) $(STACK) psql

.PHONY: airflow
airflow: is-up ## run a command of Airflow on the stack that is up (ARGS="dags list")
	@$(HELD) $(COMMANDS) $(START) $(STACK) airflow

.PHONY: dbt
dbt: is-up ## run a command of dbt on the warehouse of the stack that is up (ARGS="build --select dim_product")
	@$(HELD) $(COMMANDS) $(START) $(STACK) dbt

.PHONY: backup
backup: install-packages ## save the warehouse, Airflow's metadata and the lake in a new folder of backups/ (BACKUP=folder)
	@$(HELD) $(PYTHON) $(START) $(STACK) backup

.PHONY: restore
restore: install-packages ## put a backup into an empty stack, or in place of what it holds (BACKUP=folder, REPLACE=1)
	@$(HELD) $(PYTHON) $(START) $(STACK) restore

.PHONY: cluster-render
cluster-render: install-commands ## write what Kubernetes and Airflow's Helm chart get (deploy/kubernetes/settings.yaml; CHART=)
	@$(HELD) $(COMMANDS) $(START) cli.kubernetes

.PHONY: bench
bench: install ## measure the platform beside what the work itself costs (SCALES="1 10", RUNS=3)
	@$(HELD) $(PYTHON) $(START) bench

.PHONY: lint
lint: install ## run ruff, mypy and sqlfluff
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@$(MAKE) --no-print-directory --jobs 2 lint-types lint-sql

.PHONY: lint-types lint-sql
lint-types:
	@.venv/bin/mypy
lint-sql:
	@.venv/bin/sqlfluff lint --nocolor --disable-progress-bar dbt warehouse source

.PHONY: test
test: install lint ## run the linters and all tests
	@echo "• the parts of the tests, three side by side: $(TEST_PARTS)"
	@mkdir -p .test
	@$(MAKE) --no-print-directory --keep-going --jobs 3 $(TEST_PARTS:%=test-part-%); code=$$?; \
		cat $(TEST_PARTS:%=.test/%.log); exit $$code

# Many of these tests wait: until containers are healthy, until a lost heartbeat is noticed. So three parts at a time
# keep two cores busy. The longest begin first, and short ones come last, so that all end at about the same time.
TEST_PARTS := containers e2e dbt terraform dags faults processes monitoring others
TESTS_containers := tests/containers
TESTS_e2e := tests/e2e
TESTS_dbt := tests/dbt
TESTS_faults := tests/faults tests/warehouse tests/backup tests/bad_input tests/airflow tests/source
TESTS_dags := tests/dags
TESTS_terraform := tests/terraform
TESTS_processes := tests/processes
TESTS_monitoring := tests/grafana tests/prometheus tests/support tests/kubernetes
# Whatever no other part has, so that no test is forgotten.
TESTS_others := tests $(foreach part,$(filter-out others,$(TEST_PARTS)),$(TESTS_$(part):%=--ignore=%))

.PHONY: $(TEST_PARTS:%=test-part-%)
$(TEST_PARTS:%=test-part-%): test-part-%:
	@.venv/bin/pytest $(TESTS_$*) --ignore-glob='tests/*/long' $(PYTEST) >.test/$*.log 2>&1; code=$$?; \
		echo "$* $$(tail -n 1 .test/$*.log)"; exit $$code

.PHONY: test-unit
test-unit: install ## run the tests that need no service, in under 30 seconds
	@.venv/bin/pytest -q $(UNIT_TESTS) $(PYTEST)

UNIT_TESTS := tests/test_imports.py tests/test_repository_files.py tests/bench tests/cli tests/docs tests/dags/unit \
	tests/grafana/test_dashboards.py \
	$(addprefix tests/airflow/test_,fill_in.py prepare.py run_metrics.py)

.PHONY: test-faults
test-faults: install ## kill, cut and fill up what the platform is made of, compare all rows after each, print the table
	@.venv/bin/pytest tests/faults $(PYTEST)

.PHONY: test-terraform
test-terraform: install ## test the root module alone: plans, bad variables, inventory; needs terraform, but no Docker
	@.venv/bin/pytest tests/terraform $(PYTEST)

.PHONY: test-containers
test-containers: install ## test the stack on a Docker engine with provider doubles: apply, run, lose a worker, destroy
	@.venv/bin/pytest tests/containers $(PYTEST)

.PHONY: fix
fix: install ## format Python and Terraform, write the tables of Terraform's READMEs and the data dictionary
	@.venv/bin/ruff check --quiet --fix .
	@.venv/bin/ruff format --quiet .
	@if command -v terraform >/dev/null; then terraform fmt -recursive terraform; fi
	@if command -v terraform-docs >/dev/null; then terraform-docs terraform; fi
	@$(HELD) $(PYTHON) $(START) cli.dictionary
