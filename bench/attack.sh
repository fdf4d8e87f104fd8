#!/usr/bin/env bash
# Hostile clients attack a broker in every way they know (tests/RocketOps.Testing/Attacks): how long an honest one waits for its sends, pulls and heartbeats meanwhile, and /livez.
#
#   bench/attack.sh [SECONDS [WAY...]]      (default: 60, all ways)
#
# Needs a C compiler and sendload.c of the kit `bench`. BENCH_DIRECTORY names the disk for the store (default: /tmp), BENCH_PORT the first port (default: 23500).
# Exit code 1 when a request of the honest client was not answered with success, its messages were refused, or one in a hundred of any kind waited for more than 50 ms.
set -euo pipefail
seconds="${1:-60}"
most=50 # milliseconds at p99
ways=("${@:2}")
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
need_sendload
compile "$root/bench/probe.c" probe -pthread
dotnet build -c Release "$root/bench/RocketOps.WaitingLoad" --nologo -v quiet -clp:ErrorsOnly
start_broker MALLOC_ARENA_MAX=1 -- enablePropertyFilter=true
create_topic Honest
probe() { "$work/probe" "${broker%:*}" "${broker#*:}" "${http#*:}" Honest "$1"; }
sends() { "$work/sendload" "broker=$broker" topic=Honest queues=4 connections=1 rate=200 warmup=0 "seconds=$1"; }

echo "before:"
sends 5 &
probe 5
wait "$!"
# As if from other machines: they take no processor from the broker that it would use.
nice -n 19 dotnet "$root/bench/RocketOps.WaitingLoad/bin/Release/net10.0/RocketOps.WaitingLoad.dll" attack "$broker" "$((seconds + 5))" "${ways[@]}" > "$work/attack" &
attack=$!
processes+=("$attack")
sleep 5 # what some ways ask for is stored first
code=0
sends "$seconds" > "$work/sends" &
sending=$!
echo "attacked for $seconds s:"
probe "$seconds" | tee "$work/asked" || code=1
wait "$sending" || code=1
echo "sends, 200/s on one connection: $(cat "$work/sends")"
[ "$(field failed "$(cat "$work/sends")")" = 0 ] || code=1
slow="$(awk -v most="$most" '{ for (i = 1; i < NF; i++) if ($i == "p99" && $(i + 1) > most) print $1 }' "$work/asked")"
awk -v most="$most" -v p99="$(field p99us "$(cat "$work/sends")")" 'BEGIN { exit p99 / 1000 > most }' || slow="${slow:+$slow }sends"
if [ -n "$slow" ]; then
  echo "above $most ms at p99: ${slow//$'\n'/ }"
  code=1
fi
wait "$attack"
echo "begun: $(cat "$work/attack")"
echo "the broker: $(($(kib VmHWM) / 1024)) MiB resident at most, $(kib Threads) threads"
exit "$code"
