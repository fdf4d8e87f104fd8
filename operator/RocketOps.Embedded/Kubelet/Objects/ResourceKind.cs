namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>A type of object of the Kubernetes API with the paths it is served at.</summary>
internal sealed record ResourceKind(string Group, string Version, string Kind, string Plural, bool Namespaced = true)
{
    public static readonly ResourceKind Pod = new("", "v1", "Pod", "pods");
    public static readonly ResourceKind Node = new("", "v1", "Node", "nodes", Namespaced: false);
    public static readonly ResourceKind Service = new("", "v1", "Service", "services");
    public static readonly ResourceKind ConfigMap = new("", "v1", "ConfigMap", "configmaps");
    public static readonly ResourceKind Secret = new("", "v1", "Secret", "secrets");
    public static readonly ResourceKind VolumeClaim = new("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims");
    public static readonly ResourceKind Event = new("", "v1", "Event", "events");
    public static readonly ResourceKind StatefulSet = new("apps", "v1", "StatefulSet", "statefulsets");
    public static readonly ResourceKind Deployment = new("apps", "v1", "Deployment", "deployments");
    public static readonly ResourceKind ReplicaSet = new("apps", "v1", "ReplicaSet", "replicasets");
    public static readonly ResourceKind EndpointSlice = new("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices");
    public static readonly ResourceKind DisruptionBudget = new("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets");

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    private string Root => Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";

    /// <summary>Path of the collection; null means all namespaces.</summary>
    public string CollectionPath(string? ns) =>
        Namespaced && ns is not null ? $"{Root}/namespaces/{Uri.EscapeDataString(ns)}/{Plural}" : $"{Root}/{Plural}";

    public string ObjectPath(string? ns, string name) => $"{CollectionPath(ns)}/{Uri.EscapeDataString(name)}";
}
