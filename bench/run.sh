#!/usr/bin/env bash
# Builds the release and measures it, and its peers when their binaries are given:
#
#   bench/run.sh [OPTION...]
#   PEERS="mediamtx=/path/to/mediamtx go2rtc=/path/to/go2rtc janus=/usr/bin/janus" bench/run.sh
#
# Options are those of `lenswire-bench suite`, e.g. --only fanout --viewers 10,100.
# Everything runs in a network of its own, on a machine that should have nothing else to do.
# Results, table and plots go to bench/results/ under today's date.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --package lenswire --package lenswire-bench
[[ -d crates/lenswire/tests/world/node_modules ]] || npm ci --prefix crates/lenswire/tests/world --no-audit --no-fund

servers=(--server lenswire=target/release/lenswire)
for peer in ${PEERS:-}; do
  servers+=(--server "$peer")
done
results=bench/results/$(date +%F).json
tools/lab target/release/lenswire-bench suite --out "$results" "${servers[@]}" "$@"
# Options may have named another file, which is then for its owner to draw.
[[ ! -f $results ]] || target/release/lenswire-bench plot "$results"
