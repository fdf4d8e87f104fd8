#!/usr/bin/env bash
# Ours against Apache RocketMQ 4.9.7 under the same clients, with what the project wants to reach beside each figure:
#
#   bench/compare.sh [--pairs 1] [options of ../shared/bench/compare.sh: --rate, --seconds, --warmup, --recover, …]
#
# Publishes Release builds, runs the kit's interleaved pairs and prints medians, the ratio ours/Apache's and whether the target is met.
# A virtual machine pays about 8 µs for each page its host has not given it yet: on a freshly booted one that was half of a send's CPU, and it hits
# the two peers unevenly. So free memory is touched once before anything is measured (half a minute to two; KEEP_MEMORY=1 leaves that out).
# Takes about 5 minutes a pair; nothing else should run meanwhile. FLUSH=SYNC_FLUSH measures group commit against targets of its own, beside what the disk
# itself needs for an fdatasync. Exit code 1 when something that has a target could not be measured; a target that is missed is told, but no error.
# ROCKETOPS_SHARED names the folder with the kits (default: ../shared beside the repository).
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
kit="${ROCKETOPS_SHARED:-$root/../shared}/bench"
[ -x "$kit/compare.sh" ] || { echo "$kit/compare.sh is missing; ROCKETOPS_SHARED names the folder that holds the kits" >&2; exit 2; }
options=(--pairs 1 --rate 10000 --seconds 10 --warmup 15 --recover 100000 "$@") # of an option given twice the last counts

programs="$root/out/bench"
# As the images have them: compiled ahead for this kind of machine.
machine="linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
dotnet publish "$root/nameserver/RocketOps.NameServer" -c Release -r "$machine" --no-self-contained -o "$programs/nameserver" --nologo -v quiet
dotnet publish "$root/broker/RocketOps.Broker" -c Release -r "$machine" --no-self-contained -o "$programs/broker" --nologo -v quiet
export ROCKETOPS_NAMESRV="$programs/nameserver/RocketOps.NameServer" ROCKETOPS_BROKER="$programs/broker/RocketOps.Broker"

# Two thirds of what is available, in a file in memory that is gone at once: the rest of the machine must not notice.
if [ -z "${KEEP_MEMORY:-}" ] && [ -d /dev/shm ]; then
  touched="$(mktemp /dev/shm/rocketops-bench.XXXXXX)"
  trap 'rm -f "$touched"' EXIT
  head -c "$(awk '/^MemAvailable/ { printf "%d", $2 * 1024 * 2 / 3 }' /proc/meminfo)" /dev/zero > "$touched" || echo "not all memory could be touched: figures may be too high" >&2
  rm -f "$touched"
fi

log="$programs/compare.log"
"$kit/compare.sh" --a "apache.sh 4.9.7" --b rocketops.sh "${options[@]}" | tee "$log"

if [ "${FLUSH:-ASYNC_FLUSH}" = SYNC_FLUSH ]; then
  cc -O2 -o "$programs/fdatasync" "$root/bench/fdatasync.c"
  echo
  "$programs/fdatasync" "${TMPDIR:-/tmp}/rocketops-bench-fdatasync.$$" 10
fi

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
p999 ratio most 0.25
failed ours most 0
TARGETS
  else
    cat <<'TARGETS'
javaCpu ratio most 0.16
limitRate ratio least 3.5
limitCpu ratio most 0.17
manyRate ratio least 2
manyCpu ratio most 0.36
rateCpu ratio most 0.36
p999 ratio most 0.15
liveCpu ratio most 0.38
way50 ratio most 0.13
way999 ratio most 0.12
drainCpu ratio most 0.28
startMs ratio most 0.18
ownMem ratio most 0.06
idleCpu ours most 0.1
recoverMs ratio most 0.08
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
  }' <(targets) "$log"
