using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Broker.Ordering;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Assignments;

/// <summary>
/// QUERY_ASSIGNMENT (400): which queues a member is to pull, of a consumer that leaves that to brokers (clientRebalance=false). Any broker that has the topic is asked, so all must say the same: of the group's members and of the
/// topic's queues on all brokers. A group that is to pop is refused: nothing serves that here. Source: remoting.md §2.4, §5.12, apache/rocketmq QueryAssignmentProcessor.queryAssignment 5.5.0.
/// </summary>
internal sealed class QueryAssignmentHandler(TopicTable topics, ConsumerTable consumers, RequestModeTable modes, ReadableQueues readable) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        using HeldBytes held = BrokerJson.ReadBody(connection, request, BrokerJson.Default.AssignmentQuery, out AssignmentQuery query);
        string topic = query.Topic ?? throw Lacks("topic");
        string group = query.ConsumerGroup ?? throw Lacks("consumerGroup");
        bool shares = query.MessageModel switch
        {
            "CLUSTERING" => true,
            "BROADCASTING" => false,
            _ => throw new RemotingCommandException(ResponseCode.SystemError, "the body's field <messageModel> is neither CLUSTERING nor BROADCASTING"),
        };
        if (modes.Find(topic, group) is { IsPull: false } mode)
        {
            throw new RemotingCommandException(
                ResponseCode.RequestCodeNotSupported, $"group {group} is to read topic {topic} in mode {mode.Mode}, which is not served by this broker: set mode {RequestMode.Pull} (mqadmin setConsumeMode)");
        }

        IReadOnlyList<MessageQueueKey>? queues = topics.TryGet(topic, out TopicState? state) ? await readable.FindAsync(state).WaitAsync(cancellationToken) : null;
        IEnumerable<MessageQueueKey>? share = shares && queues is not null ? ShareOf(query, group, queues) : queues;
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(
            new AssignmentsBody { Assignments = share is null ? null : [.. share.Select(static queue => new AssignmentBody { Queue = queue, Mode = RequestMode.Pull })] }, BrokerJson.Default.AssignmentsBody);
        return response;
    }

    /// <summary>Null when it cannot be told, so that the member keeps what it has; nothing when the group has others and not this one.</summary>
    private IEnumerable<MessageQueueKey>? ShareOf(AssignmentQuery query, string group, IReadOnlyList<MessageQueueKey> queues)
    {
        string[] members = consumers.TryGet(group, out ConsumerGroup? found) ? found.ClientIds : [];
        if (string.IsNullOrEmpty(query.ClientId) || queues.Count == 0 || members.Length == 0)
        {
            return null;
        }

        Array.Sort(members, StringComparer.Ordinal);
        return QueueShares.Of(query.StrategyName, queues, members.Length, Array.IndexOf(members, query.ClientId));
    }

    private static RemotingCommandException Lacks(string field) => new(ResponseCode.SystemError, $"the body's field <{field}> is null");
}
