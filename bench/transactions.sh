#!/usr/bin/env bash
# What a transaction costs this broker and Apache RocketMQ 4.9.7, in turn, under the same client: a half, its commit, and a consumer that reads the message.
#
#   bench/transactions.sh [PAIRS] [RATE] [SECONDS]      (default: 3 pairs, 2000 a second, 20 s)
#
# Needs Java 17 and the kits `bench` and `rocketmq`. Prints the broker's CPU-seconds per million transactions of each run, and the ratio of each pair; the goal is at most 0.25.
# BENCH_DIRECTORY names the disk for the stores (default: /tmp), BENCH_PORT the first port (default: 23500).
set -euo pipefail
pairs="${1:-3}" rate="${2:-2000}" seconds="${3:-20}"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
[ -x "$shared/bench/apache.sh" ] || die "$shared/bench/apache.sh is missing; ROCKETOPS_SHARED names the folder that holds the kits"
dotnet build -c Release "$root/bench/RocketOps.WaitingLoad" --nologo -v quiet -clp:ErrorsOnly
load() { dotnet "$root/bench/RocketOps.WaitingLoad/bin/Release/net10.0/RocketOps.WaitingLoad.dll" transactions "$broker" "$@"; }

# measure NAME: CPU-seconds per million transactions of the broker that runs, into $cost
measure() {
  load "$rate" 15 > /dev/null # the runtimes compile what is used
  local before line
  before=$(cpu_ticks)
  line="$(load "$rate" "$seconds")"
  cost="$(awk -v n="$(field sent "$line")" -v t=$(($(cpu_ticks) - before)) -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.1f", t / hz * 1e6 / n }')"
  echo "$1: $cost CPU-seconds per million, $line"
}

for pair in $(seq "$pairs"); do
  start_broker -- enablePropertyFilter=true
  measure RocketOps
  ours="$cost"
  kill "${processes[@]}"
  wait "${processes[@]}" 2> /dev/null || true
  processes=()
  "$shared/bench/apache.sh" 4.9.7 start --dir "$work/apache" --port $((port + 200)) --profile bench > /dev/null
  broker="127.0.0.1:$((port + 310))" broker_pid="$("$shared/bench/apache.sh" 4.9.7 pids --dir "$work/apache")"
  measure "Apache 4.9.7"
  "$shared/bench/apache.sh" 4.9.7 stop --dir "$work/apache"
  rm -rf "$work/apache" "$work/store"
  broker="127.0.0.1:$((port + 10))"
  awk -v a="$ours" -v b="$cost" -v pair="$pair" 'BEGIN { printf "pair %d: ratio %.2f\n", pair, a / b }'
done
