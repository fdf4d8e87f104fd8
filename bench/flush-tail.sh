#!/usr/bin/env bash
# How long one message waits for the disk with SYNC_FLUSH, beside what the disk itself takes: growing, reserved and zero-filled files.
#
#   bench/flush-tail.sh DIRECTORY [MESSAGES [LINES]]      (a directory on the disk to be measured, not tmpfs; default 20000 messages, 1000/s; LINES: part of
#                                                         the names of the lines to be measured, for example "much write-back"; default all)
#
# Needs about 600 MB and 3 minutes. Alone on the machine.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
directory="$(mktemp -d "${1:?a directory on the disk to be measured}/rocketops-flush-XXXXXX")"
trap 'rm -rf "$directory"' EXIT
dotnet build -c Release "$root/bench/RocketOps.StoreScale" --nologo -v quiet
dotnet "$root/bench/RocketOps.StoreScale/bin/Release/net10.0/RocketOps.StoreScale.dll" flush "$directory" "${2:-20000}" "${3:-}"
