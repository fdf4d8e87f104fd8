namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// An object that a cluster needs belongs to somebody else. It is never taken over: a person decides, unless it goes by itself because its owner was a deleted
/// cluster of the same name.
/// </summary>
internal sealed class ForeignObjectException : Exception
{
    public ForeignObjectException(string message, bool goesByItself)
        : base(message)
    {
        GoesByItself = goesByItself;
    }

    public bool GoesByItself { get; }
}
