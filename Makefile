# Everything runs in a virtual environment of its own; only Python 3.11 or newer is needed beforehand.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: install demo test lint docs check format browser-deps clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[offline,java,plot]'
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[offline,java,test,lint]'
	touch $@

demo: install
	$(BIN)/generel-graph demo

test: $(VENV)/installed-test
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/installed-test
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs

check: lint test docs

format: $(VENV)/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

browser-deps: # for the tests of Neo4j Browser in a real browser, on Debian
	apt-get update -qq
	apt-get install -qq -y --no-install-recommends chromium chromium-driver >/dev/null

clean:
	rm -rf $(VENV) build dist
