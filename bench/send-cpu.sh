#!/usr/bin/env bash
# What a send of 1 KiB costs the broker: one connection at its limit, where the share of its own code is told too; and 10 000 a second with client and broker on one processor, on two, and
# where the kernel puts them.
#
#   bench/send-cpu.sh [SECONDS]      (default: 7 s of each)
#
# BENCH_PUBLISH has options of `dotnet publish` for another broker, as docs/decisions/0112 compares them: -p:OptimizationPreference=Speed; -p:IlcInstructionSet=x86-64-v3;
# "-p:PublishAot=false -p:PublishReadyToRun=true --no-self-contained" for the just-in-time compiler, which DOTNET_TieredPGO=0 and DOTNET_EnableAVX=0 in the environment change.
# Needs a C compiler, two processors and sendload.c of the kit `bench`. Nothing else should run meanwhile.
set -euo pipefail
seconds="${1:-7}"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
need_sendload
start_broker --
create_topic Load
hz="$(getconf CLK_TCK)"

# measure NAME PROCESSORS-OF-THE-BROKER PROCESSORS-OF-THE-CLIENT [key=value of sendload...]
measure() {
  local name="$1" ours="$2" client="$3" user kernel line
  shift 3
  taskset -apc "$ours" "$broker_pid" > /dev/null
  read -r user kernel < <(sed 's/.*) //' "/proc/$broker_pid/stat" | awk '{ print $12, $13 }')
  line="$(taskset -c "$client" "$work/sendload" "broker=$broker" topic=Load queues=4 size=1024 warmup=0 "seconds=$seconds" "$@")"
  sed 's/.*) //' "/proc/$broker_pid/stat" | awk -v name="$name" -v hz="$hz" -v u="$user" -v k="$kernel" -v n="$(field answered "$line")" -v s="$seconds" -v p50="$(field p50us "$line")" -v p99="$(field p99us "$line")" '{
    cpu = ($12 + $13 - u - k) / hz * 1e6 / n
    # Between ticks, nobody sees whose time it was: who works for a few microseconds at a time is told the wrong share.
    share = cpu * n / 1e6 > s / 2 ? sprintf(", %.2f of it own code", ($12 - u) / hz * 1e6 / n) : ""
    printf "%-26s %7d/s, %.2f CPU-seconds per million%s; p50 %d us, p99 %d us\n", name ":", n / s, cpu, share, p50, p99 }'
}

all="0-$(($(nproc) - 1))"
measure "the first $seconds s, which compile and grow" "$all" "$all" rate=0 window=256 > /dev/null
measure "at its limit" "$all" "$all" rate=0 window=256
measure "10 000/s" "$all" "$all" rate=10000
measure "10 000/s on one processor" 0 0 rate=10000
measure "10 000/s on two" 0 1 rate=10000
