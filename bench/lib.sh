# shellcheck shell=bash
# One name server and one broker of this repository for the scripts here; source it. They end with the script, and so does their folder.
#
#   work        the folder of the run: store, logs, compiled programs
#   broker_pid  the broker's process
#
# BENCH_PUBLISH: options of `dotnet publish` for another broker than the images have.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
shared="${ROCKETOPS_SHARED:-$root/../shared}"
work="$(mktemp -d "${BENCH_DIRECTORY:-${TMPDIR:-/tmp}}/rocketops-bench-XXXXXX")"
port="${BENCH_PORT:-23500}"
broker="127.0.0.1:$((port + 10))" http="127.0.0.1:$((port + 15))"
processes=() broker_pid=""

die() { echo "$*" >&2; exit 2; }

end_all() {
  # Only what was started here; a program that has ended already is no matter.
  if [ ${#processes[@]} -gt 0 ]; then
    kill "${processes[@]}" 2> /dev/null
    wait "${processes[@]}" 2> /dev/null
  fi
  rm -rf "$work"
}
trap end_all EXIT

compile() { # SOURCE NAME [options]: into the folder of the run
  local source="$1" name="$2"
  shift 2
  command -v cc > /dev/null || die "a C compiler (cc) is needed"
  cc -O2 -o "$work/$name" "$source" "$@"
}

need_sendload() {
  [ -f "$shared/bench/sendload.c" ] || die "$shared/bench/sendload.c is missing; ROCKETOPS_SHARED names the folder that holds the kits"
  compile "$shared/bench/sendload.c" sendload
}

# touch_memory MIB: a virtual machine may get its memory when it is touched first, and whoever writes a file into new memory pays for it, ten times what the write costs (measured: 2.7 s of CPU a
# GiB, 0.24 s once touched). So that no server pays what another did not, free memory is touched before one is measured.
touch_memory() {
  dd if=/dev/zero of="$work/touched" bs=1M count="$1" status=none
  rm -f "$work/touched"
}

need_files() { # NUMBER: of descriptors, for this shell and what it starts
  ulimit -n "$1" 2> /dev/null || [ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge "$1" ] \
    || die "$1 descriptors are needed, $(ulimit -Hn) are allowed; raise the hard limit"
}

# wait_for HOST:PORT SECONDS
wait_for() {
  local end=$((SECONDS + $2))
  until (exec 3<> "/dev/tcp/${1%:*}/${1#*:}") 2> /dev/null; do
    [ "$SECONDS" -lt "$end" ] || die "nothing listens on $1: $(tail -5 "$work"/*.log)"
    sleep 0.05
  done
}

# start_broker [NAME=VALUE of the environment...] -- [key=value of broker.conf...]
start_broker() {
  local environment=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do environment+=("$1"); shift; done
  shift
  # As the images have them: compiled natively for this kind of machine.
  local machine publish
  read -ra publish <<< "${BENCH_PUBLISH:-}"
  machine="linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
  dotnet publish "$root/nameserver/RocketOps.NameServer" -c Release -r "$machine" -o "$root/out/bench/nameserver" --nologo -v quiet
  dotnet publish "$root/broker/RocketOps.Broker" -c Release -r "$machine" -o "$root/out/bench/broker" --nologo -v quiet "${publish[@]}"
  printf '%s\n' "listenPort=$port" "kvConfigPath=$work/kvConfig.json" > "$work/namesrv.conf"
  printf '%s\n' brokerClusterName=DefaultCluster brokerName=broker-a brokerId=0 brokerIP1=127.0.0.1 "namesrvAddr=127.0.0.1:$port" \
    "listenPort=${broker#*:}" "httpPort=${http#*:}" "storePathRootDir=$work/store" "storePathCommitLog=$work/store/commitlog" \
    brokerRole=ASYNC_MASTER diskMaxUsedSpaceRatio=95 "$@" > "$work/broker.conf"
  "$root/out/bench/nameserver/RocketOps.NameServer" -c "$work/namesrv.conf" > "$work/namesrv.log" 2>&1 &
  processes+=($!)
  env "${environment[@]}" "$root/out/bench/broker/RocketOps.Broker" -c "$work/broker.conf" > "$work/broker.log" 2>&1 &
  broker_pid=$!
  processes+=("$broker_pid")
  wait_for "$broker" 60
  wait_for "$http" 60
}

# A topic of four queues comes into being with the first send.
create_topic() { "$work/sendload" "broker=$broker" "topic=$1" queues=4 rate=100 warmup=0 seconds=1 > /dev/null; }

cpu_ticks() { sed 's/.*) //' "/proc/$broker_pid/stat" | awk '{ print $12 + $13 }'; }
kib() { awk -v field="$1:" '$1 == field { print $2 }' "/proc/$broker_pid/status"; }

field() { # NAME LINE of key=value
  awk -v k="$1" '{ for (i = 1; i <= NF; i++) { split($i, p, "="); if (p[1] == k) print p[2] } }' <<< "$2"
}
