using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Kubernetes.Models;

public sealed class NodeSelectorRequirement
{
    public string Key { get; set; } = "";

    [EnumValues("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")]
    public string Operator { get; set; } = "";

    public List<string>? Values { get; set; }
}
