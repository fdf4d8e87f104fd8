using RocketOps.Broker.Offsets;
using RocketOps.Broker.Roles;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Progress of the checks in the queues of halves and of ops. What of it is kept whoever leads next stands among the consumers' offsets, as
/// RocketMQ keeps it. A cut of the log takes copies and ops with it, so what they stood for is gone back to. Checks are one thread at a
/// time; the rest is thread-safe.
/// </summary>
internal sealed class CheckProgress
{
    private const string HalfKey = TopicNames.TransactionHalf + "@" + GroupNames.Transactions;
    private const string OpKey = TopicNames.TransactionOp + "@" + GroupNames.Transactions;

    private readonly ConsumerOffsetTable _offsets;
    private readonly MessageStore _store;
    private readonly TransactionTopics _topics;
    private readonly HalfMessageTable _table;
    private readonly Lock _gate = new();
    private readonly RestingProgress _halves;
    private readonly RestingProgress _ops;
    private bool _hasMoved;

    public CheckProgress(ConsumerOffsetTable offsets, MessageStore store, TransactionTopics topics, HalfMessageTable table)
    {
        _offsets = offsets;
        _store = store;
        _topics = topics;
        _table = table;
        _halves = new RestingProgress(() => store.Positions.Kept);
        _ops = new RestingProgress(() => store.Positions.Kept);
        offsets.Taking = Note;
    }

    /// <summary>Every half before it is settled, put back or given up.</summary>
    public long Half => _halves.Value;

    /// <summary>Every op before it is about a half before <see cref="Half"/>.</summary>
    public long Op => _ops.Value;

    /// <summary>Takes out of a table of consumers' offsets what it says of checks, in halves and ops; null when it says nothing of them.</summary>
    public static (long Half, long Op)? TakeFrom(OffsetTableFile table)
    {
        if (table.Offsets is not { } offsets)
        {
            return null;
        }

        offsets.Remove(HalfKey, out Dictionary<int, long>? halves);
        offsets.Remove(OpKey, out Dictionary<int, long>? ops);
        return halves is not null && ops is not null && halves.TryGetValue(TransactionTopics.Queue, out long half) && ops.TryGetValue(TransactionTopics.Queue, out long op) ? (half, op) : null;
    }

    /// <summary>Takes up what was noted before the start; the consumers' offsets are loaded.</summary>
    public void Load()
    {
        _halves.Set(Math.Max(0, Noted(TopicNames.TransactionHalf)));
        _ops.Set(Math.Max(0, Noted(TopicNames.TransactionOp)));
    }

    /// <summary>
    /// A master's epoch begins: goes on where the checks have come. Before anybody can settle a half in it or ask for one back, or what they did would be forgotten.
    /// Where that is behind the end of a queue, whose end is lost, all of it is looked at again: copies of halves that were put back are lost with it.
    /// </summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        QueueOffsets halves = await _store.Reader.GetOffsetsAsync(_topics.Half, TransactionTopics.Queue, cancellationToken);
        QueueOffsets ops = await _store.Reader.GetOffsetsAsync(_topics.Op, TransactionTopics.Queue, cancellationToken);
        long halvesEnd = await _store.Reader.GetNextOffsetAsync(_topics.Half, TransactionTopics.Queue, cancellationToken);
        long opsEnd = await _store.Reader.GetNextOffsetAsync(_topics.Op, TransactionTopics.Queue, cancellationToken);
        lock (_gate)
        {
            bool isLost = Half > halvesEnd || Op > opsEnd;
            _halves.Set(isLost ? halves.Min : Math.Max(Half, halves.Min));
            _ops.Set(isLost ? ops.Min : Math.Max(Op, ops.Min));
            _table.Reset(Half);
        }
    }

    /// <summary>Goes on there. All that this rests on, copies and ops, lies before <paramref name="restsOn"/> in the log, and is on the disk.</summary>
    public void Set(long half, long op, PhysicalOffset restsOn)
    {
        lock (_gate)
        {
            _halves.Advance(half, restsOn);
            _ops.Advance(op, restsOn);
            _hasMoved = true;
            Note();
        }
    }

    /// <summary>A slave takes over its master's progress, when all copies and ops it rests on lie before <paramref name="restsOn"/>, here and on the disk.</summary>
    public void Follow(long half, long op, PhysicalOffset restsOn)
    {
        lock (_gate)
        {
            Follow(_halves, half, restsOn);
            Follow(_ops, op, restsOn);
            Note();
        }
    }

    /// <summary>The log ends at <paramref name="end"/> from now on; nobody checks meanwhile.</summary>
    public void Cut(PhysicalOffset end)
    {
        lock (_gate)
        {
            _halves.Cut(end);
            _ops.Cut(end);
            Note();
        }
    }

    private void Follow(RestingProgress progress, long told, PhysicalOffset restsOn)
    {
        _hasMoved |= told != progress.Value;
        if (told > progress.Value)
        {
            progress.Advance(told, restsOn);
        }
        else
        {
            progress.Set(told);
        }
    }

    private long Noted(string topic) => _offsets.Query(topic, GroupNames.Transactions, TransactionTopics.Queue);

    /// <summary>
    /// Notes what is kept. That grows by itself, with the copies of the log, so it is looked at whenever the table is written or told.
    /// </summary>
    private void Note()
    {
        lock (_gate)
        {
            if (_hasMoved)
            {
                Note(TopicNames.TransactionHalf, _halves.Kept);
                Note(TopicNames.TransactionOp, _ops.Kept);
            }
        }
    }

    private void Note(string topic, long offset)
    {
        if (Noted(topic) != offset)
        {
            _offsets.Commit(topic, GroupNames.Transactions, TransactionTopics.Queue, offset);
        }
    }
}
