#!/usr/bin/env bash
# What very many queues cost one store: start, idle time, one message read from and written to each, retention, and the start after a power cut.
#
#   bench/queues.sh [QUEUES] [DIRECTORY]      (default: 100000 queues of 12500 topics, below /dev/shm; a real disk tells more about flushes)
#
# Needs about 1 GB and 5 minutes. Each line: elapsed, CPU, managed heap, resident memory and descriptors at its end, what.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
queues="${1:-100000}"
directory="$(mktemp -d "${2:-/dev/shm}/rocketops-queues-XXXXXX")"
trap 'rm -rf "$directory"' EXIT
dotnet build -c Release "$root/bench/RocketOps.StoreScale" --nologo -v quiet
for phase in write idle read send retain reboot; do
  dotnet "$root/bench/RocketOps.StoreScale/bin/Release/net10.0/RocketOps.StoreScale.dll" "$phase" "$directory" "$queues"
done
