using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Store;
using RocketOps.Store.Files;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Timers;

/// <summary>
/// Progress of the timers, which outlives the sessions of masters: the next message of the timer topic to take, the next slot to deliver,
/// wheel and log. Its checkpoint says nothing that a power cut could still take back. Each part is a class of its own; what a session does
/// comes here first. One session uses it at a time; a checkpoint may be written meanwhile.
/// </summary>
internal sealed class TimerTable : IAsyncDisposable
{
    /// <summary>The remark of a broker that has never used timers.</summary>
    public const string NoCheckpoint = "The checkpoint is null";

    private readonly MessageStore _store;
    private readonly SlotClock _clock;
    private readonly TimerDisk _disk;
    private readonly TimerProgress _progress;
    private readonly TakenBefore _taken;
    private readonly TimerAdditions _additions;
    private readonly TimerCheckpoints _checkpoints;
    private readonly TimerRecovery _recovery;

    public TimerTable(
        BrokerSettings settings, CurrentOptions<TimerOptions> options, MessageStore store, TimerTopic topic, IStoreFileSystem files, TimeProvider time, ILogger<TimerTable> logger)
    {
        _store = store;
        Topic = topic;
        _clock = new SlotClock(time, options.Value.TimerPrecisionMs);
        _disk = new TimerDisk(settings, options, files, _clock);
        _progress = new TimerProgress(_clock, () => store.Positions.Kept);
        _taken = new TakenBefore(options, _clock);
        _additions = new TimerAdditions(options, _disk, _progress, _clock);
        _checkpoints = new TimerCheckpoints(settings, options, store, files, _disk, _progress, _additions, _clock, time, logger);
        _recovery = new TimerRecovery(settings, store, topic, _disk, _progress, _taken, _additions, _checkpoints, _clock, logger);
        Counts = new TimerCounts(options, _disk, _progress, _additions, _clock);
    }

    /// <summary>Topic where messages wait until their slot is near.</summary>
    public TimerTopic Topic { get; }

    /// <summary>Counts of what waits in the slots.</summary>
    public TimerCounts Counts { get; }

    /// <inheritdoc cref="SlotClock.PrecisionMs"/>
    public int PrecisionMs => _clock.PrecisionMs;

    /// <inheritdoc cref="TimerProgress.ReadMs"/>
    public long ReadMs => _progress.ReadMs;

    /// <inheritdoc cref="TimerProgress.WriteMs"/>
    public long WriteMs => _progress.WriteMs;

    /// <inheritdoc cref="TimerProgress.QueueOffset"/>
    public long QueueOffset => _progress.QueueOffset;

    /// <inheritdoc cref="TimerProgress.DeliveredOfSlot"/>
    public long DeliveredOfSlot => _progress.DeliveredOfSlot;

    /// <inheritdoc cref="TimerProgress.IsFarBehind"/>
    public bool IsFarBehind => _progress.IsFarBehind;

    /// <inheritdoc cref="TimerCheckpoints.Last"/>
    public TimerCheckpoint? Checkpoint => _checkpoints.Last;

    /// <inheritdoc cref="TimerCheckpoints.HasChanged"/>
    public bool HasChanged => _checkpoints.HasChanged;

    public bool IsLoaded => _disk.Opened is not null;

    /// <inheritdoc cref="TimerAdditions.IsWritten"/>
    public bool IsWritten => _additions.IsWritten;

    /// <inheritdoc cref="TimerRecovery.LoadAsync"/>
    public Task LoadAsync(CancellationToken cancellationToken) => _recovery.LoadAsync(cancellationToken);

    /// <summary>
    /// Follows the clock; true when it was set back by more than a slot. Time that was delivered comes again then, and its slots are emptied first; messages that wait keep their
    /// time.
    /// </summary>
    public async Task<bool> FollowClockAsync()
    {
        long now = _clock.SlotOf(_clock.Now);
        if (now >= WriteMs)
        {
            _progress.WriteMs = now;
        }
        else if (now < WriteMs - PrecisionMs)
        {
            if (now < ReadMs)
            {
                await _recovery.GoBackAsync(now);
            }

            _progress.WriteMs = now;
            return true;
        }

        return false;
    }

