using System.Collections.Concurrent;
using RocketOps.Client;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Asks masters whether everything is read of a topic that takes no messages any more. Each has time of its own, and what was found is kept for the next pass: a master with many consumer groups may take longer
/// to answer for all of them than a pass may. Bounded by the topics that are being deleted: what nobody asked for lately is dropped. Thread-safe.
/// </summary>
internal sealed class TopicDrain(MasterCalls calls, OperatorOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Topic, string Address), Kept> _looks = new();

    /// <param name="admin">Client of the cluster.</param>
    /// <param name="uid">Of the object that is being deleted.</param>
    /// <param name="master">A broker with a known address.</param>
    /// <param name="name">The topic there.</param>
    /// <param name="queues">How many it has there.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>What is waited for; null when everything is read.</returns>
    public async Task<Problem?> AskAsync(IRocketMqAdmin admin, string uid, GroupMaster master, string name, int queues, CancellationToken cancellationToken)
    {
        string address = master.Address ?? throw new ArgumentException("The broker has no address.", nameof(master));
        DrainLook look = Find(uid, address);
        look.GoOn();
        try
        {
            DrainReport report = await calls.WithDeadlineAsync(token => DrainCheck.AskAsync(admin, address, master.Broker, name, 0, queues, look, token), cancellationToken);
            return report.Drained ? null : new Problem(Reasons.WaitingForConsumers, $"Waiting for {report.BlockedBy}.");
        }
        catch (OperationCanceledException) when (look.HasAnswer && !cancellationToken.IsCancellationRequested)
        {
            return new Problem(
                Reasons.WaitingForConsumers,
                $"Waiting for {master.Broker}, which answers, but takes longer to say what is left to be read than a pass may; the next pass asks on where this one ended.");
        }
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
