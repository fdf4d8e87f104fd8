#!/usr/bin/env bash
# Ours against Apache RocketMQ 4.9.7 under the same clients, with what the project wants to reach beside each figure:
#
#   bench/compare.sh [--pairs 1] [options of ../shared/bench/compare.sh: --rate, --seconds, --warmup, --recover, …]
#   PEER=jit bench/compare.sh …     the same sources on the just-in-time compiler (ReadyToRun, tiered PGO) instead of Apache's; no targets then
#
# Publishes the programs natively, as images have them, runs the kit's interleaved pairs and prints medians, the ratio ours/Apache's and whether the target is met.
# A virtual machine pays about 8 µs for each page its host has not given it yet: on a freshly booted one that was half of a send's CPU, and it hits
# the two peers unevenly. So free memory is touched once before anything is measured (half a minute to two; KEEP_MEMORY=1 leaves that out).
# Takes about 5 minutes a pair; nothing else should run meanwhile. FLUSH=SYNC_FLUSH measures group commit against targets of its own, beside what the disk
# itself needs for an fdatasync. Exit code 1 when something that has a target could not be measured; a target that is missed is told, but no error.
# Before and after the pairs the same open-loop load runs against floor.c, which stores nothing: a tail that it has too is the machine's, not a broker's.
# ROCKETOPS_SHARED names the folder with the kits (default: ../shared beside the repository).
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
kit="${ROCKETOPS_SHARED:-$root/../shared}/bench"
[ -x "$kit/compare.sh" ] || { echo "$kit/compare.sh is missing; ROCKETOPS_SHARED names the folder that holds the kits" >&2; exit 2; }
options=(--pairs 1 --rate 10000 --seconds 10 --warmup 15 --recover 100000 "$@") # of an option given twice the last counts

programs="$root/out/bench"
machine="linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
publish() { # FOLDER [options of dotnet publish]
  local program folder="$1"
  shift
  for program in nameserver/RocketOps.NameServer broker/RocketOps.Broker; do
    dotnet publish "$root/$program" -c Release -r "$machine" -o "$folder/${program%/*}" --nologo -v quiet "$@"
  done
}
peer=(--a "apache.sh 4.9.7")
case "${PEER:-apache}" in
  apache) ;;
  jit)
    publish "$programs/jit" -p:PublishAot=false -p:PublishReadyToRun=true --no-self-contained
    peer=(--a "/usr/bin/env ROCKETOPS_NAMESRV=$programs/jit/nameserver/RocketOps.NameServer ROCKETOPS_BROKER=$programs/jit/broker/RocketOps.Broker $kit/rocketops.sh")
    ;;
  *) echo "PEER is apache or jit, not $PEER" >&2; exit 2 ;;
esac
publish "$programs"
export ROCKETOPS_NAMESRV="$programs/nameserver/RocketOps.NameServer" ROCKETOPS_BROKER="$programs/broker/RocketOps.Broker"

# Two thirds of what is available, in a file in memory that is gone at once: the rest of the machine must not notice.
if [ -z "${KEEP_MEMORY:-}" ] && [ -d /dev/shm ]; then
  touched="$(mktemp /dev/shm/rocketops-bench.XXXXXX)"
  trap 'rm -f "$touched"' EXIT
  head -c "$(awk '/^MemAvailable/ { printf "%d", $2 * 1024 * 2 / 3 }' /proc/meminfo)" /dev/zero > "$touched" || echo "not all memory could be touched: figures may be too high" >&2
  rm -f "$touched"
fi

