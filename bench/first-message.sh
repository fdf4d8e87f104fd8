#!/usr/bin/env bash
# From a checkout to the first message of one's own program: what is typed, and how long the machine takes. Everything is done as docs/client.md says, in a folder of its own.
#
#   bench/first-message.sh
#
# CONFIGURATION (Release) is what the command line is built as; what was built before is not built again, so a fresh clone takes longer.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
work="$(mktemp -d "${BENCH_DIRECTORY:-${TMPDIR:-/tmp}}/rocketops-first-XXXXXX")"
configuration="${CONFIGURATION:-Release}"
typed=0 up=""

end_all() {
  # What was started here is a process group of its own; the command line takes its brokers with it.
  [ -z "$up" ] || { kill -TERM -- "-$up" 2> /dev/null && wait "$up" 2> /dev/null; } || true
  rm -rf "$work"
}
trap end_all EXIT

now() { date +%s.%N; }
begin="$(now)"

step() { # WHAT COMMAND...: one thing that is typed
  local what="$1" from
  shift
  typed=$((typed + 1))
  from="$(now)"
  "$@" > "$work/step.log" 2>&1 || { cat "$work/step.log" >&2; echo "failed: $what" >&2; exit 1; }
  printf '%2d  %6.1f s  %s\n' "$typed" "$(echo "$(now) - $from" | bc)" "$what"
}

start_cluster() {
  set -m
  (cd "$root" && exec dotnet run --project cli/RocketOps.Cli -c "$configuration" -- up deploy/samples/single.yaml --data "$work/data") > "$work/up.log" 2>&1 &
  up=$!
  set +m
  # A line for each change; the cluster's says where its name servers are once all is ready.
  until address="$(grep -oE '\bready, .*clients use [0-9.]+:[0-9]+' "$work/up.log" | head -1 | grep -oE '[0-9.]+:[0-9]+$')"; do
    kill -0 "$up" 2> /dev/null || { cat "$work/up.log" >&2; return 1; }
    sleep 0.1
  done
}

write_program() { # FILE [first lines]: the first program of the page
  local file="$1"
  shift
  { printf '%s\n' "$@"; awk '/^## First program/ { page = 1 } page && /^```csharp/ { code = 1; next } code && /^```/ { exit } code' "$root/docs/client.md"; } > "$file"
}

cd "$work"
step "rocketops up deploy/samples/single.yaml" start_cluster
step "hello.cs" write_program hello.cs "#:project $root/client/RocketOps.Client" "#:property PublishAot=false"
step "export NAMESRV_ADDR=$address" export NAMESRV_ADDR="$address"
step "dotnet run -c $configuration hello.cs" dotnet run -c "$configuration" hello.cs

grep -q '^received ' "$work/step.log" || { cat "$work/step.log" >&2; echo "no message came" >&2; exit 1; }
printf '%d things typed, %.1f s of the machine\n' "$typed" "$(echo "$(now) - $begin" | bc)"
