# The commands a developer needs, and the ones CI runs. `make test` on a fresh clone sets everything up first.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/ready

# Tests run beside each other, one worker a core; more than four would want too much memory.
BESIDE := --numprocesses auto --maxprocesses 4 --dist worksteal

.PHONY: bench check clean demo test test-all venv

test: $(READY)  ## what a change should pass before it is pushed
	$(PY) -m pytest $(BESIDE)

test-all: $(READY)  ## the slow tests too; needs no GPU and no network
	$(PY) -m pytest $(BESIDE) -m "not gpu and not hub"

check: $(READY)  ## style, types, import direction, the op table of the README
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest --quiet tests/house/test_imports.py tests/house/test_op_table.py

demo: $(READY)  ## three small datasets from real data, built, released and read back
	$(PY) -m tests.quickstart --out out

bench: $(READY)  ## speed against the bare loop, the naive `map` and other libraries
	$(PY) -m tests.benchmarks

venv: $(READY)

# An interrupted installation leaves no stamp, so the next call finishes it.
$(READY): pyproject.toml setup.py constraints.txt
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all,dev]"
	# Where only the tests that wrap it look: beside a torch of another build it cannot be imported, and transformers tries.
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps --upgrade --target $(VENV)/peers torchvision
	touch $@

clean:
	rm -rf build dist out .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +
