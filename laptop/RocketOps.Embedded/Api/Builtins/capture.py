#!/usr/bin/env python3
"""Writes builtins.json: resources, printer columns and OpenAPI schemas of the built-in kinds the embedded API serves.

Everything in it comes from a real kube-apiserver, so that field lists, list types, defaults and column texts are Kubernetes' own.
    KUBECONFIG=... python3 capture.py > builtins.json
Schemas: Copyright The Kubernetes Authors, Apache License 2.0.
"""
import json
import subprocess
import sys

# Group version -> plural -> subresources served. What is not here is absent from discovery.
SERVED = {
    "v1": {
        "namespaces": ["status"], "pods": ["log", "status"], "services": ["status"], "configmaps": [], "secrets": [],
        "serviceaccounts": [], "events": [], "persistentvolumeclaims": ["status"], "persistentvolumes": ["status"],
        "endpoints": [], "nodes": ["status"],
    },
    "apps/v1": {
        "statefulsets": ["scale", "status"], "deployments": ["scale", "status"], "replicasets": ["scale", "status"],
        "controllerrevisions": [],
    },
    "coordination.k8s.io/v1": {"leases": []},
    "policy/v1": {"poddisruptionbudgets": ["status"]},
    "rbac.authorization.k8s.io/v1": {"roles": [], "rolebindings": [], "clusterroles": [], "clusterrolebindings": []},
    "discovery.k8s.io/v1": {"endpointslices": []},
    "events.k8s.io/v1": {"events": []},
    "storage.k8s.io/v1": {"storageclasses": []},
    "apiextensions.k8s.io/v1": {"customresourcedefinitions": ["status"]},
    "authorization.k8s.io/v1": {"selfsubjectaccessreviews": [], "selfsubjectrulesreviews": []},
    "authentication.k8s.io/v1": {"selfsubjectreviews": []},
}


def get(path, accept=None):
    if accept is None:
        return json.loads(subprocess.check_output(["kubectl", "get", "--raw", path]))
    # kubectl cannot set Accept on a raw request; the Table of a list is what `kubectl get -v=9` prints as response body.
    import ssl, base64, tempfile, urllib.request
    config = json.loads(subprocess.check_output(["kubectl", "config", "view", "--raw", "-o", "json"]))
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]

    def pem(holder, name):
        if name in holder:
            return holder[name]
        with tempfile.NamedTemporaryFile(delete=False) as f:
            f.write(base64.b64decode(holder[name + "-data"]))
            return f.name

    context = ssl.create_default_context(cafile=pem(cluster, "certificate-authority"))
    if "client-certificate" in user or "client-certificate-data" in user:
        context.load_cert_chain(pem(user, "client-certificate"), pem(user, "client-key"))
    request = urllib.request.Request(cluster["server"] + path, headers={"Accept": accept})
    if "token" in user:
        request.add_header("Authorization", "Bearer " + user["token"])
    return json.load(urllib.request.urlopen(request, context=context))


def references(node, found):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            found.append(node["$ref"].rsplit("/", 1)[1])
        for value in node.values():
            references(value, found)
    elif isinstance(node, list):
        for value in node:
            references(value, found)


def main():
    resources, schemas = [], {}
    for gv, wanted in SERVED.items():
        root = "/api/v1" if gv == "v1" else "/apis/" + gv
        listed = {r["name"]: r for r in get(root)["resources"]}
        document = get("/openapi/v3" + root)["components"]["schemas"]
        by_kind = {}
        for name, schema in document.items():
            for gvk in schema.get("x-kubernetes-group-version-kind", []):
                if (gvk["group"] + "/" + gvk["version"]).lstrip("/") == gv:
                    by_kind.setdefault(gvk["kind"], name)
        for plural, subresources in wanted.items():
            source = listed[plural]
            entry = {
                "group": gv.rpartition("/")[0], "version": gv.rpartition("/")[2], "plural": plural, "singular": source["singularName"],
                "kind": source["kind"], "namespaced": source["namespaced"], "verbs": sorted(source["verbs"]),
            }
            for key in ("shortNames", "categories"):
                if key in source:
                    entry[key] = source[key]
            if subresources:
                entry["subresources"] = {
                    s: {k: v for k, v in listed[plural + "/" + s].items() if k in ("kind", "verbs", "group", "version")} for s in subresources}
            entry["schema"] = by_kind[source["kind"]]
            if "list" in source["verbs"]:
                table = get(root + "/" + plural + "?limit=1", "application/json;as=Table;v=v1;g=meta.k8s.io")
                entry["columns"] = table["columnDefinitions"]
            resources.append(entry)
            pending = [entry["schema"]]
            while pending:
                name = pending.pop()
                if name in schemas:
                    continue
                schemas[name] = document[name]
                # One kind of ours, not each of the forty groups that share the type.
                if len(schemas[name].get("x-kubernetes-group-version-kind", [])) > 1:
                    schemas[name] = {k: v for k, v in schemas[name].items() if k != "x-kubernetes-group-version-kind"}
                references(document[name], pending)

    out = sys.stdout
    out.write('{"source":' + json.dumps("kube-apiserver " + get("/version")["gitVersion"]) + ',\n"resources":[\n')
    out.write(",\n".join(json.dumps(r, sort_keys=True, separators=(",", ":")) for r in resources))
    out.write('\n],\n"schemas":{\n')
    out.write(",\n".join(json.dumps(n) + ":" + json.dumps(schemas[n], sort_keys=True, separators=(",", ":")) for n in sorted(schemas)))
    out.write("\n}}\n")


main()
