using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Assignments;

/// <summary>
/// QUERY_ASSIGNMENT (400): which queues a member is to pull, of a consumer that leaves that to brokers (clientRebalance=false). Any broker that has the topic is asked, so all must say the same: of the group's members and of the
/// topic's queues on all brokers. A group that is to pop is refused: nothing serves that here. Source: remoting.md §2.4, §5.12, apache/rocketmq QueryAssignmentProcessor.queryAssignment 5.5.0.
/// All members ask for it all the time: only answers about many queues or members take turns, and once the queues are known, since name servers may have to be asked.
/// </summary>
internal sealed class QueryAssignmentHandler(TopicTable topics, ConsumerTable consumers, RequestModeTable modes, ReadableQueues readable, AwaitedConsumers? awaited = null) : HeavyRequestHandler(atOnce: 1, onlyLarge: true)
{
    /// <summary>Queues or members. So many queues have names of a few hundred kilobytes.</summary>
    private const int Few = 1000;

    /// <summary>A queue while the answer is made: what it is called, of a static topic, and its place in the answer; or a member among those that share.</summary>
    private const int EntryBytes = 96;

    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        using HeldBytes held = BrokerJson.ReadBody(answer.Connection, request, AssignmentJson.Default.AssignmentQuery, out AssignmentQuery query);
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

        IReadOnlyList<MessageQueueKey>? queues = null;
        if (topics.TryGet(topic, out TopicState? state))
        {
            // Those of a static topic are made for each answer. Of others name servers tell, for whom nobody is to wait in his turn.
            int? made = state.Mapping?.TotalQueues;
            queues = made is null ? await readable.FindAsync(state).WaitAsync(cancellationToken) : null;
            (int count, int members) = (made ?? queues?.Count ?? 0, consumers.TryGet(group, out OnlineGroup? online) ? online.MemberCount : 0);
            if (Math.Max(count, members) > Few && !await answer.TakeTurnAsync(cancellationToken))
            {
                return null;
            }

            answer.Add(((long)count + members) * EntryBytes);
            queues ??= made is null ? null : await readable.FindAsync(state);
        }

        IEnumerable<MessageQueueKey>? share = shares && queues is not null ? ShareOf(query, group, queues) : queues;
        AnswerBody body = new(answer);
        BrokerJson.Write(
            body, new AssignmentsBody { Assignments = share is null ? null : [.. share.Select(static queue => new AssignmentBody { Queue = queue, Mode = RequestMode.Pull })] }, AssignmentJson.Default.AssignmentsBody);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return response;
    }

    /// <summary>Null when it cannot be told, so that the member keeps what it has; nothing when the group has others and not this one.</summary>
    private IEnumerable<MessageQueueKey>? ShareOf(AssignmentQuery query, string group, IReadOnlyList<MessageQueueKey> queues)
    {
        string[] members = consumers.TryGet(group, out OnlineGroup? found) ? found.ClientIds : [];
        members = awaited?.With(group, members) ?? members;
        if (string.IsNullOrEmpty(query.ClientId) || queues.Count == 0 || members.Length == 0)
        {
            return null;
        }

        Array.Sort(members, StringComparer.Ordinal);
        return QueueShares.Of(query.StrategyName, queues, members.Length, Array.IndexOf(members, query.ClientId));
    }

    private static RemotingCommandException Lacks(string field) => new(ResponseCode.SystemError, $"the body's field <{field}> is null");
}
