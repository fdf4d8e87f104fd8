using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Health;

/// <summary>Health of the broker: whether it can do its work.</summary>
internal sealed class BrokerHealth(MessageStore store)
{
    public bool Started { get; set; }

    public bool Stopping { get; set; }

    /// <summary>Finds the reason why name servers do not know this broker; null when one does, or none is configured.</summary>
    public Func<string?> FindReasonUnknown { get; set; } = static () => null;

    /// <summary>Reason why nothing is served, in a few words; null when the broker has started.</summary>
    public string? FindReasonNotStarted() => Started ? null : "starting";

    /// <summary>
    /// Finds the reason why no client should be sent here, in a few words; null when it can serve. A full disk still lets consumers read,
    /// so it does not count.
    /// </summary>
    public string? FindReasonNotReady()
    {
        if (FindReasonNotStarted() is { } reason)
        {
            return reason;
        }

        if (Stopping)
        {
            return "stopping";
        }

        StoreFlags broken = store.Flags & ~StoreFlags.DiskFull;
        return broken == StoreFlags.None ? FindReasonUnknown() : $"the store is not usable: {broken}";
    }
}
