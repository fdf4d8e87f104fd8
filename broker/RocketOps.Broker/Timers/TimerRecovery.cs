using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Timers;

/// <summary>
/// Finds where the timers go on: after a start, after the log was cut, after another master, and when the clock was set back. Wheel and log that do not fit are made anew from the messages of the topic, of which none is
/// delivered again that was. Nobody takes or delivers meanwhile.
/// </summary>
internal sealed partial class TimerRecovery(
    BrokerSettings settings,
    MessageStore store,
    TimerTopic topic,
    TimerDisk disk,
    TimerProgress progress,
    TakenBefore taken,
    TimerAdditions additions,
    TimerCheckpoints checkpoints,
    SlotClock clock,
    ILogger<TimerTable> logger)
{
    private readonly ILogger<TimerTable> _logger = logger;
    private long _loadedAt;

    /// <summary>Opens what an earlier process left, or makes it anew. Nothing is made while no timer was ever used.</summary>
    public Task LoadAsync(CancellationToken cancellationToken) => LoadFromAsync(wasCut: false, cancellationToken);

    /// <summary>The log was cut while nobody delivered: messages whose copies are gone are to be delivered again, and none is waited for that is gone itself.</summary>
    public async Task CutAsync(PhysicalOffset end, CancellationToken cancellationToken)
    {
        await LoadFromAsync(wasCut: true, cancellationToken);
        if (disk.Opened is null)
        {
            return;
        }

        await checkpoints.Writing;
        additions.GiveBack();
        if (progress.CutSlots(end))
        {
            taken.ReadMs = Math.Min(taken.ReadMs, progress.ReadMs);
        }

        long? first = progress.CutMessages(end);
        taken.QueueOffset = Math.Min(taken.QueueOffset, Math.Min(first ?? long.MaxValue, progress.CutMasterMessages(end) ?? long.MaxValue));
        progress.SetMessage(Math.Min(progress.QueueOffset, (await store.Reader.GetOffsetsAsync(topic.Topic, TimerTopic.Queue, cancellationToken)).Max));
        taken.LastUnit = Math.Min(taken.LastUnit, end.Value - 1);

        // Of what was taken before the start, the slots do not tell what was delivered at once.
        if (!await disk.RunAsync(() => disk.Index.TryCut(end.Value, progress.ReadMs)) || first < _loadedAt)
        {
            await disk.RunAsync(disk.Index.Clear);
            taken.BeginAnew(progress);
            progress.SetMessage(0);
        }

        await checkpoints.WriteAsync();
    }

    /// <summary>
    /// A slave takes over how far its master has delivered: from there on this broker goes on when it becomes the master. What it took itself as a master before stays in its
    /// files. Nobody delivers meanwhile. Throws <see cref="IOException"/> or <see cref="StoreIOException"/> when it cannot be noted. Source: store.md §7.2, apache/rocketmq
    /// SlaveSynchronize.syncTimerCheckPoint of 5.5.0.
    /// </summary>
    /// <param name="master">The master's checkpoint.</param>
    /// <param name="copiesEnd">All copies of what it calls delivered lie before it, here and durable.</param>
    public async Task FollowAsync(TimerCheckpoint master, PhysicalOffset copiesEnd)
    {
        ArgumentNullException.ThrowIfNull(master);
        TimerCheckpoint? own = checkpoints.Last ?? await checkpoints.ReadAsync();
        if (disk.Opened is not null)
        {
            // Slots that were emptied in memory may have to be delivered again: the files are opened anew for that.
            await checkpoints.WriteAsync();
            own = checkpoints.Last;
            disk.Close();
        }
        else if (own is not null && own.ReadMs == master.ReadMs && own.MasterQueueOffset == master.MasterQueueOffset)
        {
            return;
        }

        progress.Follow(own, master, copiesEnd);
        await checkpoints.WriteAsync((own ?? new TimerCheckpoint(0, 0, 0, 0, 0, 0, IsOwn: true)) with
        {
            ReadMs = master.ReadMs,
            DeliveredOfSlot = 0,
            MasterQueueOffset = master.MasterQueueOffset,
            Counter = master.Counter,
            TimestampMs = master.TimestampMs,
            Unkept = progress.FindUnkept(copiesEnd, ofMaster: true),
        });
    }

    /// <summary>The clock was set back to a slot that was delivered: time comes again from there on, and its slots are emptied first; messages that wait keep their time.</summary>
    public async Task GoBackAsync(long slotMs)
    {
        // Copies must be safe before the slots they come from are gone.
        await checkpoints.WriteAsync();
        long readMs = progress.ReadMs;
        LogClockSetBack(readMs - slotMs);
        if (readMs - slotMs < clock.SpanMs)
        {
            await disk.RunAsync(() => disk.Index.Empty(slotMs, readMs));
        }
        else
        {
            // More than a turn of the wheel: what waits may be where time comes again.
            await disk.RunAsync(disk.Index.Clear);
            taken.BeginAnew(progress);
            progress.SetMessage((await store.Reader.GetOffsetsAsync(topic.Topic, TimerTopic.Queue, CancellationToken.None)).Min);
        }

        progress.SetSlot(slotMs);
        await checkpoints.WriteAsync();
    }

    /// <summary>Opens the files that an earlier process left, or makes new ones.</summary>
    /// <param name="wasCut">The caller goes back to what the log has: files that are ahead of it are no surprise.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    private async Task LoadFromAsync(bool wasCut, CancellationToken cancellationToken)
    {
        if (disk.Opened is not null)
        {
            return;
        }

        QueueOffsets queue = await store.Reader.GetOffsetsAsync(topic.Topic, TimerTopic.Queue, cancellationToken);
        if (queue.Max == 0 && !checkpoints.HasFile)
        {
            return;
        }

        TimerCheckpoint? noted = await checkpoints.ReadAsync();
        long end = wasCut ? long.MaxValue : Math.Max(queue.Max, await store.Reader.GetNextOffsetAsync(topic.Topic, TimerTopic.Queue, cancellationToken));

        // Written once the log was durable: where the log does not have these messages it is older, or another one, and so is what it has of deliveries.
        bool isOfThisLog = noted is not { IsOwn: true } || noted.QueueOffset <= end;
        TimerIndex index = disk.Make();
        try
        {
            if (!isOfThisLog || !await TryGoOnAsync(index, noted, queue, wasCut, cancellationToken))
            {
                isOfThisLog = isOfThisLog && (wasCut || noted is null || await HasLastUnitAsync(noted, cancellationToken) is not false);
                await BeginAnewAsync(index, isOfThisLog ? noted : null, queue, end);
                if (!isOfThisLog)
                {
                    progress.HasChanged = true;
                    LogAhead(settings.Current.StoreRoot, noted!.QueueOffset, queue.Min, queue.Max);
                }
                else
                {
                    await LogAnewAsync(noted, queue, cancellationToken);
                }
            }

            _loadedAt = progress.QueueOffset;
            checkpoints.GoOnFrom(noted);
            disk.Open(index);
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with the files; false when they do not fit each other, or the log.</summary>
    private async Task<bool> TryGoOnAsync(
        TimerIndex index, TimerCheckpoint? checkpoint, QueueOffsets queue, bool wasCut, CancellationToken cancellationToken)
    {
        taken.LastUnit = -1;
        if (checkpoint is null)
        {
            return false;
        }

        long readMs = clock.SlotOf(checkpoint.ReadMs);
        long maxOffset = wasCut && checkpoint.IsOwn ? long.MaxValue : store.Positions.Appended.Value;
        if (!await disk.RunAsync(() => TryOpen(index, checkpoint with { ReadMs = readMs }, maxOffset)))
        {
            return false;
        }

        taken.LastUnit = await disk.RunAsync(index.FindLastOffset);
        if (!wasCut && await HasLastUnitAsync(checkpoint, cancellationToken) is not true)
        {
            return false;
        }

        progress.WriteMs = readMs;
        progress.SetSlot(readMs, readMs == checkpoint.ReadMs ? checkpoint.DeliveredOfSlot : 0);
        progress.SetMessage(Math.Clamp(await CorrectAsync(checkpoint, cancellationToken), queue.Min, queue.Max));

        // Of what the master took while this broker was a slave, the slots that it called delivered are passed over.
        (taken.QueueOffset, taken.ReadMs) = (checkpoint.MasterQueueOffset, readMs);
        return true;
    }

    /// <summary>
    /// The truth is in the topic, which is read from its beginning. What the checkpoint calls delivered is not delivered again: messages
    /// behind <paramref name="end"/> are others than it speaks of.
    /// </summary>
    private async Task BeginAnewAsync(TimerIndex index, TimerCheckpoint? checkpoint, QueueOffsets queue, long end)
    {
        await disk.RunAsync(index.Clear);
        long readMs = clock.SlotOf(checkpoint?.ReadMs ?? clock.Now);
        progress.WriteMs = readMs;
        progress.SetSlot(readMs);
        progress.SetMessage(queue.Min);
        taken.LastUnit = -1;
        taken.QueueOffset = Math.Min(end, Math.Max(checkpoint?.QueueOffset ?? 0, checkpoint?.MasterQueueOffset ?? 0));
        taken.ReadMs = readMs;
    }

    private async ValueTask LogAnewAsync(TimerCheckpoint? checkpoint, QueueOffsets queue, CancellationToken cancellationToken)
    {
        string root = settings.Current.StoreRoot;
        if (queue.Max > queue.Min && checkpoint is not null)
        {
            LogRebuilt(root, queue.Min, queue.Max);
        }
        else if (queue.Max > queue.Min && await store.Reader.StoreTimestampAtAsync(topic.Topic, TimerTopic.Queue, queue.Min,
            cancellationToken) < store.GetStats().BootTimestamp)
        {
            LogRepeated(root, queue.Max - queue.Min);
        }
    }

    private static bool TryOpen(TimerIndex index, TimerCheckpoint checkpoint, long maxOffset)
    {
        try
        {
            return index.TryOpen(checkpoint, maxOffset);
        }
        catch (Exception damage) when (damage is InvalidDataException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>
    /// Tells whether the message of the timer log's last unit is in the log. False when another one is there, so that the log is another
    /// one; null when there is none, as with damage. True without a unit, and when the message has expired.
    /// </summary>
    private async ValueTask<bool?> HasLastUnitAsync(TimerCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        if (taken.LastUnit < store.GetStats().MinOffset.Value)
        {
            return true;
        }

        if (await store.Reader.LookMessageAsync(new PhysicalOffset(taken.LastUnit), cancellationToken) is not { } record)
        {
            return null;
        }

        RecordView last = RecordView.Read(record);
        return last.Topic.SequenceEqual(topic.Topic.Utf8Name.Span) && (!checkpoint.IsOwn || last.QueueOffset < checkpoint.QueueOffset);
    }

    /// <summary>RocketMQ's number may be ahead of what is in its log after a power cut.</summary>
    private async ValueTask<long> CorrectAsync(TimerCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        if (checkpoint.IsOwn || taken.LastUnit < 0 || await store.Reader.LookMessageAsync(new PhysicalOffset(taken.LastUnit), cancellationToken) is not { } record)
        {
            return checkpoint.QueueOffset;
        }

        RecordView last = RecordView.Read(record);
        return last.Topic.SequenceEqual(topic.Topic.Utf8Name.Span) ? Math.Min(checkpoint.QueueOffset, last.QueueOffset + 1) : checkpoint.QueueOffset;
    }

    [LoggerMessage(EventId = 3223, Level = LogLevel.Warning, Message = ""
        + "config/timercheck of {Root} is missing, so it is not known which timers were delivered: up to {Count} of them, those"
        + " that are in the log still, may be delivered a second time")]
    private partial void LogRepeated(string root, long count);

    [LoggerMessage(EventId = 3801, Level = LogLevel.Warning, Message = "Timer wheel and log in {Root} do not fit their checkpoint; they are made anew from the messages {From} to {To} of rmq_sys_wheel_timer")]
    private partial void LogRebuilt(string root, long from, long to);

    [LoggerMessage(EventId = 3804, Level = LogLevel.Warning, Message = ""
        + "config/timercheck of {Root} is newer than the commit log, or another store's: it speaks of messages of rmq_sys_wheel_timer up to"
        + " {Noted} that the log does not have. Were folders restored that are of different times? The broker reads messages {From} to {To}"
        + " of that topic again."
        + " Timers among them that were delivered before may be delivered a second time")]
    private partial void LogAhead(string root, long noted, long from, long to);

    [LoggerMessage(EventId = 3802, Level = LogLevel.Warning, Message = "The clock was set back: {Milliseconds} ms that had been delivered come again. Messages that wait keep their time")]
    private partial void LogClockSetBack(long milliseconds);
}
