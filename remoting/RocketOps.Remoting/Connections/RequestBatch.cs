using System.Buffers;

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

    /// <summary>When the batch was read from the connection: a timestamp of the connection's clock.</summary>
    internal long ReadAt { get; set; }

    /// <summary>
    /// Scratch memory of at least <paramref name="length"/> bytes for <see cref="Headers.ExtFieldReader"/>; each frame's handler has it to itself until it returns.
    /// </summary>
    public Span<byte> RentScratch(int length)
    {
        if (_scratch.Length < length)
        {
            ReturnScratch();
            _scratch = ArrayPool<byte>.Shared.Rent(length);
        }

        return _scratch;
    }

    /// <summary>
    /// Where to write replies that may leave only after <paramref name="participant"/> says so. Its <see cref="IBatchParticipant.CompleteBatch"/> is called once
    /// at the end of the batch, also when only one-way requests joined and nothing was written.
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

    /// <summary>Ends the batch: lets every participant do its work and hands the replies that may leave to the output. The caller flushes.</summary>
    internal void Complete()
    {
        foreach (DeferredReplies replies in _deferred)
        {
            if (replies.Participant!.CompleteBatch(replies))
            {
                Connection.Write(replies.Written);
                Connection.Recycle(replies);
            }
        }

        _deferred.Clear();
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
            ArrayPool<byte>.Shared.Return(_scratch);
            _scratch = [];
        }
    }
}
