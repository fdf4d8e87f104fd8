#!/usr/bin/env bash
# What a slave costs: this broker alone (ASYNC_MASTER), this broker as SYNC_MASTER with a slave, the same two as a group that elects its master, in which nothing is read before both have it, and
# Apache RocketMQ 4.9.7 as SYNC_MASTER with a slave, in turn under the same client;
# then how fast an empty slave takes a master's log, and one that has run for a while what it lacks, beside what a program does that only reads, sends, receives and writes (ship.c).
#
#   bench/replication.sh [--pairs 1] [--rate 5000] [--seconds 10] [--warmup 10] [--size 1024] [--catch-up 900] [--touched 4096] [--only-ours] [--only-catch-up]
#
# All of it is on this machine: CPU of master and slave are told apart, the client's is not counted. Closed loop with 256 messages in flight for messages/s, open loop at --rate for
# latencies, of sends and of a message's way to a consumer that waits for it. --catch-up is in MiB, below the 1024 of one file of the log; --touched too: the memory that is touched before servers start (lib.sh). ROCKETOPS_SHARED names the folder with the kits; Apache's broker needs Java.
set -euo pipefail
pairs=1 rate=5000 seconds=10 warmup=10 size=1024 catch_up=900 touched=4096 only_ours="" only_catch_up=""
while [ $# -gt 0 ]; do
  case "$1" in
    --pairs) pairs="$2"; shift 2 ;;
    --rate) rate="$2"; shift 2 ;;
    --seconds) seconds="$2"; shift 2 ;;
    --warmup) warmup="$2"; shift 2 ;;
    --size) size="$2"; shift 2 ;;
    --catch-up) catch_up="$2"; shift 2 ;;
    --touched) touched="$2"; shift 2 ;;
    --only-ours) only_ours=1; shift ;;
    --only-catch-up) only_catch_up=1; shift ;;
    *) echo "unknown argument $1" >&2; exit 2 ;;
  esac
done
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
export ROCKETMQ_LOG=WARN
kit="$shared/rocketmq/bin/rocketmq"
[ -n "$only_ours$only_catch_up" ] || [ -x "$kit" ] || die "$kit is missing; ROCKETOPS_SHARED names the folder that holds the kits, --only-ours does without"
need_sendload
compile "$root/bench/ship.c" ship
machine="linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
dotnet publish "$root/nameserver/RocketOps.NameServer" -c Release -r "$machine" -o "$root/out/bench/nameserver" --nologo -v quiet
dotnet publish "$root/broker/RocketOps.Broker" -c Release -r "$machine" -o "$root/out/bench/broker" --nologo -v quiet

slave="127.0.0.1:$((port + 30))" slave_http="127.0.0.1:$((port + 35))"
master_pid="" slave_pid="" peer="" target="$broker"

