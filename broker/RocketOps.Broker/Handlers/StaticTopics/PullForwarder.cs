using RocketOps.Broker.Pulling;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.StaticTopics;

/// <summary>Pulls of logical queues (11, 361) whose offset lies in a stretch of another broker: it is asked, without waiting there, and its answer passed on.</summary>
internal sealed class PullForwarder(TopicTable topics, BrokerPeers peers) : AsyncRequestHandler
{
    private const string NotHere = "{0}-{1} cannot find mapping item in request process of current broker {2}";
    private const string NextOffset = "nextBeginOffset";
    private const string MinOffset = "minOffset";
    private const string MaxOffset = "maxOffset";

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        long offset = request.GetRequiredInt64("queueOffset");
        if (PhysicalRequests.QueueOf(request, topics, NotHere) is not { } queue || queue.Find(offset) is not { } item)
        {
            // Remapped since it was looked at.
            return RemotingCommand.CreateResponse(request, ResponseCode.PullRetryImmediately)
                .Set("suggestWhichBrokerId", 0).Set(NextOffset, offset).Set(MinOffset, 0).Set(MaxOffset, offset);
        }

        LogicPull pull = new(queue, item, offset);
        RemotingCommand physical = PhysicalRequests.Rewrite(request, item)
            .Set("queueOffset", pull.Offset)
            .Set("maxMsgNums", pull.Limit(request.GetRequiredInt32("maxMsgNums")))
            .Set("sysFlag", request.GetRequiredInt32("sysFlag") & ~(PullMessageRequestHeader.SuspendFlag | PullMessageRequestHeader.CommitOffsetFlag));
        // Pull consumers that bring their subscription along send 361 to the leader; other brokers know it as 11.
        physical.Code = RequestCode.PullMessage;
        RemotingCommand answer = await peers.InvokeAsync(item.BrokerName ?? string.Empty, physical, cancellationToken);
        if (OutcomeOf(answer.Code) is not { } outcome)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"broker {item.BrokerName} answered {answer.Code}: {answer.Remark}");
        }

        PullAnswer logic = pull.Rewrite(new PullAnswer(
            outcome,
            GetStatus.Found,
            answer.GetRequiredInt64(NextOffset),
            answer.GetRequiredInt64(MinOffset),
            answer.GetRequiredInt64(MaxOffset),
            answer.GetRequiredInt64("suggestWhichBrokerId")));
        RemotingCommand passedOn = PhysicalRequests.AnswerOf(request, answer)
            .Set(NextOffset, logic.NextOffset).Set(MinOffset, logic.MinOffset).Set(MaxOffset, logic.MaxOffset).Set("offsetDelta", logic.OffsetDelta ?? 0);
        passedOn.Code = PullCodes.CodeOf(logic.Outcome);
        return passedOn;
    }

    private static PullOutcome? OutcomeOf(int code) => code switch
    {
        ResponseCode.Success => PullOutcome.Found,
        ResponseCode.PullNotFound => PullOutcome.NotFound,
        ResponseCode.PullRetryImmediately => PullOutcome.RetryAtOnce,
        ResponseCode.PullOffsetMoved => PullOutcome.OffsetMoved,
        _ => null,
    };
}
