namespace RocketOps.Operator.Settings;

/// <summary>The meter of the operator's own figures, beside the one of its controllers.</summary>
internal static class OperatorMeter
{
    public const string Name = "RocketOps.Operator";
}
