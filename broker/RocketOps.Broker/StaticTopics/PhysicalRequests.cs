using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.StaticTopics;

/// <summary>
/// Turns a request about a logical queue into one about the physical queue of a stretch, and has it answered where that lies: here, or by the broker that has it. What is
/// forwarded says <c>lo=false</c>, so that nobody takes its queue for a logical one.
/// </summary>
internal sealed class PhysicalRequests(BrokerPeers peers)
{
    public const string LogicalField = "lo";

    /// <summary>True when the request was rewritten already, by a broker that forwarded it.</summary>
    public static bool IsPhysical(RemotingCommand request) => !request.GetBoolean(LogicalField, fallback: true);

    /// <summary>
    /// The logical queue the request names; null when its topic is not static or the queue is a physical one. Throws <see cref="RemotingCommandException"/> with code 501 when
    /// another broker leads it.
    /// </summary>
    public static LogicQueue? QueueOf(RemotingCommand request, TopicTable topics, string words)
    {
        if (request.Get("topic") is not { } name || !topics.TryGet(name, out TopicState? topic) || topic.Mapping is not { } mapping || IsPhysical(request))
        {
            return null;
        }

        int id = request.GetRequiredInt32("queueId");
        return mapping.TryGetLed(id, out LogicQueue? queue)
            ? queue
            : throw new RemotingCommandException(ResponseCode.NotLeaderForQueue, string.Format(System.Globalization.CultureInfo.InvariantCulture, words, name, id, mapping.BrokerName, request.Code));
    }

    /// <summary>A copy of the request for the physical queue of a stretch.</summary>
    public static RemotingCommand Rewrite(RemotingCommand request, LogicQueueMappingItem item)
    {
        RemotingCommand physical = RemotingCommand.CreateRequest(request.Code);
        foreach ((string field, string value) in request.ExtFields ?? [])
        {
            physical.Set(field, value);
        }

        return physical.Set("queueId", item.QueueId).Set("bname", item.BrokerName).Set(LogicalField, false);
    }

    /// <summary>The answer about the stretch's physical queue, whatever its code. Throws <see cref="RemotingCommandException"/> when nobody answers.</summary>
    public async Task<RemotingCommand> AskAsync(
        LogicQueue queue, LogicQueueMappingItem item, RemotingCommand request, AsyncRequestHandler here, RemotingConnection connection, CancellationToken cancellationToken)
    {
        RemotingCommand physical = Rewrite(request, item);
        return queue.Mapping.IsHere(item)
            ? await here.HandleAsync(connection, physical, cancellationToken) ?? throw new InvalidOperationException($"request {request.Code} has no answer")
            : await peers.InvokeAsync(item.BrokerName ?? string.Empty, physical, cancellationToken);
    }

    /// <summary>An answer of another broker to a request that it was forwarded.</summary>
    public static RemotingCommand AnswerOf(RemotingCommand request, RemotingCommand forwarded)
    {
        RemotingCommand answer = RemotingCommand.CreateResponse(request, forwarded.Code, forwarded.Remark);
        foreach ((string field, string value) in forwarded.ExtFields ?? [])
        {
            answer.Set(field, value);
        }

        answer.Body = forwarded.Body;
        return answer;
    }
}
