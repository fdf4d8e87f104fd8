#!/usr/bin/env bash
# What a start costs: a name server and a broker with an empty store, from exec until they say that they serve. Wall time is disturbed by whatever else runs; the
# processor time (user and system, of all threads, from /proc) hardly is.
#
#   bench/start.sh [STARTS]       (default 10; DOTNET_ variables are passed on, for example DOTNET_GCgen0size=0x1000000 bench/start.sh)
#
# Each line: program, median and best of the wall time, median and best of the processor time, in milliseconds.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
starts="${1:-10}"
work="$(mktemp -d /dev/shm/rocketops-start-XXXXXX)"
trap 'rm -rf "$work"' EXIT
# As the images have them: compiled natively for this kind of machine.
machine="linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
for program in nameserver/RocketOps.NameServer broker/RocketOps.Broker; do
  dotnet publish -c Release -r "$machine" "$root/$program" -o "$root/out/bench/${program%/*}" --nologo -v quiet
done

# Nanoseconds on a processor, all threads of a process.
cpu() { cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%d", sum }'; }

measure() { # NAME PROGRAM ARGUMENT...
  local name="$1" program="$2"
  shift 2
  : >"$work/$name"
  for ((i = 0; i < starts; i++)); do
    mkfifo "$work/out"
    local begin
    begin="$(date +%s%N)"
    mkdir "$work/data"
    "$program" "$@" >"$work/out" 2>&1 &
    local pid=$!
    while read -r line; do
      case "$line" in
      *"boot success"*)
        echo "$((($(date +%s%N) - begin) / 1000)) $(($(cpu "$pid") / 1000))" >>"$work/$name"
        kill -TERM "$pid"
        ;;
      esac
    done <"$work/out"
    wait "$pid" || { echo "$name did not start; run it by hand: $program $*" >&2; exit 1; }
    rm -rf "$work/out" "$work/data"
  done
  for column in 1 2; do
    sort -n -k "$column" "$work/$name" | awk -v c="$column" '{ v[NR] = $c } END { printf "%.0f [%.0f]\n", v[int((NR + 1) / 2)] / 1000, v[1] / 1000 }'
  done | paste -sd ' ' | awk -v n="$name" '{ printf "%-12s wall %s %s   cpu %s %s\n", n, $1, $2, $3, $4 }'
}

measure nameserver "$root/out/bench/nameserver/RocketOps.NameServer" --listenPort=0 --kvConfigPath="$work/data/kvConfig.json" --configStorePath="$work/data/namesrv.properties"
measure broker "$root/out/bench/broker/RocketOps.Broker" --listenPort=0 --brokerIP1=127.0.0.1 --bindAddress=127.0.0.1 --storePathRootDir="$work/data/store"
