using System.Collections.Concurrent;

namespace RocketOps.Broker.Clients;

/// <summary>The last heartbeat fingerprint of each group: tells 5.x clients when to send their subscriptions in full again.</summary>
internal sealed class HeartbeatFingerprints
{
    private readonly ConcurrentDictionary<string, int> _byGroup = new(StringComparer.Ordinal);

    /// <summary>Stores the fingerprint; true when the group had another one before.</summary>
    public bool Exchange(string group, int fingerprint)
    {
        bool changed = false;
        _byGroup.AddOrUpdate(
            group,
            static (_, added) => added,
            (_, old, added) =>
            {
                changed = old != added;
                return added;
            },
            fingerprint);
        return changed;
    }
}
