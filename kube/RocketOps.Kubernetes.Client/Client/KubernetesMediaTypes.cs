namespace RocketOps.Kubernetes.Client;

public static class KubernetesMediaTypes
{
    public const string Json = "application/json";
    public const string MergePatch = "application/merge-patch+json";
    public const string JsonPatch = "application/json-patch+json";

    /// <summary>Despite its name the body may be JSON, YAML being a superset.</summary>
    public const string ApplyPatch = "application/apply-patch+yaml";
}
