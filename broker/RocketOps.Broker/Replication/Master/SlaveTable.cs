using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Replication.Master;

/// <summary>
/// The slaves that are connected to this master and what they have: says up to where the log is replicated (<see cref="LogPosition.Replicated"/>), by one position for all sends
/// that wait. Bounded by <c>maxHaConnections</c>. Thread-safe.
/// </summary>
internal sealed partial class SlaveTable(BrokerSettings settings, CurrentOptions<ReplicationOptions> options, MessageStore store, ILogger<SlaveTable> logger)
{
    private readonly Lock _lock = new();
    private readonly List<SlaveLink> _slaves = [];
    private volatile int _count;
    private readonly bool _isSync = settings.Current.Role == BrokerRole.SyncMaster;
    private readonly bool _isGroup = settings.Current.Group is not null;
    private bool _hadEnough = true;

    public int Count => _count;

    /// <summary>False when there are as many as may be.</summary>
    public bool TryAdd(SlaveLink slave)
    {
        lock (_lock)
        {
            if (_slaves.Count >= options.Value.MaxHaConnections)
            {
                return false;
            }

            _slaves.Add(slave);
            _count = _slaves.Count;
            return true;
        }
    }

    public void Remove(SlaveLink slave)
    {
        lock (_lock)
        {
            _slaves.Remove(slave);
            _count = _slaves.Count;
        }

        // Without it fewer may be waited for.
        OnAcknowledged();
    }

    /// <summary>A slave has more than before, or fewer are to be waited for. In a group that elects its master the group's rules say what is replicated.</summary>
    public void OnAcknowledged()
    {
        if (_isGroup)
        {
            return;
        }

        lock (_lock)
        {
            if (FindReplicated() is { } replicated)
            {
                store.Positions.Confirm(new PhysicalOffset(replicated));
            }
        }
    }

    /// <summary>Slaves that are behind the end of the log by no more than they may.</summary>
    public int CountInSync()
    {
        if (_count == 0)
        {
            return 0;
        }

        long end = store.Positions.Appended.Value;
        long maxGap = options.Value.HaMaxGap;
        int count = 0;
        lock (_lock)
        {
            foreach (SlaveLink slave in _slaves)
            {
                count += slave.IsInSync(end, maxGap) ? 1 : 0;
            }
        }

        return count;
    }

    public IReadOnlyList<SlaveStatus> Snapshot()
    {
        long end = store.Positions.Appended.Value;
        long maxGap = options.Value.HaMaxGap;
        lock (_lock)
        {
            return [.. _slaves.Select(slave => slave.StatusAt(end, maxGap))];
        }
    }

    /// <summary>Slaves that must have a message before it counts as replicated, by the slaves in sync.</summary>
    public static int NeededSlaves(ReplicationOptions options, int inSync)
    {
        int needed = options.InSyncReplicas - 1;
        return options.AutoInSyncReplicas ? Math.Min(needed, Math.Max(options.MinInSyncReplicas - 1, inSync)) : needed;
    }

    /// <summary>Under the lock: the offset before which everything is on as many slaves as needed; null when nothing can be said.</summary>
    private long? FindReplicated()
    {
        ReplicationOptions now = options.Value;
        long end = store.Positions.Appended.Value;
        Span<long> acknowledged = _slaves.Count <= 64 ? stackalloc long[_slaves.Count] : new long[_slaves.Count];
        long slowestInSync = long.MaxValue;
        int inSync = 0;
        for (int i = 0; i < acknowledged.Length; i++)
        {
            acknowledged[i] = _slaves[i].Acknowledged;
            if (_slaves[i].IsInSync(end, now.HaMaxGap))
            {
                inSync++;
                slowestInSync = Math.Min(slowestInSync, acknowledged[i]);
            }
        }

        TellMembers(now, 1 + inSync);
        int needed = NeededSlaves(now, inSync);
        if (needed > acknowledged.Length)
        {
            return null;
        }

        if (needed == 0 && inSync == 0)
        {
            // Nobody is to be waited for: what is visible here is all that is asked for.
            return store.Positions.Get(store.Positions.VisibleAt).Value;
        }

        acknowledged.Sort();
        long replicated = needed == 0 ? store.Positions.Get(store.Positions.VisibleAt).Value : acknowledged[^needed];
        return now.AllAckInSync ? Math.Min(replicated, slowestInSync) : replicated;
    }

    /// <summary>Under the lock: once for each time that messages begin, or end, to be refused for want of slaves.</summary>
    private void TellMembers(ReplicationOptions now, int inSync)
    {
        bool hasEnough = !_isSync || inSync >= now.MinInSyncReplicas;
        if (hasEnough == _hadEnough)
        {
            return;
        }

        _hadEnough = hasEnough;
        if (hasEnough)
        {
            LogEnough(inSync);
        }
        else
        {
            LogTooFew(inSync, now.MinInSyncReplicas);
        }
    }

    [LoggerMessage(EventId = 3612, Level = LogLevel.Information, Message = "{InSync} members are in sync, this master among them: messages are taken again")]
    private partial void LogEnough(int inSync);

    [LoggerMessage(EventId = 3613, Level = LogLevel.Warning, Message = "{InSync} members are in sync, this master among them: messages are refused until there are {Min} (minInSyncReplicas)")]
    private partial void LogTooFew(int inSync, int min);
}

/// <summary>One connected slave at a moment.</summary>
/// <param name="Address">Its end of the connection.</param>
/// <param name="Acknowledged">Up to where it has the log, as it says itself.</param>
/// <param name="Sent">Up to where it was sent the log.</param>
/// <param name="BytesPerSecond">Sent in the last full second.</param>
/// <param name="BytesSent">Sent since it connected.</param>
/// <param name="IsInSync">Not further behind than <c>haSlaveFallbehindMax</c>.</param>
internal readonly record struct SlaveStatus(string Address, long Acknowledged, long Sent, long BytesPerSecond, long BytesSent, bool IsInSync);