# The last value of an option, as the kit reads it; else the second argument.
option() {
  local name="$1" value="$2" i
  for ((i = 0; i + 1 < ${#options[@]}; i++)); do
    if [ "${options[i]}" = "--$name" ]; then value="${options[i + 1]}"; fi
  done
  echo "$value"
}

# floor WHEN: one line of what the machine itself needs for an answer at the rate of the pairs. A shell of its own, with which the server ends.
floor_port="${FLOOR_PORT:-23600}"
floor() (
  "$programs/floor" "$floor_port" &
  server=$!
  trap 'kill "$server"; wait "$server" 2> /dev/null || true' EXIT
  end=$((SECONDS + 10))
  until (exec 3<> "/dev/tcp/127.0.0.1/$floor_port") 2> /dev/null; do
    [ "$SECONDS" -lt "$end" ] || { echo "nothing listens on 127.0.0.1:$floor_port; FLOOR_PORT names another port" >&2; exit 2; }
    sleep 0.05
  done
  "$programs/sendload" "broker=127.0.0.1:$floor_port" topic=Floor queues=4 "size=$(option size 1024)" "rate=$(option rate 10000)" warmup=3 "seconds=$(option seconds 10)" \
    | awk -v when="$1" '{
        for (i = 1; i <= NF; i++) { split($i, p, "="); v[p[1]] = p[2] }
        printf "floor %-7s p50 %.2f ms, p99 %.2f ms, p999 %.2f ms, max %.2f ms; %d answered, %d sent late by the client\n",
          when ":", v["p50us"] / 1e3, v["p99us"] / 1e3, v["p999us"] / 1e3, v["maxus"] / 1e3, v["answered"], v["behind"]
      }'
)
cc -O2 -o "$programs/floor" "$root/bench/floor.c"
cc -O2 -o "$programs/sendload" "$kit/sendload.c"

log="$programs/compare.log"
floor before | tee "$programs/floor.log"
"$kit/compare.sh" "${peer[@]}" --b rocketops.sh "${options[@]}" | tee "$log"
floor after | tee -a "$programs/floor.log"

if [ "${FLUSH:-ASYNC_FLUSH}" = SYNC_FLUSH ]; then
  cc -O2 -o "$programs/fdatasync" "$root/bench/fdatasync.c"
  echo
  "$programs/fdatasync" "${TMPDIR:-/tmp}/rocketops-bench-fdatasync.$$" 10
fi

if [ "${PEER:-apache}" != apache ]; then exit; fi

# One line per target: measure, "ratio" (ours/Apache's) or "ours", "most" or "least", limit.
targets() {
  if [ "${FLUSH:-ASYNC_FLUSH}" = SYNC_FLUSH ]; then
    cat <<'TARGETS'
limitRate ratio least 4.5
limitCpu ratio most 0.14
manyCpu ratio most 0.35
rateCpu ratio most 0.4
p50 ratio most 0.5
p99 ratio most 0.2
p999 ratio most 0.2
failed ours most 0
TARGETS
  else
    cat <<'TARGETS'
javaCpu ratio most 0.14
limitRate ratio least 6
limitCpu ratio most 0.12
manyRate ratio least 2.5
manyCpu ratio most 0.25
rateCpu ratio most 0.25
p999 ratio most 0.1
liveCpu ratio most 0.28
way50 ratio most 0.08
way999 ratio most 0.09
drainCpu ratio most 0.25
startMs ratio most 0.07
ownMem ratio most 0.035
idleCpu ours most 0.05
recoverMs ratio most 0.05
failed ours most 0
TARGETS
  fi
}
echo
awk '
  NR == FNR { kind[$1] = $2; way[$1] = $3; limit[$1] = $4; order[++targets] = $1; next }
  /^measure/ { table = 1; next }
  table && NF >= 4 && $1 in kind { apache[$1] = $2; ours[$1] = $3; ratio[$1] = $4 }
  END {
    printf "%-12s %12s %12s %8s  %-22s %s\n", "measure", "Apache", "ours", "ratio", "target", "verdict"
    for (i = 1; i <= targets; i++) {
      m = order[i]
      target = (way[m] == "most" ? "at most " : "at least ") limit[m] (kind[m] == "ours" ? "" : " x")
      known = m in ours
      value = kind[m] == "ours" ? ours[m] : ratio[m]
      if (!known || value == "-" || ours[m] < 0) { verdict = "NOT MEASURED"; unknown++ }
      else if (way[m] == "most" ? value + 0 <= limit[m] : value + 0 >= limit[m]) verdict = "met"
      else verdict = "FALLS SHORT"
      printf "%-12s %12s %12s %8s  %-22s %s\n", m, apache[m], ours[m], ratio[m], target, verdict
    }
    exit unknown > 0
  }' <(targets) "$log" || unmeasured=$?
# Again beside the figures they explain: p50, p99 and p999 above hold this much of client, kernel and machine.
cat "$programs/floor.log"
exit "${unmeasured:-0}"
