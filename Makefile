# Every target makes its own virtual environment first. Set-up speaks on stderr only.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
SEEDS ?= 300
# monday's published schema, where it stands beside the project.
SCHEMA := ../shared/monday/check_schema.py
DOCUMENTS := src/customer_orders/monday/documents
SDL := src/customer_orders/emulator/schema.graphql

.PHONY: demo test test-mssql check simulate format clean \
  bench-cpu bench-delivery bench-emulator bench-ledger bench-source
demo: $(READY)
	@$(BIN)/customer-orders demo $(ARGS)

test: $(READY)
	@$(BIN)/python -m pytest $(ARGS)

# CUSTOMER_ORDERS_TEST_MSSQL_URL names an empty database; it is left empty.
test-mssql: $(READY)
	@test -n "$$CUSTOMER_ORDERS_TEST_MSSQL_URL" || \
	  { echo "set CUSTOMER_ORDERS_TEST_MSSQL_URL=mssql+mssqlpython://user:password@host/db" >&2; exit 1; }
	@$(BIN)/python -m pytest -m mssql $(ARGS)

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/docs
	@if [ -f $(SCHEMA) ]; then $(BIN)/python $(SCHEMA) --documents $(DOCUMENTS) --subset $(SDL); \
	else echo "$(SCHEMA) is not here: the published schema was not compared"; fi

simulate: $(READY)
	@PYTHONPATH=tests $(BIN)/python tests/simulation/simulate.py --seeds $(SEEDS) $(ARGS)

bench-emulator: $(READY)
	@$(BIN)/python benchmarks/bench_emulator.py

bench-delivery: $(READY)
	@$(BIN)/python benchmarks/bench_delivery.py $(ARGS)

bench-ledger: $(READY)
	@PYTHONPATH=tests $(BIN)/python benchmarks/bench_ledger.py $(ARGS)

bench-cpu: $(READY)
	@$(BIN)/python benchmarks/bench_cpu.py $(ARGS)

bench-source: $(READY)
	@PYTHONPATH=tests $(BIN)/python benchmarks/bench_source.py $(ARGS)

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	@rm -rf $(VENV) build dist customer-orders-demo

$(READY): pyproject.toml constraints.txt
	@echo "setting up $(VENV) (once)" >&2
	@$(PYTHON) -m venv $(VENV) >&2
	@PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
	  $(BIN)/python -m pip install --quiet --editable '.[dev]' >&2
	@touch $@
