namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>The map or object has one owner: it is replaced whole in server-side apply.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class AtomicMapAttribute : Attribute;