end_servers() {
  if [ "$peer" = apache ]; then "$kit" kill --dir "$work/apache" > /dev/null 2>&1 || true; fi
  if [ ${#processes[@]} -gt 0 ]; then
    kill "${processes[@]}" 2> /dev/null || true
    wait "${processes[@]}" 2> /dev/null || true
  fi
  processes=() master_pid="" slave_pid="" peer="" target="$broker"
  rm -rf "$work/apache" "$work/ours"
}
trap 'end_servers; rm -rf "$work"' EXIT

run_ours() { # PROGRAM CONFIGURATION LOG: its process in $!
  "$root/out/bench/$1" -c "$2" > "$3" 2>&1 &
  processes+=($!)
}

start_our_nameserver() {
  peer=ours
  touch_memory "$touched"
  mkdir -p "$work/ours"
  printf '%s\n' "listenPort=$port" "kvConfigPath=$work/ours/kvConfig.json" > "$work/ours/namesrv.conf"
  run_ours nameserver/RocketOps.NameServer "$work/ours/namesrv.conf" "$work/ours/namesrv.log"
}

start_ours() { # ROLE [key=value...]
  start_our_nameserver
  printf '%s\n' brokerClusterName=DefaultCluster brokerName=broker-a brokerId=0 brokerIP1=127.0.0.1 "namesrvAddr=127.0.0.1:$port" "listenPort=${broker#*:}" "httpPort=${http#*:}" \
    "storePathRootDir=$work/ours/master" "brokerRole=$1" diskMaxUsedSpaceRatio=95 "${@:2}" > "$work/ours/master.conf"
  run_ours broker/RocketOps.Broker "$work/ours/master.conf" "$work/ours/master.log"
  master_pid=$!
  wait_for "$broker" 60
  wait_for "$http" 60
}

start_our_slave() {
  printf '%s\n' brokerClusterName=DefaultCluster brokerName=broker-a brokerId=1 brokerRole=SLAVE brokerIP1=127.0.0.1 "namesrvAddr=127.0.0.1:$port" "listenPort=${slave#*:}" \
    "httpPort=${slave_http#*:}" "storePathRootDir=$work/ours/slave" diskMaxUsedSpaceRatio=95 > "$work/ours/slave.conf"
  run_ours broker/RocketOps.Broker "$work/ours/slave.conf" "$work/ours/slave.log"
  slave_pid=$!
  wait_for "$slave" 60
}

# Whoever leads is the master; the other one follows.
start_our_group() {
  start_our_nameserver
  local member pids=() address
  for member in a b; do
    address="$([ "$member" = a ] && echo "$broker" || echo "$slave")"
    printf '%s\n' brokerClusterName=DefaultCluster brokerName=broker-a brokerIP1=127.0.0.1 "namesrvAddr=127.0.0.1:$port" "listenPort=${address#*:}" httpPort=0 \
      "storePathRootDir=$work/ours/$member" diskMaxUsedSpaceRatio=95 failover=Automatic replicationMode=Sync minInSyncReplicas=2 "memberName=$member" \
      "groupMembers=a@$broker,b@$slave" "leaseStore=file:$work/ours/lease.json" > "$work/ours/$member.conf"
    run_ours broker/RocketOps.Broker "$work/ours/$member.conf" "$work/ours/$member.log"
    pids+=($!)
  done
  wait_for "$broker" 60
  wait_for "$slave" 60
  local end=$((SECONDS + 60)) holder=""
  while [ -z "$holder" ]; do
    [ "$SECONDS" -lt "$end" ] || die "nobody leads: $(tail -5 "$work"/ours/*.log)"
    holder="$(sed -n 's/.*"holder" *: *"\([ab]\)".*/\1/ip' "$work/ours/lease.json" 2> /dev/null || true)"
    sleep 0.1
  done
  if [ "$holder" = a ]; then master_pid="${pids[0]}" slave_pid="${pids[1]}" target="$broker"; else master_pid="${pids[1]}" slave_pid="${pids[0]}" target="$slave"; fi
}

start_apache() { # SYNC_MASTER and its slave
  peer=apache
  touch_memory "$touched"
  local java=(--heap 1g --seconds 180 --jvm -Xmn512m)
  "$kit" --version 4.9.7 namesrv start --dir "$work/apache" --port "$port" --heap 256m --seconds 180 > /dev/null
  "$kit" --version 4.9.7 broker start --dir "$work/apache" --port "${broker#*:}" --namesrv "127.0.0.1:$port" "${java[@]}" brokerRole=SYNC_MASTER > /dev/null
  "$kit" --version 4.9.7 broker start --dir "$work/apache" --port "${slave#*:}" --namesrv "127.0.0.1:$port" --id 1 "${java[@]}" > /dev/null
  master_pid="$(cat "$work/apache/broker-a-0/pid")"
  slave_pid="$(cat "$work/apache/broker-a-1/pid")"
}

load() { "$work/sendload" "broker=$target" topic=Load queues=4 "size=$size" "$@"; }

# A slave that has not acknowledged anything yet makes sends wait, or fail.
until_acknowledged() {
  local end=$((SECONDS + 120)) line
  while :; do
    line="$(load rate=100 warmup=0 seconds=1 2> /dev/null)"
    if [ "$(field failed "$line")" = 0 ] && [ "$(field answered "$line")" -gt 50 ]; then return; fi
    [ "$SECONDS" -lt "$end" ] || die "no message is acknowledged: $line"
  done
}

ticks_of() { if [ -n "$1" ]; then sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; else echo 0; fi; }

# measure LABEL: one line of figures for the servers that run. sends50us and sends999us are of the sends whose way is measured: where the way is slow and they are not, it is dispatch, the wake-up or the pull that is slow;
# where both are, it is the write or the slave. undelivered is below 0 where a message was delivered whose send has failed.
measure() {
  local label="$1" closed open read line failed=0 master0 slave0 hz
  hz="$(getconf CLK_TCK)"
  load rate=0 window=256 warmup=0 "seconds=$warmup" > /dev/null
  master0="$(ticks_of "$master_pid")" slave0="$(ticks_of "$slave_pid")"
  closed="$(load rate=0 window=256 warmup=0 "seconds=$seconds")"
  local master1 slave1
  master1="$(ticks_of "$master_pid")" slave1="$(ticks_of "$slave_pid")"
  open="$(load "rate=$rate" warmup=2 "seconds=$seconds")"
  read="$(load "rate=$rate" warmup=2 "seconds=$seconds" groups=1 | tr '\n' ' ')"
  for line in "$closed" "$open" "$read"; do failed=$((failed + $(field failed "$line") + $(field lost "$line"))); done
  awk -v label="$label" -v rate="$(field rate "$closed")" -v n="$(field answered "$closed")" -v m="$((master1 - master0))" -v s="$((slave1 - slave0))" -v hz="$hz" \
    -v p50="$(field p50us "$open")" -v p999="$(field p999us "$open")" -v way50="$(field way50us "$read")" -v way999="$(field way999us "$read")" \
    -v sends50="$(field p50us "$read")" -v sends999="$(field p999us "$read")" -v undelivered="$(field undelivered "$read")" -v failed="$failed" \
    'BEGIN {
      printf "%-22s rate=%d masterCpu=%.2f slaveCpu=%.2f p50us=%d p999us=%d", label, rate, m * 1e6 / hz / n, s * 1e6 / hz / n, p50, p999
      printf " way50us=%d way999us=%d sends50us=%d sends999us=%d failed=%d undelivered=%d\n", way50, way999, sends50, sends999, failed, undelivered
    }' | tee -a "$work/figures"
}

# What the master has sent, what the slave still lacks (both in bytes) and when that was read, in µs: one program for both, as looking takes of what is measured.
look() {
  curl -sf "http://$http/metrics" | awk -v now="${EPOCHREALTIME/[.,]/}" 'index($1, "rocketops_replication_sent_bytes_total{") == 1 { sent += $NF } index($1, "rocketmq_broker_commitlog_diff{") == 1 { lag += $NF } END { printf "%d %d %s\n", sent, lag, now }'
}

fill_log() { load rate=30000 warmup=0 "seconds=$((catch_up * 1024 * 1024 / (size + 130) / 30000 + 1))" > /dev/null; }

# follow LABEL BASE: one line of figures for a slave that has begun to take what it lacks; BASE bytes had been sent before.
follow() {
  local began="" from=0 until=0 to=0 from_master=0 from_slave=0 sent lag at
  while :; do
    sleep 0.1
    read -r sent lag at <<< "$(look)"
    sent=$((sent - $2))
    if [ "$sent" -le 0 ]; then continue; fi
    if [ -z "$began" ]; then began="$at" from="$sent" from_master="$(ticks_of "$master_pid")" from_slave="$(ticks_of "$slave_pid")"; continue; fi
    if [ "$lag" = 0 ]; then break; fi
    to="$at" until="$sent"
  done
  # Between the first look and the last one at which something was missing.
  [ "$until" -gt "$from" ] || die "the slave had caught up before it was looked at twice: use a larger --catch-up"
  awk -v label="$1" -v bytes="$((until - from))" -v last="$((sent - from))" -v all="$sent" -v us="$((to - began))" -v m="$(($(ticks_of "$master_pid") - from_master))" -v s="$(($(ticks_of "$slave_pid") - from_slave))" \
    -v hz="$(getconf CLK_TCK)" \
    'BEGIN { mib = last / 1048576; printf "%-22s MiBps=%.0f MiB=%.0f masterCpuPerGiB=%.2f slaveCpuPerGiB=%.2f\n", label, bytes / 1048576 / (us / 1e6), all / 1048576, m / hz / (mib / 1024), s / hz / (mib / 1024) }' | tee -a "$work/figures"
}

# An empty slave takes the last file of the log, which holds it all: its process has just begun. Then what is stored while it stands still, three times: by the last its code has run for a while.
catch_up() {
  start_ours ASYNC_MASTER
  create_topic Load
  # At a rate, and not as fast as can be: the log is to end within its first file.
  fill_log
  sync
  # Right before memory is needed: a machine may take it back within seconds.
  touch_memory "$touched"
  start_our_slave
  follow catch-up 0
  local label base
  for label in catch-up-second catch-up-third catch-up-warm; do
    kill -STOP "$slave_pid"
    fill_log
    read -r base _ <<< "$(look)"
    touch_memory "$touched"
    kill -CONT "$slave_pid"
    follow "$label" "$base"
  done
  touch_memory "$touched"
  local segments=("$work/ours/master/commitlog/"*) # the first is the oldest
  "$work/ship" "${segments[0]}" "$work/shipped" $((catch_up * 1024 * 1024)) | tee -a "$work/figures"
  end_servers
}

for ((pair = 1; pair <= pairs; pair++)); do
  if [ -n "$only_catch_up" ]; then
    catch_up
    continue
  fi
  start_ours ASYNC_MASTER
  create_topic Load
  measure ours-async
  end_servers
  start_ours SYNC_MASTER minInSyncReplicas=2
  start_our_slave
  until_acknowledged
  measure ours-sync
  end_servers
  start_our_group
  until_acknowledged
  measure ours-elected
  end_servers
  if [ -z "$only_ours" ]; then
    start_apache
    until_acknowledged
    measure apache-sync
    end_servers
  fi
  catch_up
done

echo
awk '
  function median(key,   n, i, j, t, v) {
    n = split(list[key], v, " ")
    for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    return n ? (n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2) : -1
  }
  function tell(what, value, goal, met) { printf "%-62s %8.2f   %-10s %s\n", what, value, goal, met ? "met" : "FALLS SHORT" }
  { for (i = 2; i <= NF; i++) { split($i, p, "="); list[$1 "." p[1]] = list[$1 "." p[1]] " " p[2] } }
  END {
    if ("apache-sync.rate" in list) {
      r = (median("ours-sync.masterCpu") + median("ours-sync.slaveCpu")) / (median("apache-sync.masterCpu") + median("apache-sync.slaveCpu"))
      tell("CPU of master and slave, SYNC_MASTER, ours / 4.9.7", r, "<= 0.25", r <= 0.25)
      r = median("ours-sync.p999us") / median("apache-sync.p999us")
      tell("p99.9 at the rate, SYNC_MASTER, ours / 4.9.7", r, "<= 0.20", r <= 0.20)
    }
    r = median("catch-up.MiBps") / median("ship.MiBps")
    tell("catch-up / ship.c", r, ">= 0.60", r >= 0.6)
    r = median("catch-up-warm.MiBps") / median("ship.MiBps")
    tell("catch-up of a slave that has run / ship.c", r, ">= 0.60", r >= 0.6)
    if (!("ours-sync.rate" in list)) exit
    r = median("ours-sync.slaveCpu") / median("ours-sync.masterCpu")
    tell("CPU of the slave / of the master, SYNC_MASTER", r, "<= 0.50", r <= 0.5)
    r = median("ours-elected.slaveCpu") / median("ours-elected.masterCpu")
    tell("CPU of the slave / of the master, elected", r, "<= 0.50", r <= 0.5)
    printf "%-62s %8.2f\n", "messages/s, SYNC_MASTER / ASYNC_MASTER, ours", median("ours-sync.rate") / median("ours-async.rate")
    printf "%-62s %8.2f\n", "messages/s, elected / SYNC_MASTER, ours", median("ours-elected.rate") / median("ours-sync.rate")
    printf "%-62s %8.2f\n", "CPU of master and slave, elected / SYNC_MASTER, ours", (median("ours-elected.masterCpu") + median("ours-elected.slaveCpu")) / (median("ours-sync.masterCpu") + median("ours-sync.slaveCpu"))
    printf "%-62s %8.2f\n", "p50 of the way to a consumer, elected / SYNC_MASTER, ours", median("ours-elected.way50us") / median("ours-sync.way50us")
    printf "%-62s %8.2f\n", "p99.9 of it", median("ours-elected.way999us") / median("ours-sync.way999us")
    printf "%-62s %8.2f\n", "CPU of the master, SYNC_MASTER / ASYNC_MASTER, ours", median("ours-sync.masterCpu") / median("ours-async.masterCpu")
  }' "$work/figures"
