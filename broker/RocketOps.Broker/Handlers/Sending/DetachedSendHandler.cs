using System.Text;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replies;
using RocketOps.Broker.RequestReply;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Sending;

/// <summary>A send that must await something first, a topic that is made, a queue that is read from disk, room in memory or the answer of the group's master: the request is copied, waits off the connection's loop, and goes through the same pipeline.</summary>
internal sealed class DetachedSendHandler(
    TopicTable topics,
    SendPipeline pipeline,
    SendReplyWriter replies,
    SendRefusals refusals,
    MessageAppender appender,
    MessageStore store,
    MasterForwarder? forwarder,
    AskerTable askers,
    TimeProvider time) : AsyncRequestHandler
{
    /// <summary>Somebody may delete the topic as fast as it is made; then the producer tries again later.</summary>
    private const int MaxAttempts = 5;

    protected override bool FinishesOneWay => true;

    /// <summary>True when what was refused may still be stored, by another broker or in a moment.</summary>
    public bool Takes(SendStatus refused) => forwarder is not null && forwarder.Takes(refused);

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        RequestCopy copy = new(request);
        long startedAt = time.GetTimestamp();
        Attempt attempt = Try(copy, connection);
        int attempts = 1;
        while (attempts < MaxAttempts && (attempt.Status is SendStatus.TopicToBeMade or SendStatus.DeadLetterTopicToBeMade or SendStatus.RoomToBeMade or SendStatus.QueueToBeLoaded || Takes(attempt.Status)))
        {
            if (Takes(attempt.Status))
            {
                attempts++;
                if (await forwarder!.ForwardAsync(connection, request, cancellationToken) is { } answer)
                {
                    // The reply goes by this connection too.
                    answer.ExpectsMore = attempt.WantsReply && answer.Code == ResponseCode.Success;
                    return answer;
                }
            }
            else if (attempt.Status == SendStatus.QueueToBeLoaded)
            {
                // Not counted: a loaded queue stays loaded, and a send without a queue of its own may come to all of them.
                AppendStatus loaded = await store.Writer.LoadQueueAsync(attempt.LoadTopic!, attempt.LoadQueue, cancellationToken);
                if (loaded != AppendStatus.Ok)
                {
                    attempt = attempt with { Status = SendPipeline.StatusOf(loaded) };
                    break;
                }
            }
            else
            {
                attempts++;
                if (attempt.Status == SendStatus.RoomToBeMade)
                {
                    if (!await appender.WhenRoomAsync())
                    {
                        break;
                    }
                }
                else if (await MakeTopicAsync(attempt) is { State: null } missing)
                {
                    return refusals.Answer(request, SendRefusals.StatusOf(missing.Refusal), attempt.Asked.Name);
                }
            }

            attempt = Try(copy, connection);
        }

        if (attempt.Status != SendStatus.Stored)
        {
            return refusals.Answer(request, attempt.Status, attempt.Asked.Name, attempt.Appended.QueueId, attempt.Topic?.Config);
        }

        AppendOutcome outcome = await appender.CompleteAsync(attempt.Appended.Result, waitForDisk: !attempt.Appended.SkipsDiskWait, startedAt);
        if (outcome.Status != AppendStatus.Ok)
        {
            return refusals.Answer(request, SendStatus.StoreNotAvailable);
        }

        if (!request.IsOneWay)
        {
            Reply(new ReplyTo(connection, request.SerializeType, request.Opaque), attempt.Appended, outcome.Durability);
        }

        return null;
    }

    private async Task<FoundTopic> MakeTopicAsync(Attempt attempt) => attempt.Status == SendStatus.DeadLetterTopicToBeMade
        ? new FoundTopic(await topics.GetOrCreateInternalAsync(TopicNames.DeadLetterTopicOf(attempt.Asked.Name[TopicNames.RetryPrefix.Length..]), 1))
        : await topics.GetOrCreateForSendAsync(attempt.Asked.Name, attempt.Asked.Default, attempt.Asked.DefaultQueueNums, attempt.Asked.UnitMode);

    private Attempt Try(RequestCopy copy, RemotingConnection connection)
    {
        RequestFrame frame = copy.Frame;
        SendMessageRequestHeader header = SendMessageRequestHeader.Read(frame, copy.Scratch);
        SendRequest sent = SendRequestReader.Read(frame, header, connection);
        bool wantsReply = askers.Note(frame, connection, SendProperties.Read(sent.Properties).AskerIn(sent.Topic));
        PhysicalOffset[] offsets = new PhysicalOffset[Math.Max(0, sent.BatchCount)];
        SendOutcome outcome = pipeline.Send(sent, offsets);
        return new Attempt(
            outcome.Status,
            new Appended(
                outcome.Result,
                outcome.QueueId,
                outcome.QueueOffset,
                outcome.SkipsDiskWait,
                outcome.UniqKey.ToArray(),
                outcome.Status == SendStatus.Stored ? replies.HandleOf(outcome) : [],
                outcome.IsInnerBatch ? [] : offsets,
                outcome.IsInnerBatch),
            AskedTopic.Of(header),
            outcome.Topic,
            outcome.LoadTopic,
            outcome.LoadQueue,
            wantsReply);
    }

    private void Reply(in ReplyTo to, Appended appended, WaitOutcome durability)
    {
        byte[] ids = new byte[SendReplyWriter.MaxIdBytes(Math.Max(1, appended.Offsets.Length))];
        int length = replies.WriteIds(appended.Result.Offset, appended.Offsets, ids);
        byte[] remark = Encoding.UTF8.GetBytes(SendRefusals.RemarkOf(durability) ?? string.Empty);
        byte[] frame = FrameBuffers.Rent(replies.MaxReplyBytes(length, appended.UniqKey.Length, remark.Length, appended.RecallHandle.Length, appended.IsInnerBatch));
        int written = replies.Write(
            frame, to, ids.AsSpan(0, length), appended.QueueId, appended.QueueOffset, appended.UniqKey, SendRefusals.CodeOf(durability), remark, appended.RecallHandle, appended.IsInnerBatch);
        using (OutputLease output = to.Connection.LeaseOutput(flush: true))
        {
            output.Write(frame.AsSpan(0, written));
        }

        FrameBuffers.Return(frame);
    }

    /// <summary>An outcome that outlives its request's bytes.</summary>
    private sealed record Attempt(SendStatus Status, Appended Appended, AskedTopic Asked, TopicState? Topic, StoreTopic? LoadTopic, int LoadQueue, bool WantsReply);

    /// <summary>A message that was appended, or the queue it was meant for.</summary>
    private sealed record Appended(
        AppendResult Result, int QueueId, long QueueOffset, bool SkipsDiskWait, byte[] UniqKey, byte[] RecallHandle, PhysicalOffset[] Offsets, bool IsInnerBatch);
}
