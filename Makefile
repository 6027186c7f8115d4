# Everything installs into the checkout (.tools/, .venv/); nothing needs root and the system's Python is left alone.
PYTHON ?= python3
UV     := .tools/bin/uv
BIN    := .venv/bin
STAMP  := .venv/.stamp
MODULES := $(patsubst %/package-lock.json,%/node_modules/.package-lock.json,$(wildcard local/*/package-lock.json))
NB     ?=
STACK  ?= buzzer
PARAMS ?=

# Material's and ProperDocs' end-of-life banners, twice in every build otherwise.
export DISABLE_MKDOCS_2_WARNING := true
export NO_MKDOCS_2_WARNING := 1
export UV_CUSTOM_COMPILE_COMMAND := make lock
export PYDEVD_DISABLE_FILE_VALIDATION := 1
# uv trusts its own list of authorities otherwise, and fails behind a proxy that the machine trusts.
export UV_SYSTEM_CERTS := true
# Python would compile two thousand modules in every process otherwise, which takes three seconds each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help site serve test test-all audit lint bench load drill lab notebook lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV): tools.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 to 3.13 is needed; $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12" % sys.version_info[:2]) if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "$(PYTHON) has no pip, which fetches the installer uv. Name a Python that has it: make PYTHON=python3.12"; exit 2; }
	@rm -rf .tools
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore --require-hashes --target .tools -r tools.lock
	@touch $@

$(STAMP): $(UV) requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(UV) venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# What a stand-in in Node needs, where npm is; its tests say so where it is missing.
$(MODULES): %/node_modules/.package-lock.json: %/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund --prefix $* || echo "npm ci failed in $*"; fi

site: $(STAMP) ## build everything a reader sees into site/
	@$(BIN)/gameday site

serve: $(STAMP) ## build the site, serve it on 127.0.0.1 and rebuild on every change
	@$(BIN)/mkdocs serve

test: $(STAMP) $(MODULES) ## run every check; what takes minutes and has not changed takes turns
	@$(BIN)/python -m pytest -n auto --dist worksteal

test-all: $(STAMP) $(MODULES) ## the same, with everything that takes turns by the commit, and Terraform asked everything again
	@$(BIN)/python -m pytest -n auto --dist worksteal --all

audit: $(UV) ## ask the advisory databases of Python about everything that is locked; needs the network
	@$(UV) tool run pip-audit==2.10.1 --strict --require-hashes --disable-pip --requirement requirements.lock --requirement tools.lock

lint: $(STAMP) ## format, lint, types, Terraform's format, notebook hygiene
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@cd local/scoreboard && ../../$(BIN)/python -m mypy --config-file ../../pyproject.toml -p standin -m without_containers -m measure
	@if command -v terraform >/dev/null; then TF_CLI_CONFIG_FILE=/dev/null terraform fmt -check -recursive -diff terraform; else echo "lint: terraform is not on PATH, so 'terraform fmt -check' was skipped"; fi
	@$(BIN)/python -m pytest -q tests/notebooks/test_notebooks.py

bench: $(STAMP) ## measure what the README claims about speed, as ratios in one run
	@$(BIN)/python -m pytest benchmarks -o python_files="bench_*.py" -rP -q -p no:xdist --benchmark-disable-gc

load: $(STAMP) ## a stand-in of a stack's program under load, on real servers of this machine: make load STACK=buzzer_baseline
	@$(BIN)/gameday load terraform/stacks/$(STACK) --record

drill: $(STAMP) ## lose a database's rows and restore them, on a real server of this machine
	@$(BIN)/gameday drill terraform/stacks/$(STACK) --record

lab: $(STAMP) ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir=notebooks $$(test "$$(id -u)" -ne 0 || echo --allow-root)

notebook: $(STAMP) ## re-run a notebook with other numbers: make notebook NB=cost STACK=scoreboard PARAMS="users=50000"
	@$(BIN)/gameday notebook $(NB) $(if $(NB),$(if $(filter file,$(origin STACK)),,stack=$(STACK))) $(PARAMS)

lock: $(UV) ## resolve pyproject.toml into requirements.lock, with hashes and without any address
	@$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --all-extras --python-version 3.11 pyproject.toml -o requirements.lock

clean: ## remove what was built and installed
	@rm -rf .venv .tools .cache site out
