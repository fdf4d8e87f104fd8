using System.Diagnostics;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.StaticTopics;

/// <summary>
/// Questions about one queue (14, 29, 30, 31, 32): about a plain queue they go to <paramref name="physical"/>; about a logical one they are asked of the stretches that know, wherever
/// those lie, and answered in the logical queue's offsets. Source: apache/rocketmq AdminBrokerProcessor, ConsumerManageProcessor 5.5.0.
/// </summary>
internal sealed class LogicOffsetHandler(TopicTable topics, PhysicalRequests requests, AsyncRequestHandler physical, AsyncRequestHandler maxOffsets) : AsyncRequestHandler
{
    /// <summary>RocketMQ's remark when the queue is led elsewhere, spelled as it does.</summary>
    public const string NotHere = "{0}-{1} does not exit in request process of current broker {2}";

    private const string NotLeader = "{0}-{1} is not leader in broker {2}, request code {3}";
    private const string Offset = "offset";

    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        LogicQueue? queue = PhysicalRequests.QueueOf(request, topics, request.Code == RequestCode.GetMinOffset ? NotLeader : NotHere);
        return queue is null
            ? physical.HandleAsync(connection, request, cancellationToken)
            : new ValueTask<RemotingCommand?>(AnswerAsync(new Question(queue, connection, request, cancellationToken)));
    }

    private Task<RemotingCommand?> AnswerAsync(Question question) => question.Request.Code switch
    {
        RequestCode.GetMaxOffset => MaxAsync(question),
        RequestCode.GetMinOffset => MinAsync(question),
        RequestCode.GetEarliestMessageStoreTime => EarliestAsync(question),
        RequestCode.SearchOffsetByTimestamp => SearchAsync(question),
        RequestCode.QueryConsumerOffset => ProgressAsync(question),
        _ => throw new UnreachableException(),
    };

    private async Task<RemotingCommand?> MaxAsync(Question question)
    {
        LogicQueueMappingItem item = PlacedAt(question, long.MaxValue);
        return Answer(question, item.ToLogic(await AskOffsetAsync(question, item, physical)));
    }

    private async Task<RemotingCommand?> MinAsync(Question question)
    {
        LogicQueueMappingItem item = PlacedAt(question, 0);
        return Answer(question, item.ToLogicWithin(await AskOffsetAsync(question, item, physical)));
    }

    private async Task<RemotingCommand?> EarliestAsync(Question question) =>
        PhysicalRequests.AnswerOf(question.Request, await AskAsync(question, PlacedAt(question, 0), physical));

    /// <summary>
    /// The first stretch that has a message of the time. RocketMQ's own broker goes on to later stretches after it has found one elsewhere, and takes a stretch of its own that
    /// answers 0 for one without such a message.
    /// </summary>
    private async Task<RemotingCommand?> SearchAsync(Question question)
    {
        long found = -1;
        foreach (LogicQueueMappingItem item in question.Queue.Items.Where(static item => item.IsPlaced))
        {
            long offset = await AskOffsetAsync(question, item, physical);
            if (offset < 0 || (item.HasEnd && offset >= item.EndOffset))
            {
                continue;
            }

            found = item.ToLogic(offset);
            if (offset < await AskOffsetAsync(question with { Request = MaxOffsetOf(question.Request) }, item, maxOffsets))
            {
                break;
            }
        }

        return Answer(question, found);
    }

    /// <summary>A group's progress is kept beside the physical queues: the newest stretch that knows it counts.</summary>
    private async Task<RemotingCommand?> ProgressAsync(Question question)
    {
        IReadOnlyList<LogicQueueMappingItem> items = question.Queue.Items;
        if (items is [{ LogicOffset: 0 } only])
        {
            return PhysicalRequests.AnswerOf(question.Request, await AskAsync(question, only, physical));
        }

        for (int i = items.Count - 1; i >= 0; i--)
        {
            RemotingCommand answer = await AskAsync(question, items[i], physical);
            if (answer.Code == ResponseCode.Success && items[i].IsPlaced)
            {
                return Answer(question, items[i].ToLogic(answer.GetRequiredInt64(Offset)));
            }

            if (answer.Code is not (ResponseCode.Success or ResponseCode.QueryNotFound))
            {
                throw new RemotingCommandException(ResponseCode.SystemError, $"Unknown response code {answer.Code} of broker {items[i].BrokerName}: {answer.Remark}");
            }
        }

        return RemotingCommand.CreateResponse(question.Request, ResponseCode.QueryNotFound, "Not found, maybe this group consumer boot first");
    }

    private static RemotingCommand MaxOffsetOf(RemotingCommand request) =>
        RemotingCommand.CreateRequest(RequestCode.GetMaxOffset).Set("topic", request.Get("topic")).Set("queueId", request.Get("queueId"));

    private static LogicQueueMappingItem PlacedAt(Question question, long logicOffset) =>
        question.Queue.Find(logicOffset)
        ?? throw new RemotingCommandException(ResponseCode.SystemError, $"the logic offset of queue {question.Queue.Id} of topic {question.Queue.Mapping.Topic} is not decided yet");

    private async Task<long> AskOffsetAsync(Question question, LogicQueueMappingItem item, AsyncRequestHandler here)
    {
        RemotingCommand answer = await AskAsync(question, item, here);
        return answer.Code == ResponseCode.Success
            ? answer.GetRequiredInt64(Offset)
            : throw new RemotingCommandException(ResponseCode.SystemError, $"broker {item.BrokerName} answered {answer.Code}: {answer.Remark}");
    }

    private Task<RemotingCommand> AskAsync(Question question, LogicQueueMappingItem item, AsyncRequestHandler here)
    {
        RemotingCommand asked = question.Request;
        if (asked.Code == RequestCode.QueryConsumerOffset && question.Queue.Items is not [{ LogicOffset: 0 }])
        {
            // A stretch that knows nothing must not answer 0.
            asked = PhysicalRequests.Rewrite(asked, item).Set("setZeroIfNotFound", false);
        }

        return requests.AskAsync(question.Queue, item, asked, here, question.Connection, question.CancellationToken);
    }

    private static RemotingCommand Answer(Question question, long offset) => RemotingCommand.CreateResponse(question.Request, ResponseCode.Success).Set(Offset, offset);

    private sealed record Question(LogicQueue Queue, RemotingConnection Connection, RemotingCommand Request, CancellationToken CancellationToken);
}
