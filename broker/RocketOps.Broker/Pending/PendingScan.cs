using System.Buffers.Text;
using RocketOps.Broker.Messages;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Pending;

/// <summary>
/// Messages that one queue holds for the queues of one topic, as far as it was read: each of its messages is read once, however often
/// somebody asks. One thread.
/// </summary>
internal sealed class PendingScan(ReadOnlyMemory<byte> topic, int fromQueue)
{
    private readonly List<PendingMessage> _found = [];
    private long _next = -1;
    private long _doneBefore;

    /// <summary>Messages that were found and may still wait.</summary>
    public int Found => _found.Count;

    /// <summary>Messages that were ever found.</summary>
    public long Added { get; private set; }

    /// <summary>Messages between what was read and the queue's end, when that was last looked for.</summary>
    public long Unread { get; private set; }

    /// <summary>Reads on as far as the budget and the room for findings allow. Throws <see cref="StoreException"/> when what is there cannot be read.</summary>
    /// <param name="queue">The queue; always the same.</param>
    /// <param name="store">Where it is.</param>
    /// <param name="room">So many messages more may be remembered.</param>
    /// <param name="budget">What may be read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task ReadAsync(BacklogQueue queue, MessageStore store, int room, ScanBudget budget, CancellationToken cancellationToken)
    {
        long done = queue.DoneBefore();
        QueueOffsets offsets = await store.Reader.GetOffsetsAsync(queue.Topic, queue.QueueId, cancellationToken);
        if (_next < 0 || done < _doneBefore || _next > offsets.Max)
        {
            // Progress that went back, or a queue that was cut: what was done with may wait again.
            _found.Clear();
            _next = done;
        }

        _doneBefore = done;
        _found.RemoveAll(message => message.QueueOffset < Math.Max(done, offsets.Min) || !queue.Waits(message));
        _next = Math.Max(_next, Math.Max(done, offsets.Min));
        int most = _found.Count + room;
        using QueueBlock block = new(store, queue.Topic, queue.QueueId, ScanBudget.MessagesOfRead);
        while (_next < offsets.Max && _found.Count < most && !budget.IsSpent)
        {
            if (await block.ReadAsync(_next, cancellationToken))
            {
                budget.Spend(Look(queue, block.Records, most));
            }
            else if (block.Next > _next)
            {
                _next = block.Next;
            }
            else
            {
                break;
            }
        }

        Unread = Math.Max(0, offsets.Max - _next);
    }

    /// <summary>Adds up what waits now.</summary>
    public void Count(BacklogQueue queue, IDictionary<(PendingKind Kind, int QueueId), PendingCount> counts)
    {
        long done = queue.DoneBefore();
        foreach (PendingMessage message in _found)
        {
            if (message.QueueOffset < done || !queue.Waits(message))
            {
                continue;
            }

            (PendingKind Kind, int QueueId) key = (message.IsRetry ? PendingKind.Retry : queue.Kind, message.QueueId);
            PendingCount count = counts.TryGetValue(key, out PendingCount before) ? before : new PendingCount(key.Kind, key.QueueId, 0, 0);
            counts[key] = count with { Count = count.Count + 1, LastDue = Math.Max(count.LastDue, message.Time) };
        }
    }

    /// <summary>Looks at records of the queue; how many there were.</summary>
    private int Look(BacklogQueue queue, ReadOnlySpan<byte> records, int most)
    {
        int looked = 0;
        while (!records.IsEmpty && _found.Count < most)
        {
            int size = RecordView.SizeAt(records);
            RecordView record = RecordView.Read(records[..size]);
            if (Match(queue, record) is { } message && queue.Waits(message))
            {
                _found.Add(message);
                Added++;
            }

            _next = record.QueueOffset + 1;
            records = records[size..];
            looked++;
        }

        return looked;
    }

    private PendingMessage? Match(BacklogQueue queue, in RecordView record)
    {
        ReadOnlySpan<byte> realTopic = default;
        ReadOnlySpan<byte> retryTopic = default;
        int realQueue = 0;
        long slot = -1;
        PropertyReader reader = new(record.Properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual(PropertyNames.Utf8.RealTopic))
            {
                realTopic = value;
            }
            else if (name.SequenceEqual(PropertyNames.Utf8.RetryTopic))
            {
                retryTopic = value;
            }
            else if (name.SequenceEqual(PropertyNames.Utf8.RealQueueId))
            {
                // One that cannot be read never gets into a queue that is to go; it counts for the last there can be, to be on the safe side.
                realQueue = Utf8Parser.TryParse(value, out int number, out int used) && used == value.Length ? number : int.MaxValue;
            }
            else if (name.SequenceEqual(PropertyNames.Utf8.TimerOutMs))
            {
                slot = Utf8Parser.TryParse(value, out long number, out int used) && used == value.Length ? number : -1;
            }
        }

        if (realTopic.SequenceEqual(topic.Span) && queue.Kind != PendingKind.Retry)
        {
            return realQueue >= fromQueue ? new PendingMessage(record.QueueOffset, realQueue, queue.DueOf(record.StoreTimestamp, slot), IsRetry: false) : null;
        }

        // What goes back to consumers has no queue of the topic any more, so it only matters to who asks for the whole topic.
        return fromQueue == 0 && retryTopic.SequenceEqual(topic.Span) && queue.Kind is PendingKind.Delayed or PendingKind.Retry
            ? new PendingMessage(record.QueueOffset, 0, queue.DueOf(record.StoreTimestamp, slot), IsRetry: true)
            : null;
    }
}
