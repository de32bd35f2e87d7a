# What a person types; each line calls a script in tools/ that can be read on its own.
.PHONY: run build test check fix dev bench package docker-build docker-run
.DEFAULT_GOAL := run

run: ## The hub with its demo camera at http://localhost:8080
	@tools/need build
	cargo run --release --package lenswire -- serve

build: ## The binary alone: target/release/lenswire
	@tools/need build
	cargo build --release --package lenswire

test: ## Everything that can fail: crates, web, and whole systems in a network of their own
	@tools/need test
	tools/test

check: ## What a change must pass beside the tests: format, lints, documents, licences, web/dist
	@tools/need test
	tools/check

fix: ## Formats, and applies what clippy and the web's linter can by themselves
	tools/fix

dev: ## The hub rebuilt and restarted on each change, the pages by Vite
	@tools/need build
	@tools/need node
	tools/dev

bench: ## Figures of merit, measured in a network of their own
	@tools/need test
	bench/run.sh

package: ## A Debian package in target/debian
	@tools/need build
	tools/package

docker-build: ## An image named lenswire
	docker build --tag lenswire .

docker-run: ## That image; host network, because media is UDP to the machine's own addresses
	docker run --rm --init --network host --volume lenswire:/var/lib/lenswire lenswire
