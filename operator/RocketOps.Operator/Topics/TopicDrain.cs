using System.Collections.Concurrent;
using RocketOps.Client;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Asks masters whether everything is read of a topic, or of some queues of it, that takes no messages any more: one that is deleted, that shrinks, or that leaves a group. What was found is kept for the next pass: a
/// master with many consumer groups may take longer to answer for all of them than a pass may. Bounded by the topics that are asked for: what nobody asked for lately is dropped. Thread-safe.
/// </summary>
internal sealed class TopicDrain(DrainCheck check, OperatorOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Topic, string Address), Kept> _looks = new();

    /// <param name="admin">Client of the cluster.</param>
    /// <param name="uid">Of the object.</param>
    /// <param name="master">A broker with a known address.</param>
    /// <param name="name">The topic there.</param>
    /// <param name="fromQueue">Queues below this number do not matter; with 0, what consumers have sent back does.</param>
    /// <param name="toQueue">The first number that is no queue.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>Whether everything is read, and what is waited for. A master that answers nothing at all fails.</returns>
    public Task<DrainReport> AskAsync(IRocketMqAdmin admin, string uid, GroupMaster master, string name, int fromQueue, int toQueue, CancellationToken cancellationToken)
    {
        string address = master.Address ?? throw new ArgumentException("The broker has no address.", nameof(master));
        return check.AskAsync(admin, address, master.Broker, name, fromQueue, toQueue, Find(uid, address), cancellationToken);
    }

    private DrainLook Find(string uid, string address)
    {
        if (!_looks.TryGetValue((uid, address), out Kept? kept))
        {
            DropOld();
            kept = _looks.GetOrAdd((uid, address), static _ => new Kept());
        }

        kept.WantedAt = time.GetTimestamp();
        return kept.Look;
    }

    private void DropOld()
    {
        foreach (((string, string) key, Kept kept) in _looks)
        {
            // Whoever waits longest is looked at once per round.
            if (time.GetElapsedTime(kept.WantedAt) > 4 * options.ResyncInterval)
            {
                _looks.TryRemove(new KeyValuePair<(string, string), Kept>(key, kept));
            }
        }
    }

    private sealed class Kept
    {
        private long _wantedAt;

        public DrainLook Look { get; } = new();

        public long WantedAt
        {
            get => Interlocked.Read(ref _wantedAt);
            set => Interlocked.Exchange(ref _wantedAt, value);
        }
    }
}
