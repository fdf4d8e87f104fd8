namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Text for <c>kubectl explain</c>. Keep it short: the whole definition must fit into an annotation of 256 KiB.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property | AttributeTargets.Enum, Inherited = false)]
public sealed class DescriptionAttribute(string text) : Attribute
{
    public string Text { get; } = text;
}
