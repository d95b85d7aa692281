# What people do with Polyonym, each by one word. Everything is built under build/; nothing else is written, but by
# `make install` and by the installation of missing Debian or Ubuntu packages, which says what it does.
#
# Knobs: JOBS (parallel jobs), PREFIX and DESTDIR (make install), CI (warnings are errors when set), EVENTS and ROUNDS (make bench
# and make rivals), FUZZ (options of libFuzzer), BENCH and RIVALS (more options of bench/run_all.py and bench/rivals/run.py, such as '--max-seconds 60').

JOBS ?= $(shell nproc)
EVENTS ?= 2000000
ROUNDS ?= 3
FUZZ ?= -max_total_time=60
PREFIX ?= /usr/local
CMAKE_ARGS ?=
strict := -DPOLYONYM_WERROR=$(if $(CI),ON,OFF)

.DEFAULT_GOAL := help
.PHONY: help demo build test soak asan tsan bench rivals workload micro fuzz format docs wheel lint install clean

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 18

demo:  ## build the polyonym program and show what it does
	tools/bootstrap.sh build
	cmake --preset release $(CMAKE_ARGS)
	cmake --build build/release -j $(JOBS) --target polyonym_driver
	bash examples/demo.sh

build:  ## build the library and the programs for use, in build/release
	tools/bootstrap.sh build
	cmake --preset release $(CMAKE_ARGS)
	cmake --build build/release -j $(JOBS)

test:  ## build and run every test that is not a soak, in build/dev
	tools/bootstrap.sh build test python
	tools/python_env.sh build test docs
	cmake --preset dev -DPOLYONYM_BUILD_PYTHON=ON $(strict) $(CMAKE_ARGS)
	cmake --build build/dev -j $(JOBS)
	ctest --preset dev -j $(JOBS) --output-junit results.xml

soak:  ## run the long tests: random histories by the million, kills, full disks
	tools/bootstrap.sh build test
	cmake --preset dev $(strict) $(CMAKE_ARGS)
	cmake --build build/dev -j $(JOBS)
	ctest --preset soak -j $(JOBS)

asan:  ## run the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	tools/bootstrap.sh build test
	cmake --preset asan-ubsan $(strict) $(CMAKE_ARGS)
	cmake --build build/asan-ubsan -j $(JOBS)
	ctest --preset asan-ubsan -j $(JOBS)

tsan:  ## run the tests under ThreadSanitizer
	tools/bootstrap.sh build test
	cmake --preset tsan $(strict) $(CMAKE_ARGS)
	cmake --build build/tsan -j $(JOBS)
	ctest --preset tsan -j $(JOBS)

bench:  ## all workloads beside Redis, PostgreSQL, SQLite, DuckDB and others, on a quiet machine: docs/benchmarks.md
bench: workload
	build/rivals/bin/python bench/run_all.py --events $(EVENTS) --rounds $(ROUNDS) --json build/bench.json --markdown build/bench.md $(BENCH)

rivals:  ## the other systems alone
rivals: workload
	build/rivals/bin/python bench/rivals/run.py --events $(EVENTS) --rounds $(ROUNDS) --json build/rivals.json --markdown build/rivals.md $(RIVALS)

workload:
	tools/bootstrap.sh build bench rivals
	cmake --preset bench $(CMAKE_ARGS)
	cmake --build build/bench -j $(JOBS) --target polyonym_workload
	python3 -m venv build/rivals
	build/rivals/bin/python -m pip install -q -r bench/rivals/requirements.txt || echo "going on with the packages that are here"

micro:  ## build and run the benchmarks of single modules
	tools/bootstrap.sh build bench
	cmake --preset bench $(CMAKE_ARGS)
	cmake --build build/bench -j $(JOBS) --target polyonym_micro
	build/bench/polyonym_micro

fuzz:  ## build the fuzzers, in build/fuzz, and run each for a minute, or as long as FUZZ says (FUZZ=-runs=1000000)
	tools/bootstrap.sh build fuzz
	cmake --preset fuzz $(CMAKE_ARGS)
	cmake --build build/fuzz -j $(JOBS)
	@for program in build/fuzz/*_fuzz; do \
	  if [ -x $$program ]; then echo "== $$program"; mkdir -p $$program.corpus; \
	    $$program $(FUZZ) -artifact_prefix=build/fuzz/ $$program.corpus || exit 1; fi; \
	done

format:  ## lay out all C++ files by .clang-format
	tools/bootstrap.sh lint
	tools/format.sh

docs:  ## build the site of docs/, in build/site
	tools/bootstrap.sh python
	tools/python_env.sh build test docs
	build/python-env/bin/python -m mkdocs build --strict --site-dir build/site

wheel:  ## build the Python package, in build/wheels
	tools/bootstrap.sh build python
	tools/python_env.sh build
	build/python-env/bin/python -m pip wheel -v --no-deps --wheel-dir build/wheels ./python

lint:  ## check layout (.clang-format) and code (.clang-tidy)
	tools/bootstrap.sh build test bench lint
	tools/format.sh --check
	cmake --preset lint $(CMAKE_ARGS)
	tools/tidy.sh build/lint $(JOBS)

install: build  ## install the release build into PREFIX (/usr/local)
	DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

clean:  ## remove everything that was built
	rm -rf build
