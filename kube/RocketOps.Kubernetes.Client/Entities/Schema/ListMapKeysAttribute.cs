namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>The list is a map with these keys: items merge by key in server-side apply. Keys must be required or defaulted.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ListMapKeysAttribute(params string[] keys) : Attribute
{
    public string[] Keys { get; } = keys;
}
