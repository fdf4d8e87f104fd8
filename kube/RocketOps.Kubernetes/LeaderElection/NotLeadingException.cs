namespace RocketOps.Kubernetes.LeaderElection;

/// <summary>Nothing was sent, as this process does not lead any more: whoever does so does what was to be done. To callers it is as if the server could not be reached.</summary>
public sealed class NotLeadingException : IOException
{
    public NotLeadingException()
        : base("This process does not lead any more, its lease has run out: nothing was sent.")
    {
    }
}
