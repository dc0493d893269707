# lake: the two commands that matter are `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PREFIX ?= /usr/local
DEMO ?= demo-lake
TARGET ?= file
FOR ?= 60
BIN := .build/release

.PHONY: help deps build demo test torture fuzz bench peers install format lint clean

help:  ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

deps:  ## Install the missing system packages (Debian, with root or sudo)
	@scripts/install-packages

build: deps  ## Build the release binary, .build/release/lake
	swift build -c release --product lake

demo: build  ## Build, make a sample lake, compact it twice, query, sweep, restore
	swift build -c release --product lake-sample
	@scripts/demo $(BIN) $(DEMO)

test: deps  ## Run every test
	swift build --build-tests
	swift test --skip-build

torture: deps  ## Disturb the program at every system call, many times (needs strace)
	swift build --build-tests
	LAKE_TORTURE=1 swift test --skip-build --filter 'TortureTests|CrashTests|PropertyTests'

fuzz: deps  ## Fuzz what reads other people's bytes: TARGET=file FOR=60 (seconds)
	@scripts/fuzz build
	scripts/fuzz $(TARGET) $(FOR)

bench: build  ## Measure, as ratios in one run
	swift build -c release --product lake-bench
	swift build -c release --product lake-write-bench
	swift build -c release --product lake-sample
	$(BIN)/lake-bench

peers:  ## Make .venv/peers: the other programs that check our files
	@scripts/make-peers

install: build  ## Install lake below PREFIX (default /usr/local)
	install -D -m 755 $(BIN)/lake $(DESTDIR)$(PREFIX)/bin/lake
	install -d $(DESTDIR)$(PREFIX)/share/lake/schemas
	install -m 644 schemas/*.json $(DESTDIR)$(PREFIX)/share/lake/schemas
	install -d $(DESTDIR)$(PREFIX)/share/lake/examples
	install -m 755 examples/notify $(DESTDIR)$(PREFIX)/share/lake/examples

format:  ## Format every Swift file
	swift format -i -r --parallel Sources Tests Package.swift

lint:  ## Check the format of every Swift file
	swift format lint --strict -r --parallel Sources Tests Package.swift

clean:  ## Remove what was built, and the demo lake
	rm -rf .build $(DEMO)
