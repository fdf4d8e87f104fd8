using Microsoft.Extensions.Logging;
using RocketOps.NameServer.Handling;

namespace RocketOps.NameServer.Routing;

/// <summary>
/// Conflicts that were seen a short time ago, for administrators, and a warning in the log for each, repeated every ten minutes while it
/// lasts.
/// Keeps a limited number; further ones are found when earlier ones have ended. Thread-safe.
/// </summary>
internal sealed class ConflictTable(ILogger logger, TimeProvider time)
{
    /// <summary>Broker names with a conflict that are kept.</summary>
    public const int MaxConflicts = 50;

    /// <summary>Pause between two warnings of one conflict.</summary>
    public static readonly TimeSpan WarningInterval = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Seen> _conflicts = new(StringComparer.Ordinal);

    /// <summary>Lists those that were seen within the time after which a silent broker is gone, by broker name.</summary>
    public IReadOnlyList<BrokerConflict> Current
    {
        get
        {
            lock (_gate)
            {
                RemoveEnded();
                IEnumerable<BrokerConflict> current = _conflicts.Values.Select(static seen => seen.Conflict);
                return [.. current.OrderBy(static conflict => conflict.BrokerName, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Notes a conflict, and warns when it is new or the last warning is old.</summary>
    public void Add(BrokerConflict conflict)
    {
        lock (_gate)
        {
            RemoveEnded();
            long now = time.GetTimestamp();
            bool isKnown = _conflicts.TryGetValue(conflict.BrokerName, out Seen seen);
            if (!isKnown && _conflicts.Count >= MaxConflicts)
            {
                return;
            }

            bool isQuiet = isKnown && time.GetElapsedTime(seen.WarnedAt, now) < WarningInterval;
            _conflicts[conflict.BrokerName] = new Seen(conflict, now, isQuiet ? seen.WarnedAt : now);
            if (isQuiet)
            {
                return;
            }
        }

        NameServerLog.Conflict(logger, conflict.Text);
    }

    private void RemoveEnded()
    {
        long now = time.GetTimestamp();
        foreach ((string name, Seen seen) in _conflicts)
        {
            if (time.GetElapsedTime(seen.At, now) > RouteTable.DefaultTimeout)
            {
                _conflicts.Remove(name);
            }
        }
    }

    /// <param name="Conflict">As it was seen last.</param>
    /// <param name="At">Timestamp of the last time.</param>
    /// <param name="WarnedAt">Timestamp of the last warning.</param>
    private readonly record struct Seen(BrokerConflict Conflict, long At, long WarnedAt);
}
