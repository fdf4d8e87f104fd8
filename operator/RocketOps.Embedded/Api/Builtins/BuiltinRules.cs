using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Which rules each built-in kind follows, and its field selectors (reference: embedded-api.md §7.4).</summary>
internal static class BuiltinRules
{
    public static ResourceRules For(string group, string kind) => (group, kind) switch
    {
        ("", "Namespace") => new NamespaceRules(),
        ("", "Pod") => new PodRules(),
        ("", "Service") => new ServiceRules(),
        ("", "ConfigMap") => new ConfigMapRules(),
        ("", "Secret") => new SecretRules(),
        ("", "ServiceAccount") => new SimpleRules((o, c) => CellText.Row(CellText.Name(o), CellText.Count(o, "secrets"), CellText.Age(o, c))),
        (_, "Event") => new EventRules(),
        ("", "PersistentVolumeClaim") => new VolumeClaimRules(),
        ("", "PersistentVolume") => new PersistentVolumeRules(),
        ("", "Endpoints") => new EndpointsRules(),
        ("", "Node") => new NodeRules(),
        ("apps", "StatefulSet") => new StatefulSetRules(),
        ("apps", "Deployment") => new DeploymentRules(),
        ("apps", "ReplicaSet") => new ReplicaSetRules(),
        ("apps", "ControllerRevision") => new SimpleRules((o, c) => CellText.Row(CellText.Name(o), Controller(o), CellText.Number(o, "revision"), CellText.Age(o, c))),
        ("coordination.k8s.io", "Lease") => new LeaseRules(),
        ("policy", "PodDisruptionBudget") => new DisruptionBudgetRules(),
        ("rbac.authorization.k8s.io", "Role" or "ClusterRole") => new RoleRules(),
        ("rbac.authorization.k8s.io", "RoleBinding" or "ClusterRoleBinding") => new RoleBindingRules(),
        ("discovery.k8s.io", "EndpointSlice") => new EndpointSliceRules(),
        ("storage.k8s.io", "StorageClass") => new SimpleRules(
            (o, c) => CellText.Row(
                CellText.Name(o) + (CellText.Text(o, "metadata", "annotations", "storageclass.kubernetes.io/is-default-class") == "true" ? " (default)" : string.Empty),
                CellText.Text(o, "provisioner"),
                CellText.Text(o, "reclaimPolicy"),
                CellText.Text(o, "volumeBindingMode"),
                CellText.At(o, "allowVolumeExpansion") is { ValueKind: JsonValueKind.True },
                CellText.Age(o, c)),
            ("reclaimPolicy", () => JsonValue.Create("Delete")),
            ("volumeBindingMode", () => JsonValue.Create("Immediate"))),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => new CrdRules(),
        _ => ResourceRules.None,
    };

    private static string Controller(JsonElement obj)
    {
        foreach (JsonElement owner in CellText.Items(obj, "metadata", "ownerReferences"))
        {
            if (CellText.At(owner, "controller") is { ValueKind: JsonValueKind.True })
            {
                string group = CellText.Text(owner, "apiVersion").Split('/')[0];
                return $"{CellText.Text(owner, "kind").ToLowerInvariant()}.{group}/{CellText.Text(owner, "name")}";
            }
        }

        return CellText.None;
    }

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> SelectableFields(string kind)
    {
        string[] labels = kind switch
        {
            "Pod" => ["spec.nodeName", "status.phase", "status.podIP", "status.nominatedNodeName", "spec.serviceAccountName", "spec.schedulerName", "spec.restartPolicy", "spec.hostNetwork"],
            "Event" =>
            [
                "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
                "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "type", "reportingComponent",
            ],
            "Secret" => ["type"],
            "Namespace" => ["status.phase"],
            "Service" => ["spec.type", "spec.clusterIP"],
            "Node" => ["spec.unschedulable"],
            _ => [],
        };
        Dictionary<string, IReadOnlyList<string>> fields = labels.ToDictionary(l => l, l => (IReadOnlyList<string>)l.Split('.'), StringComparer.Ordinal);
        if (kind == "Event")
        {
            // The other view's names for the same fields.
            foreach (string label in labels.Where(l => l.StartsWith("involvedObject.", StringComparison.Ordinal)))
            {
                fields.Add("regarding" + label["involvedObject".Length..], label.Split('.'));
            }

            fields.Add("reportingController", ["reportingComponent"]);
            fields.Add("source", ["source", "component"]);
        }

        return fields;
    }
}
