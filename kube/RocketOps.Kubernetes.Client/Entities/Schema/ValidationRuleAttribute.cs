namespace RocketOps.Kubernetes.Entities.Schema;

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
