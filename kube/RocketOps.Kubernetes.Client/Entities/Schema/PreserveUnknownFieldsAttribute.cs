namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Fields the schema does not know are kept below this node instead of pruned.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property, Inherited = false)]
public sealed class PreserveUnknownFieldsAttribute : Attribute;
