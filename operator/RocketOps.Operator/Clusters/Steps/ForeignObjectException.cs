namespace RocketOps.Operator.Clusters.Steps;

/// <summary>An object that a cluster needs belongs to somebody else. It is never taken over: a person decides.</summary>
internal sealed class ForeignObjectException : Exception
{
    public ForeignObjectException(string message)
        : base(message)
    {
    }
}
