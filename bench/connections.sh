#!/usr/bin/env bash
# What very many connections cost one broker: memory while they are idle, CPU and latency while each sends one message a second.
#
#   bench/connections.sh [CONNECTIONS] [SECONDS]      (default: 10000 connections, 20 s)
#
# Needs a C compiler, sendload.c of the kit `bench`, and as many descriptors as connections in one process. Nothing else should run meanwhile.
# BENCH_DIRECTORY names the disk for the store (default: /tmp), BENCH_PORT the first port (default: 23500).
set -euo pipefail
connections="${1:-10000}" seconds="${2:-20}"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
need_files $((connections + 2000))
need_sendload
compile "$root/bench/connections.c" connections
start_broker --
create_topic Connections
sleep 5 # the runtime compiles what the first sends used

rss="$(kib VmRSS)" anon="$(kib RssAnon)"
coproc HOLDER { exec "$work/connections" "${broker%:*}" "${broker#*:}" "$connections"; }
# shellcheck disable=SC2153 # coproc sets it
holder=$HOLDER_PID
read -r -t 300 -u "${HOLDER[0]}" line || line=""
[ "$line" = "holding $connections" ] || die "the connections could not be opened: ${line:-no answer}"
sleep 5
idle=$(cpu_ticks)
sleep 10
idle=$(($(cpu_ticks) - idle))
awk -v n="$connections" -v rss="$(($(kib VmRSS) - rss))" -v anon="$(($(kib RssAnon) - anon))" -v cpu="$idle" -v hz="$(getconf CLK_TCK)" 'BEGIN {
  printf "%d idle connections: %.0f bytes each (RssAnon %.0f), %.1f %% of a core\n", n, rss * 1024 / n, anon * 1024 / n, cpu / hz / 10 * 100 }'
input=${HOLDER[1]}
exec {input}>&- # it ends with its input
wait "$holder"

before=$(cpu_ticks)
line="$("$work/sendload" "broker=$broker" topic=Connections queues=4 "connections=$connections" "rate=$connections" warmup=5 "seconds=$seconds")"
ticks=$(($(cpu_ticks) - before))
awk -v n="$connections" -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v s="$((seconds + 5))" -v a="$(field answered "$line")" -v f="$(field failed "$line")" -v l="$(field lost "$line")" \
  -v b="$(field behind "$line")" -v p50="$(field p50us "$line")" -v p99="$(field p99us "$line")" -v p999="$(field p999us "$line")" 'BEGIN {
  printf "%d connections, 1 message/s each: broker %.0f %% of a core, %.1f CPU-seconds per million, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, %d failed, %d not answered\n",
    n, t / hz / s * 100, t / hz * 1e6 / a, p50 / 1000, p99 / 1000, p999 / 1000, f, l
  if (b > a / 100) printf "the load itself was late for %d messages: the latencies say little\n", b }'
[ "$(field failed "$line")" = 0 ] && [ "$(field lost "$line")" = 0 ]
