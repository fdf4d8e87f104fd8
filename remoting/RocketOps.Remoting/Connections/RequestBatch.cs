using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Everything one connection had readable at once: parsed, handled, written and answered together, as a write or a send per message costs
/// one and a half and two and a half times as much (performance.md §11.2). A lone request is a batch of one and waits for nobody.
/// Belongs to the connection's loop; handlers use it only until they return.
/// </summary>
public sealed class RequestBatch
{
    private readonly List<DeferredReplies> _deferred = new(1);
    private byte[] _scratch = [];

    internal RequestBatch(RemotingConnection connection)
    {
        Connection = connection;
    }

    public RemotingConnection Connection { get; }

    /// <summary>Time at which the batch was read from the connection: a timestamp of the connection's clock.</summary>
    internal long ReadAt { get; set; }

    /// <summary>
    /// Scratch memory of at least <paramref name="length"/> bytes for <see cref="ExtFieldReader"/>; each frame's handler has it to itself until it returns.
    /// </summary>
    public Span<byte> RentScratch(int length)
    {
        if (_scratch.Length < length)
        {
            ReturnScratch();
            _scratch = FrameBuffers.Rent(length);
        }

        return _scratch;
    }

    /// <summary>
    /// Returns the place to write replies that may leave only after <paramref name="participant"/> says so. Its
    /// <see cref="IBatchParticipant.CompleteBatch"/> is called once after the batch, also when only one-way requests joined and nothing was
    /// written.
    /// </summary>
    public DeferredReplies Defer(IBatchParticipant participant)
    {
        foreach (DeferredReplies open in _deferred)
        {
            if (ReferenceEquals(open.Participant, participant))
            {
                return open;
            }
        }

        DeferredReplies replies = Connection.RentReplies();
        replies.Participant = participant;
        replies.ReadAt = ReadAt;
        _deferred.Add(replies);
        return replies;
    }

    /// <summary>
    /// Answers a request without header fields, straight into the connection's output: it leaves with the batch. Allocates nothing. One-way requests are not answered.
    /// </summary>
    public void Reply(in RequestFrame request, int code, scoped ReadOnlySpan<byte> utf8Remark = default)
    {
        if (request.IsOneWay)
        {
            return;
        }

        using OutputLease output = Connection.LeaseOutput(flush: false);
        Span<byte> destination = output.GetSpan(ResponseFrameWriter.FixedBytes + ResponseFrameWriter.MaxRemarkBytes(utf8Remark.Length));
        ResponseFrameWriter writer = new(destination, request.SerializeType, code, request.Opaque, Connection.Options.Version, utf8Remark);
        output.Advance(writer.Complete(0));
    }

    /// <summary>Ends the batch: its deferred replies go to the round, and this object is free for the next batch. False when there were none.</summary>
    internal bool Seal(DriverRound round)
    {
        bool any = _deferred.Count > 0;
        foreach (DeferredReplies replies in _deferred)
        {
            round.Add(replies);
        }

        _deferred.Clear();
        // The next connection's batch gets the same memory, which the processor has at hand; of a thousand connections each one's own it would not.
        ReturnScratch();
        return any;
    }

    internal void Dispose()
    {
        foreach (DeferredReplies replies in _deferred)
        {
            replies.ReturnBuffer();
        }

        _deferred.Clear();
        ReturnScratch();
    }

    private void ReturnScratch()
    {
        if (_scratch.Length > 0)
        {
            FrameBuffers.Return(_scratch);
            _scratch = [];
        }
    }
}
