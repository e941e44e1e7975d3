# One command each: see README.md.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
CORE := $(VENV)/.core
DEV := $(VENV)/.dev

.PHONY: demo install test test-all test-pg test-chatglm-cpp fuzz lint types check bench eval clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(CORE): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

# torch first, in a version that has been tested: what depends on it then takes the build that is there.
$(DEV): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(CORE)

install: $(CORE)

demo: $(CORE)
	$(BIN)/vouch demo

# -rs: what was skipped, and what it takes to run it.
test: $(DEV) lint types
	$(BIN)/python -m pytest -q -rs

test-all: $(DEV)
	$(BIN)/python -m pytest -q -m ''

# chatglm.cpp in an environment of its own: it is compiled for some ten minutes (CMake 4 needs the first variable).
CHATGLM_CPP := .venv-chatglm-cpp
$(CHATGLM_CPP)/.done: pyproject.toml
	$(PYTHON) -m venv $(CHATGLM_CPP)
	CMAKE_POLICY_VERSION_MINIMUM=3.5 CMAKE_BUILD_PARALLEL_LEVEL=2 MAKEFLAGS=-j2 \
		$(CHATGLM_CPP)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev,chatglm-cpp-export]'
	touch $@

test-chatglm-cpp: $(CHATGLM_CPP)/.done
	OMP_NUM_THREADS=1 $(CHATGLM_CPP)/bin/python -m pytest -q -rs -m chatglm_cpp tests/contracts/test_chat_model.py tests/generation tests/finetune/adapters

# Stores and commands on a PostgreSQL server that the tests start themselves.
test-pg: $(DEV)
	$(BIN)/python -m pytest -q -rs -m pg tests/contracts tests/retrieval tests/app tests/server

# schemathesis against a listening server: so many examples of every operation.
FUZZ_EXAMPLES ?= 500
fuzz: $(DEV)
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -q -m slow tests/server/test_fuzz.py

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	mkdir -p .typing && ln -sfn .. .typing/vouch
	MYPYPATH=.typing $(BIN)/mypy -p vouch.retrieval -p vouch.ingest -p vouch.generation -p vouch.eval -p vouch.finetune -p vouch.app

# Your own documents: make bench FOLDERS="~/reports ~/guidelines"
FOLDERS ?= app/samples
bench: $(DEV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python benchmarks/ingest.py $(FOLDERS)

# Every score against its floor, on the development data: $VOUCH_SHARED/data, else ../shared/data.
VOUCH_SHARED ?= ../shared
eval: $(DEV)
	$(BIN)/vouch eval suite eval/floors.toml --data $(VOUCH_SHARED)/data --work .work/eval

clean:
	rm -rf $(VENV) .typing .mypy_cache .ruff_cache .pytest_cache build dist *.egg-info
