#!/usr/bin/env bash
# What messages that wait cost one broker: a delay level at a rate, then very many pending timers and, beside them, many that are due in the same second.
#
#   bench/timers.sh [RATE] [PENDING] [BURST]      (default: 10000 a second, 1000000 pending, 10000 in one second; 0 leaves a part out)
#
# Late counts from the time a message is due: `stored` until the broker has it in its topic, `got` until the consumer has it, percentiles in milliseconds. Timers are due to
# the second, so up to 1000 ms of theirs is the promise. BENCH_DIRECTORY names the disk for the store (default: /tmp), BENCH_PORT the first port (default: 23500).
set -euo pipefail
rate="${1:-10000}" pending="${2:-1000000}" burst="${3:-10000}" seconds=20
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
dotnet build -c Release "$root/bench/RocketOps.WaitingLoad" --nologo -v quiet -clp:ErrorsOnly
load() { dotnet "$root/bench/RocketOps.WaitingLoad/bin/Release/net10.0/RocketOps.WaitingLoad.dll" "$@"; }
start_broker --

# cpu NAME LINE TICKS: the broker's CPU-seconds per million messages
cpu() { awk -v n="$(field sent "$2")" -v t="$3" -v hz="$(getconf CLK_TCK)" -v name="$1" -v line="$2" 'BEGIN { printf "%s: %.1f CPU-seconds per million, %s\n", name, t / hz * 1e6 / n, line }'; }
memory() { printf 'broker: %d MiB resident, %d MiB of its own\n' "$(($(kib VmRSS) / 1024))" "$(($(kib RssAnon) / 1024))"; }

if [ "$rate" -gt 0 ]; then
  load levels "$broker" "$rate" 5 1 1 > /dev/null # the runtime compiles what is used
  before=$(cpu_ticks)
  line="$(load levels "$broker" "$rate" "$seconds" 1 1)"
  cpu "level 1 at $rate/s" "$line" $(($(cpu_ticks) - before))
fi

if [ "$pending" -gt 0 ]; then
  memory
  before=$(cpu_ticks)
  line="$(load fill "$broker" "$pending" 7200 172800)"
  cpu "$pending timers taken, due within two days" "$line" $(($(cpu_ticks) - before))
  memory
  before=$(cpu_ticks)
  sleep 10
  awk -v t=$(($(cpu_ticks) - before)) -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "idle with them: %.2f %% of a core\n", t / hz / 10 * 100 }'
fi

if [ "$burst" -gt 0 ]; then
  for _ in 1 2 3; do
    before=$(cpu_ticks)
    line="$(load burst "$broker" "$burst" 8)"
    cpu "$burst timers due in one second" "$line" $(($(cpu_ticks) - before))
  done
  memory
fi
