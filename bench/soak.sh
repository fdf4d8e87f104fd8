#!/usr/bin/env bash
# Everything mixed for as long as wanted, and what one broker holds before and after: memory, descriptors, threads, timers, parked pulls.
#
#   bench/soak.sh [MINUTES]      (default: 30)
#
# A warm-up of a minute comes first, so that what is used once and kept is there before. Ends with 1 when a message is missing, one came that was taken back or rolled back, or
# more memory of its own, descriptors, threads, timers or parked pulls are left than before. BENCH_DIRECTORY names the disk for the store (default: /tmp), BENCH_PORT the first port (default: 23500).
set -euo pipefail
minutes="${1:-30}"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
dotnet build -c Release "$root/bench/RocketOps.WaitingLoad" --nologo -v quiet -clp:ErrorsOnly
# Files that are small enough to be rolled and removed meanwhile; the environment of the image.
start_broker MALLOC_ARENA_MAX=1 -- enablePropertyFilter=true recallMessageEnable=true mappedFileSizeCommitLog=16777216 mappedFileSizeTimerLog=1048576

load() { dotnet "$root/bench/RocketOps.WaitingLoad/bin/Release/net10.0/RocketOps.WaitingLoad.dll" soak "127.0.0.1:$port" "$1"; }
metric() { curl -s "http://$http/metrics" | awk -v name="$1{" 'index($0, name) == 1 { print $NF }'; }
links() { find "/proc/$broker_pid/fd" -mindepth 1 -printf '%l\n' 2> /dev/null; }
# A log has a descriptor for each of its files, until retention removes it days later: those are counted by themselves.
figures() { # NAME: one line
  printf '%s: resident=%d own=%d heap=%d descriptors=%d logs=%d threads=%d pool=%d timers=%d parked=%d\n' "$1" "$(($(kib VmRSS) / 1024))" "$(($(kib RssAnon) / 1024))" \
    "$(($(metric rocketops_heap_bytes) / 1048576))" "$(links | grep -Evc '/store/(commitlog|timerlog)/')" "$(links | grep -Ec '/store/(commitlog|timerlog)/' || true)" "$(kib Threads)" "$(metric rocketops_pool_threads)" \
    "$(metric rocketops_timers_active)" "$(metric rocketops_pulls_parked)"
}

load 60 > /dev/null
sleep 40 # clients are gone: connections, groups and pool threads go with them
before="$(figures before)"
echo "$before"
load $((minutes * 60)) > "$work/soak.out" &
loading=$!
while kill -0 "$loading" 2> /dev/null; do
  sleep 30
  figures "after $SECONDS s"
done
wait "$loading"
line="$(cat "$work/soak.out")"
sleep 40
after="$(figures after)"
echo "$after"
echo "$line"
code=0
[ "$(field missing "$line")" = 0 ] && [ "$(field wrong "$line")" = 0 ] || code=1
# Queue files that are open stay open, and the pool may have a thread more or less. Of memory (MiB) the collector keeps some for what was: 24 bytes of each message of half an hour would be more.
for limit in own:40 descriptors:16 threads:8 timers:4 parked:0; do
  name="${limit%:*}"
  if [ "$(field "$name" "$after")" -gt $(($(field "$name" "$before") + ${limit#*:})) ]; then
    echo "more $name than before"
    code=1
  fi
done
exit "$code"
