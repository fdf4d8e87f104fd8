#!/bin/sh
# Compiles programs natively for one kind of machine; each gets a folder of its own, its symbols another:
#
#   deploy/images/publish.sh linux-x64 OUT broker/RocketOps.Broker...      OUT/programs/RocketOps.Broker/..., OUT/symbols/RocketOps.Broker.dbg
#
# `rocketops` gets broker and name server beside it, as `up` starts them: in the same call, or published to OUT before.
#
# A warning of the compiler, that something may be missing or behave in another way than on the just-in-time compiler, is an error. For another kind of machine than this one clang and the libraries of
# that kind are needed (Debian, Ubuntu: gcc-aarch64-linux-gnu).
set -eu
rid="$1" out="$2"
shift 2
# What they share is compiled once, before any of them is linked: fastest when the one that has most of it is named first. Then two at a time, as the native compiler waits for its own slowest part.
for program; do
  rm -rf "$program/bin/Release/net10.0/$rid/publish" # what an earlier call has left
  dotnet build "$program" -c Release -r "$rid" --nologo -v quiet -clp:"ErrorsOnly;NoSummary" -p:ContinuousIntegrationBuild=true -p:RunAnalyzers=false
done
printf '%s\n' "$@" | xargs -P 2 -I PROGRAM dotnet publish PROGRAM --no-build -c Release -r "$rid" --nologo -v quiet -clp:"ErrorsOnly;NoSummary" -nodeReuse:false -p:PublishProgramsBeside=false
mkdir -p "$out/programs" "$out/symbols"
for program; do
  name="${program##*/}"
  rm -rf "$out/programs/$name"
  cp -r "$program/bin/Release/net10.0/$rid/publish" "$out/programs/$name"
  mv "$out/programs/$name"/*.dbg "$out/symbols/"
  cp LICENSE "$out/programs/$name/"
done
if [ -d "$out/programs/RocketOps.Cli" ]; then
  for name in RocketOps.Broker RocketOps.NameServer; do cp "$out/programs/$name/$name"* "$out/programs/RocketOps.Cli/"; done
fi
