using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Store;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>
/// A slave's word to its master of how far it has the log: told by whoever has appended, where that is at once as safe as acknowledged means; else by a task that waits until it is. That task also speaks when
/// there was nothing to tell for a while. Source: store.md §7.1.
/// </summary>
/// <param name="stream">The connection to the master.</param>
/// <param name="settings">Settings of the broker.</param>
/// <param name="options">How often something is to be told.</param>
/// <param name="store">The slave's store.</param>
/// <param name="time">The clock.</param>
/// <param name="first">What a log without a byte is told as, wherever it begins.</param>
internal sealed class SlaveReports(Stream stream, BrokerSettings settings, CurrentOptions<ReplicationOptions> options, MessageStore store, TimeProvider time, long first) : IDisposable
{
    private readonly byte[] _frame = new byte[HaFrames.ReportBytes];
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ArrivalSignal _late = new();
    private long _told = -1;
    private long _toldAtMs;
    private volatile bool _hasLog;

    /// <summary>Time when something was told last, in milliseconds since 1970; 0 for never.</summary>
    public long ToldAtMs => Volatile.Read(ref _toldAtMs);

    /// <summary>
    /// The longest time without a word. A master that was elected knows by each word that this copy has everything, and takes one it does not hear of for late: it hears of an idle one as often as it renews its lease.
    /// </summary>
    private TimeSpan Silence
    {
        get
        {
            TimeSpan interval = options.Value.HaHeartbeatInterval;
            return settings.Current.Group is { Options.Lease.Renew: var renew } && renew < interval ? renew : interval;
        }
    }

    private long Visible => store.Positions.Get(store.Positions.VisibleAt).Value;

    /// <summary>Tells the first report, then whatever is not told by <see cref="OnAppendedAsync"/>, until it is cancelled or the connection breaks.</summary>
    /// <param name="join">The membership that is to hold; null without one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(IGroupJoin? join, CancellationToken cancellationToken)
    {
        while (true)
        {
            join?.ThrowIfReplaced();
            await TellAsync(cancellationToken);

            // Looked at once, for both questions: what gets safe between two looks would be told by nobody. Growth after that look ends the wait.
            Task growth = store.Growth.Next();
            long visible = Visible;
            if (IsTold(visible))
            {
                bool isLate = visible < store.Positions.Appended.Value;
                await (isLate ? GrowsAsync(growth, cancellationToken) : _late.WaitAsync(Silence, time, cancellationToken));
            }
        }
    }

    /// <summary>Tells what is new after an append, or has it told as soon as it is as safe as acknowledged means.</summary>
    public ValueTask OnAppendedAsync(CancellationToken cancellationToken)
    {
        long visible = Visible;
        if (visible < store.Positions.Appended.Value)
        {
            _late.Set();
        }

        return IsTold(visible) ? ValueTask.CompletedTask : TellAsync(cancellationToken);
    }

    /// <summary>Once nobody tells anything any more.</summary>
    public void Dispose() => _one.Dispose();

    private async Task GrowsAsync(Task growth, CancellationToken cancellationToken)
    {
        await growth.WaitAsync(Silence, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private bool IsTold(long visible) => ReportOf(visible) == Volatile.Read(ref _told);

    private long ReportOf(long visible)
    {
        if (!_hasLog && visible == store.GetStats().MinOffset.Value)
        {
            return first;
        }

        _hasLog = true;
        return visible;
    }

    private async ValueTask TellAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            long reached = ReportOf(Visible);
            HaFrames.WriteReport(_frame, reached);
            await stream.WriteAsync(_frame, cancellationToken);
            Volatile.Write(ref _told, reached);
            Volatile.Write(ref _toldAtMs, time.GetUtcNow().ToUnixTimeMilliseconds());
        }
        finally
        {
            _one.Release();
        }
    }
}
