namespace RocketOps.Operator.Settings;

/// <summary>The name under which the operator owns fields. Constant over versions and replicas: what was applied under another name would never be removed.</summary>
internal static class FieldManager
{
    public const string Name = "rocketops-operator";
}
