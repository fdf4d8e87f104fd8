using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>Answers at the end of the batch, or when the test says so.</summary>
internal sealed class DeferringHandler : IRequestHandler, IBatchParticipant
{
    private readonly Lock _gate = new();
    private readonly List<DeferredReplies> _held = [];
    private int _handled;
    private int _commits;

    public bool Hold { get; set; }

    /// <summary>What happens after the replies of a round.</summary>
    public Action? After { get; set; }

    /// <summary>What the commit does.</summary>
    public Action? OnCommit { get; set; }

    /// <summary>Batches completed.</summary>
    public int Completed
    {
        get
        {
            lock (_gate)
            {
                return BatchSizes.Count;
            }
        }
    }

    public int Commits => Volatile.Read(ref _commits);

    public List<int> BatchSizes { get; } = [];

    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        DeferredReplies replies = batch.Defer(this);
        ResponseFrameWriter writer = new(replies.GetSpan(ResponseFrameWriter.FixedBytes), frame.SerializeType, 0, frame.Opaque, 479);
        writer.Add("n"u8, ++_handled);
        replies.Advance(writer.Complete(0));
        replies.State<CountedReplies>().Count++;
    }

    public void Commit()
    {
        Interlocked.Increment(ref _commits);
        OnCommit?.Invoke();
    }

    public void AfterReplies() => After?.Invoke();

    public bool CompleteBatch(DeferredReplies replies)
    {
        lock (_gate)
        {
            BatchSizes.Add(replies.State<CountedReplies>().Count);
            if (!Hold)
            {
                return true;
            }

            replies.Hold();
            _held.Add(replies);
            return false;
        }
    }

    public void Release(Action<DeferredReplies> release)
    {
        DeferredReplies[] held;
        lock (_gate)
        {
            held = [.. _held];
            _held.Clear();
        }

        Array.ForEach(held, release);
    }

    private sealed class CountedReplies : IBatchState
    {
        public int Count { get; set; }

        public void Clear() => Count = 0;
    }
}
