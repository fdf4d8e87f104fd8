#!/usr/bin/env bash
# How much memory the operator takes with many objects: the program as its image has it, on a real kube-apiserver of the kit where nothing else acts. No pods and no brokers, so Topics are looked at and wait for their masters.
#
#   bench/operator-memory.sh [TOPICS] [CLUSTERS]      (default 5000 20; LIMIT=512 are the MiB of the container)
#
# Prints the memory of the process, in MiB, when it is ready without objects, and the most it took until every object was looked at and it had been idle for a minute.
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
topics="${1:-5000}" clusters="${2:-20}" limit="${LIMIT:-512}"
kit="$shared/kube"
[ -x "$kit/kube-up.sh" ] || die "$kit/kube-up.sh is missing; ROCKETOPS_SHARED names the folder that holds the kits"
export STATE="$work/kube" KUBECONFIG="$work/kube/admin.conf" PATH="$kit:${CACHE:-/var/cache/rocketops-kube}/bin:$PATH"

trap 'kube-down.sh > "$work/down.log" 2>&1 || cat "$work/down.log"; end_all' EXIT
machine="linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
dotnet publish -c Release -r "$machine" "$root/operator/RocketOps.Operator" -o "$work/operator" --nologo -v quiet > "$work/publish.log" || die "$(tail -5 "$work/publish.log")"
kube-up.sh --api-only --api-port 30440 > "$work/up.log" 2>&1 || die "$(tail -5 "$work/up.log")"
kubectl apply --server-side -f "$root/deploy/crds/" > /dev/null
kubectl wait --for=condition=Established crd/brokerclusters.rocketops.io crd/topics.rocketops.io crd/consumergroups.rocketops.io --timeout=60s > /dev/null
kubectl create serviceaccount default > /dev/null

# A heap of three quarters of the limit, as .NET has it in a container.
DOTNET_GCHeapHardLimit="$(printf '0x%x' $((limit * 1024 * 1024 * 3 / 4)))" \
  "$work/operator/RocketOps.Operator" --kubeconfig="$KUBECONFIG" --http-port=30450 --broker-image=none/broker:0.1.0 --nameserver-image=none/nameserver:0.1.0 --leader-election=false > "$work/operator.log" 2>&1 &
operator=$!
processes+=("$operator")
ready() { curl -fs http://127.0.0.1:30450/readyz > /dev/null; }
for _ in $(seq 600); do ready && break; sleep 0.1; done
ready || die "the operator is not ready: $(tail -5 "$work/operator.log")"
mib() { awk -v key="$1:" '$1 == key { printf "%d", $2 / 1024 }' "/proc/$operator/status"; }
echo "without objects      resident $(mib VmRSS) MiB"

for i in $(seq "$clusters"); do
  printf '{apiVersion: rocketops.io/v1beta1, kind: BrokerCluster, metadata: {name: c%d}, spec: {brokers: {groups: 2, replicas: 3}, replication: {mode: Sync, minInSync: 2, failover: Automatic}}}\n---\n' "$i"
done > "$work/objects.yaml"
for i in $(seq "$topics"); do
  printf '{apiVersion: rocketops.io/v1beta1, kind: Topic, metadata: {name: t%d}, spec: {clusterRef: {name: c%d}, deletionPolicy: Delete}}\n---\n' "$i" $((i % clusters + 1))
done >> "$work/objects.yaml"
kubectl create -f "$work/objects.yaml" > /dev/null
told() { kubectl get topics -o jsonpath='{range .items[*]}{.status.observedGeneration}{"\n"}{end}' | awk '$1 == 1 { told++ } END { print told + 0 }'; }
end=$((SECONDS + 900))
until [ "$(told)" = "$topics" ]; do
  kill -0 "$operator" 2> /dev/null || die "the operator has ended: $(tail -5 "$work/operator.log")"
  [ "$SECONDS" -lt "$end" ] || die "$(told) of $topics Topics have a status after 15 minutes"
  sleep 5
done
sleep 60
echo "$topics Topics, $clusters clusters   resident $(mib VmRSS) MiB, at most $(mib VmHWM) MiB, of a limit of $limit MiB"
