namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>The node is a whole object with apiVersion, kind and metadata.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class EmbeddedResourceAttribute : Attribute;
