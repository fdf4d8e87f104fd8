namespace RocketOps.Kubernetes.Entities.Schema;

/// <summary>Text for <c>kubectl explain</c>. Keep it short: the whole definition must fit into an annotation of 256 KiB.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property | AttributeTargets.Enum, Inherited = false)]
public sealed class DescriptionAttribute(string text) : Attribute
{
    public string Text { get; } = text;
}

/// <summary>The property must be given. C#'s <c>required</c> modifier means the same to the generator.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class RequiredAttribute : Attribute;

/// <summary>Filled in by the API server when absent. Only for constants: whatever is tuned per version is defaulted in code, else it freezes in every stored object. Give a string, number, boolean, or JSON text with <see cref="IsJson"/>.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class DefaultValueAttribute(object value) : Attribute
{
    public object Value { get; } = value;

    public bool IsJson { get; set; }
}

/// <summary>The allowed strings of a string property. C# enums bring theirs along.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class EnumValuesAttribute(params string[] values) : Attribute
{
    public string[] Values { get; } = values;
}

/// <summary>An OpenAPI format such as <c>duration</c> or <c>date-time</c>.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class FormatAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>RE2, not anchored by itself.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class PatternAttribute(string regex) : Attribute
{
    public string Regex { get; } = regex;
}

/// <summary>Length of a string in characters; −1 leaves a side open. A maximum keeps the estimated cost of CEL rules in bounds.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class LengthAttribute(int min = -1, int max = -1) : Attribute
{
    public int Min { get; } = min;

    public int Max { get; } = max;
}

/// <summary>Smallest allowed number.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class RangeMinimumAttribute(double value, bool exclusive = false) : Attribute
{
    public double Value { get; } = value;

    public bool Exclusive { get; } = exclusive;
}

/// <summary>Largest allowed number.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class RangeMaximumAttribute(double value, bool exclusive = false) : Attribute
{
    public double Value { get; } = value;

    public bool Exclusive { get; } = exclusive;
}

/// <summary>The number must be a multiple of this.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class MultipleOfAttribute(double value) : Attribute
{
    public double Value { get; } = value;
}

/// <summary>Number of items of a list; −1 leaves a side open. A maximum keeps the estimated cost of CEL rules in bounds.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ItemsAttribute(int min = -1, int max = -1) : Attribute
{
    public int Min { get; } = min;

    public int Max { get; } = max;
}

/// <summary>Number of entries of a map; −1 leaves a side open.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class PropertyLimitsAttribute(int min = -1, int max = -1) : Attribute
{
    public int Min { get; } = min;

    public int Max { get; } = max;
}

/// <summary>The list is a set of scalars: values merge in server-side apply and may not repeat.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ListSetAttribute : Attribute;

/// <summary>The list is a map with these keys: items merge by key in server-side apply. Keys must be required or defaulted.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ListMapKeysAttribute(params string[] keys) : Attribute
{
    public string[] Keys { get; } = keys;
}

/// <summary>The map or object has one owner: it is replaced whole in server-side apply.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class AtomicMapAttribute : Attribute;

/// <summary>The node is a whole object with apiVersion, kind and metadata.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class EmbeddedResourceAttribute : Attribute;

/// <summary>Fields the schema does not know are kept below this node instead of pruned.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property, Inherited = false)]
public sealed class PreserveUnknownFieldsAttribute : Attribute;

/// <summary>A CEL rule (<c>x-kubernetes-validations</c>). A rule that mentions <c>oldSelf</c> runs on updates only. The message is read by users: name the field, what is allowed and what to do.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property, AllowMultiple = true, Inherited = false)]
public sealed class ValidationRuleAttribute(string rule, string message) : Attribute
{
    public string Rule { get; } = rule;

    public string Message { get; } = message;

    public string? MessageExpression { get; set; }

    public string? Reason { get; set; }

    public string? FieldPath { get; set; }

    public bool OptionalOldSelf { get; set; }
}
