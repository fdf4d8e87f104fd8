using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>Answers at the end of the batch, or when the test says so.</summary>
internal sealed class DeferringHandler : IRequestHandler, IBatchParticipant
{
    private readonly Lock _gate = new();
    private readonly List<DeferredReplies> _held = [];
    private int _handled;

    public bool Hold { get; set; }

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
        replies.Tag++;
    }

    public bool CompleteBatch(DeferredReplies replies)
    {
        lock (_gate)
        {
            BatchSizes.Add((int)replies.Tag);
            if (!Hold)
            {
                return true;
            }

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
}
