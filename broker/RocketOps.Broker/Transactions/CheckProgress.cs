using RocketOps.Broker.Delay;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Store;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// How far the checks have come in the queues of halves and of ops; kept among the consumers' offsets, as RocketMQ keeps it. A cut of the log takes copies and ops with
/// it, so what they stood for is gone back to. One thread at a time.
/// </summary>
internal sealed class CheckProgress(ConsumerOffsetTable offsets, MessageStore store, TransactionTopics topics, HalfMessageTable table)
{
    private readonly Lock _gate = new();
    private readonly DeliveryHistory _halves = new();
    private readonly DeliveryHistory _ops = new();

    /// <summary>Every half before it is settled, put back or given up.</summary>
    public long Half { get; private set; }

    /// <summary>Every op before it is about a half before <see cref="Half"/>.</summary>
    public long Op { get; private set; }

    /// <summary>
    /// A master's epoch begins: goes on where the checks are stored to have come. Before anybody can settle a half in it or ask for one back, or what they did would be forgotten.
    /// Where that is behind the end of a queue, whose end is lost, all of it is looked at again: copies of halves that were put back are lost with it.
    /// </summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        QueueOffsets halves = await store.Reader.GetOffsetsAsync(topics.Half, TransactionTopics.Queue, cancellationToken);
        QueueOffsets ops = await store.Reader.GetOffsetsAsync(topics.Op, TransactionTopics.Queue, cancellationToken);
        lock (_gate)
        {
            long half = offsets.Query(TopicNames.TransactionHalf, TransactionTopics.Group, TransactionTopics.Queue);
            long op = offsets.Query(TopicNames.TransactionOp, TransactionTopics.Group, TransactionTopics.Queue);
            bool isLost = half > halves.Max || op > ops.Max;
            Half = isLost ? halves.Min : Math.Max(half, halves.Min);
            Op = isLost ? ops.Min : Math.Max(op, ops.Min);
            table.Reset(Half);
        }
    }

    /// <summary>Goes on there. All that this rests on, copies and ops, lies before <paramref name="restsOn"/> in the log, and is on the disk.</summary>
    public void Set(long half, long op, PhysicalOffset restsOn)
    {
        lock (_gate)
        {
            _halves.Add(Half, restsOn);
            _ops.Add(Op, restsOn);
            Store(half, op);
        }
    }

    /// <summary>The log ends at <paramref name="end"/> from now on; nobody checks meanwhile.</summary>
    public void Cut(PhysicalOffset end)
    {
        lock (_gate)
        {
            if (_halves.Cut(end) is { } half && _ops.Cut(end) is { } op)
            {
                Store(half, op);
            }
        }
    }

    private void Store(long half, long op)
    {
        Half = half;
        Op = op;
        offsets.Commit(TopicNames.TransactionHalf, TransactionTopics.Group, TransactionTopics.Queue, half);
        offsets.Commit(TopicNames.TransactionOp, TransactionTopics.Group, TransactionTopics.Queue, op);
    }
}
