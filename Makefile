# One entry point. Targets first install what is missing (deploy/install-debian): only Swift must be there.
SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := help
.PHONY: help demo test check conformance torture format bench build clean install versions

# A log gets errors alone; a terminal gets SwiftPM's own progress line.
quiet := $(shell [ -t 2 ] || echo --quiet)

help:
	@printf '%s\n' \
	  'make demo     the whole story on this machine: PostgreSQL, PKI, residents, requests, proof' \
	  'make test     every test, against real servers made for it' \
	  'make check    format, then every test' \
	  'make conformance  a running gateway as strangers see it: validators, clients, scanners (five minutes)' \
	  'make torture  the tests under fire, thousands of times (hours; MINUTES=20 for a short one)' \
	  'make bench    speed and size next to nginx and pgbench (release build, about half an hour)' \
	  'make build    the gateway, debug' \
	  'make format   format the sources' \
	  'make install  what the above need from Debian' \
	  'make clean    drop what was built'

install:
	@deploy/install-debian

# Debug, because its first build takes half as long as release and the tests then share it.
build: install
	@echo 'Building (the first time about five minutes on two cores)'
	@swift build $(quiet) --product tsunagi

demo: build
	@"$$(swift build --show-bin-path)/tsunagi" demo

# Built apart, so that the test run's own lines are not lost among the compiler's. There are no XCTest tests.
# Servers and their clients run apart from what calculates, and those with deadlines apart from other servers:
# a test that fills every core keeps them waiting.
# Few at once: a hundred servers, databases and their clients on two cores would all be late.
deadlines := GatewayTests.(Edge|Operations|(Limit|Identity)Serving|PartyLimit|(Sealer)?Fault|Demo|Reload)Tests
test: install
	@echo 'Building the tests (the first time about five minutes on two cores)'
	@swift build $(quiet) --build-tests
	@Tests/pass 6 --skip GatewayTests
	@Tests/pass 6 --filter GatewayTests --skip '$(deadlines)'
	@Tests/pass 2 --filter '$(deadlines)'

check: install
	@swift format lint --strict --parallel --recursive Sources Tests Package.swift
	@$(MAKE) --no-print-directory test

# How often each is done scales with MINUTES (240 is the full measure); the table at the end says what held.
MINUTES ?= 240
torture: install
	@echo 'Building the tests (the first time about five minutes on two cores)'
	@swift build $(quiet) --build-tests
	@Tests/Fuzz/torture $(MINUTES)

format:
	@swift format format --in-place --parallel --recursive Sources Tests Package.swift

# Tools that others wrote, from PyPI and Debian; nothing of them goes into the system but Debian's packages.
strangers := .build-conformance/venv
$(strangers)/made: Tests/Strangers/requirements.txt
	@rm -rf $(strangers)
	@/usr/bin/python3 -m venv $(strangers)
	@$(strangers)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# CONFORMANCE_EXAMPLES=100 tries more of each operation; ONLY="fhir tls" runs these checks alone.
conformance: install
	@deploy/install-debian conformance
	@$(MAKE) --no-print-directory build $(strangers)/made
	@$(strangers)/bin/python Tests/Strangers/conformance.py \
	  "$$(swift build --show-bin-path)/tsunagi" .build-conformance $(ONLY)

bench:
	@deploy/install-debian bench
	@echo 'Building for release (the first time about ten minutes on two cores)'
	@swift build $(quiet) -c release --static-swift-stdlib --product tsunagi
	@swift build $(quiet) -c release --static-swift-stdlib --product tsunagi-load
	@bench/run --bin "$$(swift build -c release --show-bin-path)"

clean:
	@swift package clean

# After a change of a version in Package.swift: what the pins resolve to, for deploy/versions.md.
versions:
	@swift package show-dependencies --format text | grep -oE '[a-z0-9-]+<[^>]+>' \
	  | sed -E 's/<.*@/ /; s/>//' | sort -u >deploy/resolved-versions.txt
