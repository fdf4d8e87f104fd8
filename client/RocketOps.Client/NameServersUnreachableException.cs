namespace RocketOps.Client;

/// <summary>No name server could be found or none answered: the address is wrong, or nothing runs there.</summary>
public sealed class NameServersUnreachableException : RocketMqException
{
    public NameServersUnreachableException(string nameServers, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        NameServers = nameServers;
        Reason = RocketMqErrorReason.NameServersUnreachable;
        IsServerAway = innerException is RocketMqException { IsServerAway: true };
    }

    /// <summary>The name servers as they were configured.</summary>
    public string NameServers { get; }
}
