namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>The version kept in etcd when a kind has several; exactly one class of a kind has it then.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class StorageVersionAttribute : Attribute;

/// <summary>Names for the command line, as in <c>kubectl get mqc</c>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ShortNamesAttribute(params string[] names) : Attribute
{
    public string[] Names { get; } = names;
}

/// <summary>Groups for the command line: <c>kubectl get rocketops</c> lists all kinds of one.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class CategoriesAttribute(params string[] names) : Attribute
{
    public string[] Names { get; } = names;
}

/// <summary>Opens <c>/scale</c> for kubectl and autoscalers.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ScaleSubresourceAttribute(string specReplicasPath, string statusReplicasPath, string? labelSelectorPath = null) : Attribute
{
    public string SpecReplicasPath { get; } = specReplicasPath;

    public string StatusReplicasPath { get; } = statusReplicasPath;

    public string? LabelSelectorPath { get; } = labelSelectorPath;
}

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
