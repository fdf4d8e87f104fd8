namespace RocketOps.Kubernetes;

/// <summary>The generator leaves this entity out.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class IgnoreEntityAttribute : Attribute;
