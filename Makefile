# Every target sets up what it needs in .venv; nothing else has to be installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check
# Tests start hundreds of processes; in none of them are our modules to be compiled anew.
export PYTHONDONTWRITEBYTECODE :=
# Many tests wait for servers and delays, the slow ones for kills and leases: more workers than the
# two cores there are pay.
WORKERS ?= 3
SLOW_WORKERS ?= 4
# Most of these tests load a model or start a program, on one core.
MODELS_WORKERS ?= 2
# An index where torch comes without CUDA; PyPI's own build for Linux brings gigabytes of it.
TORCH_INDEX ?=
CHECKOV := 3.3.30
# Images to build; none = all.
TARGETS ?=

.PHONY: demo test test-slow test-models test-scrapy-216 test-servers lint checkov format bench serve images screenshots lighthouse clean
.DEFAULT_GOAL := help

help:            ## this list
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'

$(VENV)/base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=26"  # older ones stumble over lxml[html-clean]
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

# uv installs in seconds what takes pip a minute, but knows no mirrors of pip's: then pip does it.
DEV := --constraint constraints.txt --editable ".[fast,dev,export,server,images,media,s3]" \
	--group servers-test --group exports-test
$(VENV)/dev: $(VENV)/base
	$(PIP) install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --native-tls --python $(BIN)/python $(DEV) || $(PIP) install --quiet $(DEV)
	touch $@

$(VENV)/models: $(VENV)/dev
	$(PIP) install --quiet --constraint constraints.txt $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") torch==2.13.0
	@echo "llama-cpp-python is built from source the first time: some minutes"
	$(PIP) install --quiet --constraint constraints.txt --editable ".[models,dev,export,server,images,media,s3]" --group models-test --group servers-test
	touch $@

demo: $(VENV)/base    ## crawl the sample world with all three spiders, print a table, write .demo/report.html
	$(BIN)/gleanery demo

test: $(VENV)/dev test-servers    ## the fast suite, with the real servers this machine has or may install
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not models" $(ARGS)

# programs of others beside ours: a page over scrapyd that pins libraries of 2021, a login service
$(VENV)-%/ready: tests/%/requirements.txt
	test -x $(VENV)-$*/bin/python || $(PYTHON) -m venv $(VENV)-$*
	$(VENV)-$*/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

test-slow: $(VENV)/dev $(VENV)-scrapydweb/ready $(VENV)-canaille/ready test-servers    ## the slow part
	$(BIN)/python -m pytest -n $(SLOW_WORKERS) --maxschedchunk 1 -m "slow and not models" $(ARGS)

test-models: $(VENV)/models test-servers    ## the engines that need torch, transformers or llama.cpp, with a real small model
	$(BIN)/python -m pytest -n $(MODELS_WORKERS) --dist loadfile --core-each -m models $(ARGS)

# The oldest Scrapy over everything else of .venv: nothing is installed twice.
$(VENV)-216/ready: $(VENV)/dev
	test -x $(VENV)-216/bin/python || $(PYTHON) -m venv --without-pip $(VENV)-216
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
		> $$($(VENV)-216/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/under.pth
	$(PIP) --python $(VENV)-216/bin/python install --quiet "scrapy>=2.16,<2.17"
	touch $@

test-scrapy-216: $(VENV)-216/ready test-servers    ## the frontier's tests on the oldest Scrapy it runs on
	$(VENV)-216/bin/python -m pytest -n $(WORKERS) -m "not slow" $(ARGS) \
		tests/contracts/test_frontier_queues.py tests/contracts/test_frontier_limits.py \
		tests/servers/test_frontier.py tests/servers/test_frontier_failures.py tests/e2e/test_frontier_links.py \
		tests/servers/test_frontier_order.py tests/servers/test_frontier_politeness.py \
		tests/servers/test_frontier_start_urls.py

test-servers:    ## as root on Debian or Ubuntu: install the servers that tests start
	@tests/install_servers.sh

lint: $(VENV)/dev checkov    ## lint, types, layers, manifests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m k8s.lint

# A virtual environment of its own: checkov pins what we use in other versions. pip knows mirrors that uv does not.
$(VENV)-checkov/ready: $(VENV)/dev
	$(BIN)/uv venv --quiet --clear --seed --python $(BIN)/python $(VENV)-checkov
	$(BIN)/uv pip install --quiet --native-tls --python $(VENV)-checkov/bin/python checkov==$(CHECKOV) \
		|| $(VENV)-checkov/bin/pip install --quiet --disable-pip-version-check checkov==$(CHECKOV)
	touch $@

checkov: $(VENV)-checkov/ready    ## checkov over every overlay and component, as k8s/checkov.yaml says
	$(BIN)/python -m k8s.lint.stacks $(VENV)-checkov/stacks
	$(VENV)-checkov/bin/checkov --config-file k8s/checkov.yaml -f $(VENV)-checkov/stacks/*.yaml

format: $(VENV)/dev    ## put the code into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/models    ## all benchmarks; goals met or not
	$(BIN)/python -m benchmarks

$(VENV)/server: $(VENV)/base
	$(PIP) install --quiet --constraint constraints.txt --editable ".[fast,server,images,media]"
	touch $@

serve: $(VENV)/server    ## Redis, model server, scrapyd, admin page and client API on this machine; Ctrl-C ends all
	$(BIN)/gleanery serve $(ARGS)

images:          ## the container images, by buildah, podman or docker: make images TARGETS=client BASE=debootstrap
	TORCH_INDEX="$(TORCH_INDEX)" images/build.sh $(TARGETS)

screenshots: $(VENV)/dev test-servers    ## take the pictures of docs/screenshots anew, over the sample world
	$(BIN)/python -m tests.screenshots

lighthouse: $(VENV)/dev test-servers    ## look at each page of the admin with Lighthouse, write docs/lighthouse.md
	$(BIN)/python -m tests.page_scores

clean:           ## remove what was set up and crawled
	rm -rf $(VENV) $(VENV)-216 $(VENV)-scrapydweb $(VENV)-canaille $(VENV)-checkov .demo
