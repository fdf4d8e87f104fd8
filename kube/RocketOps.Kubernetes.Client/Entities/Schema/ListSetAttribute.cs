namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>The list is a set of scalars: values merge in server-side apply and may not repeat.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ListSetAttribute : Attribute;
