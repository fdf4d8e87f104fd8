using System.Buffers;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Replies;
using RocketOps.Broker.RequestReply;
using RocketOps.Broker.Sending;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Sending;

/// <summary>
/// SEND_MESSAGE (10), SEND_MESSAGE_V2 (310) and SEND_BATCH_MESSAGE (320) on the connection's loop: gives the frame to <see cref="SendPipeline"/> and writes the reply,
/// which <see cref="BatchCommit"/> lets go once the round is in the kernel. What must wait for a topic or for the disk goes through the same pipeline from <see cref="DetachedSendHandler"/>.
/// </summary>
internal sealed class SendMessageHandler : IRequestHandler
{
    /// <summary>Offsets and ids of a batch up to this many messages live on the stack.</summary>
    private const int StackBatch = 32;

    private readonly SendPipeline _pipeline;
    private readonly SendReplyWriter _replies;
    private readonly DetachedSendHandler _slow;
    private readonly AskerTable _askers;
    private readonly BatchCommit _write;
    private readonly BatchCommit _writeWithoutDisk;

    public SendMessageHandler(
        SendPipeline pipeline,
        SendReplyWriter replies,
        DetachedSendHandler slow,
        MessageStore store,
        AppendStatistics statistics,
        ReplicaGate replicas,
        AskerTable askers)
    {
        _askers = askers;
        _pipeline = pipeline;
        _replies = replies;
        _slow = slow;
        _write = new BatchCommit(store, statistics, store.Options.FlushDiskType == FlushDiskType.SyncFlush, replicas, waitForReplicas: true);
        _writeWithoutDisk = new BatchCommit(store, statistics, waitForDisk: false, replicas, waitForReplicas: false);
    }

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        // Step 3 of a send (ARCHITECTURE.md).
        SendMessageRequestHeader header = SendMessageRequestHeader.Read(frame, batch.RentScratch(frame.ScratchBytes));
        SendRequest request = SendRequestReader.Read(frame, header, batch.Connection);
        if (request.IsBatch)
        {
            HandleBatch(frame, request, batch);
            return;
        }

        Finish(frame, batch, request, _pipeline.Send(request, default), default);
    }

    private void HandleBatch(in RequestFrame frame, scoped in SendRequest request, RequestBatch batch)
    {
        int count = request.BatchCount;
        PhysicalOffset[]? rented = count > StackBatch ? ArrayPool<PhysicalOffset>.Shared.Rent(count) : null;
        Span<PhysicalOffset> offsets = rented ?? stackalloc PhysicalOffset[StackBatch];
        try
        {
            SendOutcome outcome = _pipeline.Send(request, offsets);
            Finish(frame, batch, request, outcome, outcome.IsInnerBatch ? default : offsets[..Math.Max(0, count)]);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<PhysicalOffset>.Shared.Return(rented);
            }
        }
    }

    private void Finish(in RequestFrame frame, RequestBatch batch, scoped in SendRequest request, scoped in SendOutcome outcome, scoped ReadOnlySpan<PhysicalOffset> offsets)
    {
        switch (outcome.Status)
        {
            case SendStatus.Stored:
                _askers.Note(frame, batch.Connection, outcome.Asker);
                Accept(frame, batch, outcome, offsets);
                break;
            case SendStatus.TopicToBeMade or SendStatus.DeadLetterTopicToBeMade or SendStatus.RoomToBeMade or SendStatus.QueueToBeLoaded:
                _slow.Handle(frame, batch);
                break;
            case var refused when _slow.Takes(refused):
                _slow.Handle(frame, batch);
                break;
            default:
                _replies.Refuse(frame, batch, outcome, request.Topic);
                break;
        }
    }

    private void Accept(in RequestFrame frame, RequestBatch batch, scoped in SendOutcome outcome, scoped ReadOnlySpan<PhysicalOffset> offsets)
    {
        // Step 6 of a send: the reply is written now and leaves after step 8.
        DeferredReplies replies = batch.Defer(outcome.SkipsDiskWait ? _writeWithoutDisk : _write);
        replies.State<SentBatch>().Add(outcome.Result.Mark, outcome.Result.MessageCount);
        if (frame.IsOneWay)
        {
            return;
        }

        byte[]? rented = offsets.Length > 1 ? ArrayPool<byte>.Shared.Rent(SendReplyWriter.MaxIdBytes(offsets.Length)) : null;
        Span<byte> ids = rented ?? stackalloc byte[OffsetMessageId.MaxLength];
        int length = _replies.WriteIds(outcome.Result.Offset, offsets, ids);
        byte[] handle = _replies.HandleOf(outcome);
        Span<byte> destination = replies.GetSpan(_replies.MaxReplyBytes(length, outcome.UniqKey.Length, handleBytes: handle.Length, isInnerBatch: outcome.IsInnerBatch));
        replies.Advance(_replies.Write(destination, ReplyTo.Of(frame, batch.Connection), ids[..length], outcome.QueueId, outcome.QueueOffset, outcome.UniqKey, recallHandle: handle, isInnerBatch: outcome.IsInnerBatch));
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
