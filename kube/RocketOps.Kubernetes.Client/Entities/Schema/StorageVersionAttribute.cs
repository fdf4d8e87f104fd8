namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>The version kept in etcd when a kind has several; exactly one class of a kind has it then.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class StorageVersionAttribute : Attribute;