    /// <inheritdoc cref="TakenBefore.Has"/>
    public bool WasTaken(in RecordView record, long slotMs) => _taken.Has(record, slotMs);

    /// <inheritdoc cref="TakenBefore.CountUntaken"/>
    public long CountUntaken(long from, long to) => _taken.CountUntaken(from, to);

    /// <inheritdoc cref="TimerAdditions.Add"/>
    public void Add(in RecordView record, in TimerProperties.Found found, long firstMs) => _additions.Add(record, found, firstMs);

    /// <inheritdoc cref="TimerProgress.SetTaken(long)"/>
    public void SetQueueOffset(long offset) => _progress.SetTaken(offset);

    /// <inheritdoc cref="TimerProgress.SetTaken(long, PhysicalOffset)"/>
    public void SetQueueOffset(long offset, PhysicalOffset copiesEnd) => _progress.SetTaken(offset, copiesEnd);

    /// <inheritdoc cref="TimerAdditions.DropUntaken"/>
    public void DropUntaken() => _additions.DropUntaken();

    /// <inheritdoc cref="TimerAdditions.WriteAsync"/>
    public Task WriteAdditionsAsync() => _additions.WriteAsync();

    /// <summary>The chain of the first slot whose step is over, also by <paramref name="untilMs"/>, from which on <see cref="ReadMs"/> then goes; null when there is none.</summary>
    public async Task<TimerChain?> FindDueAsync(long untilMs)
    {
        // Never before its step is over, by the clock of now as well.
        long end = Math.Min(WriteMs, _clock.SlotOf(Math.Min(untilMs, _clock.Now)));
        long slot = _disk.Index.NextUsed(ReadMs, end);
        if (slot < 0)
        {
            if (end > ReadMs)
            {
                _progress.SetSlot(end);
            }

            return null;
        }

        if (slot != ReadMs)
        {
            _progress.SetSlot(slot);
        }

        return await _disk.RunAsync(() => _disk.Index.Read(slot));
    }

    /// <inheritdoc cref="TimerProgress.SetDelivered"/>
    public void SetDelivered(long units, PhysicalOffset? copiesEnd) => _progress.SetDelivered(units, copiesEnd);

    /// <inheritdoc cref="TimerProgress.EndSlot"/>
    public void EndSlot()
    {
        _disk.Index.Forget(ReadMs);
        _progress.EndSlot();
    }

    /// <summary>Finds when the next slot's step is over, in milliseconds since 1970; null when nothing waits.</summary>
    public long? FindNextDue()
    {
        long slot = _disk.Index.NextUsed(ReadMs, ReadMs + _clock.SpanMs);
        return slot < 0 ? null : slot + PrecisionMs;
    }

    /// <inheritdoc cref="TimerCheckpoints.Begin"/>
    public void BeginCheckpoint() => _checkpoints.Begin();

    /// <inheritdoc cref="TimerCheckpoints.WriteAsync()"/>
    public Task CheckpointAsync() => _checkpoints.WriteAsync();

    /// <inheritdoc cref="TimerRecovery.CutAsync"/>
    public Task CutAsync(PhysicalOffset end, CancellationToken cancellationToken) => _recovery.CutAsync(end, cancellationToken);

    /// <inheritdoc cref="TimerRecovery.FollowAsync"/>
    public Task FollowAsync(TimerCheckpoint master, PhysicalOffset copiesEnd) => _recovery.FollowAsync(master, copiesEnd);

    /// <summary>Removes timer-log files whose messages retention has taken.</summary>
    public async Task RemoveExpiredAsync()
    {
        if (_disk.Opened is { } index && _checkpoints.Writing.IsCompleted)
        {
            await _disk.RemoveExpiredAsync(index, _store.GetStats().MinOffset.Value);
        }
    }

    /// <inheritdoc cref="TimerDisk.RunAsync{T}"/>
    public Task<T> RunOnDiskAsync<T>(Func<T> work) => _disk.RunAsync(work);

    public async ValueTask DisposeAsync()
    {
        await _checkpoints.DisposeAsync();
        _disk.Dispose();
    }
}
