namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>A column of <c>kubectl get</c>. On a property the path is the property's; on a class it must be given. Priority 0 shows always, others with <c>-o wide</c>.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property, AllowMultiple = true, Inherited = false)]
public sealed class PrinterColumnAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    public string? JsonPath { get; set; }

    public string? Type { get; set; }

    public string? Format { get; set; }

    public string? Description { get; set; }

    public int Priority { get; set; }
}
