#!/usr/bin/env bash
# Sends while one call of the commit log to the disk hangs: how long pulls, heartbeats and /livez take meanwhile, and what becomes of the sends.
#
#   bench/hang.sh [write|flush] [SECONDS]      (default: a pwrite, for 5 s; flush: an fdatasync, with SYNC_FLUSH)
#
# Needs a C compiler and sendload.c of the kit `bench`. tests/RocketOps.Faults.Tests/Hangs/hang.c, loaded into the broker, does the hanging.
# BENCH_DIRECTORY names the disk for the store (default: /tmp), BENCH_PORT the first port (default: 23500). Exit code 1 when a question was not answered.
set -euo pipefail
call="${1:-write}" seconds="${2:-5}"
case "$call" in write) mode=ASYNC_FLUSH ;; flush) mode=SYNC_FLUSH ;; *) echo "write or flush" >&2; exit 2 ;; esac
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
need_sendload
compile "$root/bench/probe.c" probe -pthread
compile "$root/tests/RocketOps.Faults.Tests/Hangs/hang.c" hang.so -shared -fPIC -ldl
start_broker "LD_PRELOAD=$work/hang.so" "ROCKETOPS_HANG=$work/hang" -- "flushDiskType=$mode"
create_topic Hang
probe() { "$work/probe" "${broker%:*}" "${broker#*:}" "${http#*:}" Hang "$1"; }

"$work/sendload" "broker=$broker" topic=Hang queues=4 connections=16 rate=2000 warmup=0 "seconds=$((seconds + 9))" > "$work/sends" 2> "$work/sends.err" &
load=$!
sleep 2
echo "before:"
code=0
probe 3 || code=1
echo "$call" > "$work/hang.new"
mv "$work/hang.new" "$work/hang"
for ((i = 0; i < 500; i++)); do
  if [ -e "$work/hang.now" ]; then break; fi
  sleep 0.01
done
[ -e "$work/hang.now" ] || die "no $call came: $(cat "$work/sends.err")"
(sleep "$seconds"; rm "$work/hang.now") &
echo "while one $call hangs for $seconds s:"
probe "$seconds" || code=1
wait "$load" || { cat "$work/sends.err" >&2; code=1; }
echo "sends, 2000/s on 16 connections (failed: refused, or not flushed in time): $(cat "$work/sends")"
exit "$code"
