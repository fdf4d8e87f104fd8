using System.Collections.Concurrent;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>What the members of groups have handled, in the order of its end, and the moments of what happened to the groups in the same order. Thread-safe.</summary>
public sealed class ReceiptLog
{
    private readonly ConcurrentQueue<Receipt> _receipts = [];
    private long _number;

    public IReadOnlyCollection<Receipt> All => _receipts;

    public int Count => _receipts.Count;

    /// <summary>The highest number of a receipt, or moment.</summary>
    public long Last => Interlocked.Read(ref _number);

    /// <summary>A moment: behind all that was handled, and before what will be.</summary>
    public long Mark() => Interlocked.Increment(ref _number);

    /// <summary>A message was handled, by somebody who has not said so yet.</summary>
    public void Add(GroupOfHistory group, string body, int queueId = -1, long queueOffset = -1) =>
        _receipts.Enqueue(new Receipt(Mark(), group.Name, body, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), queueId, queueOffset));

    /// <summary>What a handler does: it notes the message at its end, for until then no offset may pass it.</summary>
    public async ValueTask HandleAsync(GroupOfHistory group, string body, int queueId, long queueOffset, Hold? hold)
    {
        await (hold?.PassAsync(queueId, queueOffset) ?? Task.CompletedTask);
        Add(group, body, queueId, queueOffset);
    }
}
