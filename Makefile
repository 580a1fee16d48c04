# make demo   assess a shipped example case and print the explained answer
# make test   format, lint, types, tests, knowledge checks
# make prove  prove the invariants, and let a second solver check the proofs
# make mutate mutation testing of the knowledge
# make release-check  the suite three times in random order on a busy machine and once with warnings as errors, then fuzzing
# make mutate-code  mutation testing of the code: MODULES="knowledge/screens.py sijoint/verify" SAMPLE=20
# make test-report  the HTML report in a real browser: accessibility, no network, same bytes
# make soak   200,000 random cases through durable-rules, 1,000,000 through the other evaluators
# make seal   write what the shipped packs hold into knowledge/packs/release.json, after a change that is meant
# make golden rewrite the expected texts; then read the diff

PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ENV := .venv/$(VERSION)
BIN := $(abspath $(ENV))/bin
CASE ?= docs/examples/textbook-instability.yaml
JOBS ?= 2
FUZZ ?= 100000

.PHONY: demo test format lint types tests knowledge prove mutate mutate-code release-check test-report soak bench seal golden clean

demo: $(ENV)/demo.stamp
	@$(BIN)/sijoint assess $(CASE)

test: format lint types tests knowledge

format: $(ENV)/test.stamp
	$(BIN)/ruff format --check .

lint: $(ENV)/test.stamp
	$(BIN)/ruff check .

types: $(ENV)/test.stamp
	rm -rf $(ENV)/wheel build
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --target $(ENV)/wheel .
	cd $(ENV)/wheel && $(BIN)/mypy --config-file $(CURDIR)/pyproject.toml --python-executable $(BIN)/python -p sijoint

tests: $(ENV)/test.stamp
	$(BIN)/python -m pytest -n $(JOBS)

knowledge: $(ENV)/test.stamp
	$(BIN)/sijoint check
	$(BIN)/sijoint coverage | tail -n 2

prove: $(ENV)/test.stamp
	$(BIN)/sijoint prove --second-opinion

mutate: $(ENV)/test.stamp
	$(BIN)/sijoint mutate

mutate-code: $(ENV)/mutation.stamp
	$(BIN)/python -m tests.mutation.run --sample $(or $(SAMPLE),0) $(MODULES)

release-check: $(ENV)/test.stamp
	$(BIN)/python -m tests.release $(FUZZ)

test-report: $(ENV)/test.stamp
	bash tests/report/run.sh $(BIN)/python

soak: $(ENV)/test.stamp
	$(BIN)/python -m tests.soak

bench:
	$(PYTHON) -m venv .venv/bench
	.venv/bench/bin/pip install --quiet --disable-pip-version-check -e ".[bench,columns]"
	.venv/bench/bin/python -m benchmarks

seal: $(ENV)/test.stamp
	$(BIN)/python -m sijoint.verify.seal $(if $(FEWER),--fewer)

golden: $(ENV)/test.stamp
	$(BIN)/python -m pytest -n $(JOBS) --update-golden

$(ENV)/bin/pip:
	$(PYTHON) -m venv $(ENV)

$(ENV)/demo.stamp: $(ENV)/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(ENV)/test.stamp: $(ENV)/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[test,check,columns,report,prove]"
	@touch $@ $(ENV)/demo.stamp

$(ENV)/mutation.stamp: $(ENV)/test.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[mutation]"
	@touch $@

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
