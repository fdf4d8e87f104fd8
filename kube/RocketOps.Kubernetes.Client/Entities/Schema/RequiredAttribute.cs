namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>The property must be given. C#'s <c>required</c> modifier means the same to the generator.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class RequiredAttribute : Attribute;
