namespace RocketOps.Kubernetes.Models;

public sealed class CustomResourceDefinitionStatus
{
    public List<Condition>? Conditions { get; set; }

    public CustomResourceDefinitionNames? AcceptedNames { get; set; }

    public List<string>? StoredVersions { get; set; }
}
