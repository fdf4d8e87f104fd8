using System.Globalization;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Roles;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Offsets;

/// <summary>
/// INVOKE_BROKER_TO_RESET_OFFSET (222): finds each queue's offset at the time asked for and tells every member of the group to go there
/// (RESET_CONSUMER_CLIENT_OFFSET). Case (a) of admin.md §2.5; the group must be online. Members are told one queue alone when the
/// request names it: RocketMQ passes over the name and moves all. With <c>useServerSideResetOffset</c> case (b): the broker keeps the
/// offsets for the next pulls
/// of the group, also of one queue and to an offset of the tool's choice. Of a static topic members are told the logical queues that this
/// broker leads, or the one that is asked for, always: one of them lies in
/// queues of several brokers.
/// </summary>
internal sealed class ResetOffsetHandler(
    BrokerSettings settings, CurrentOptions<OffsetOptions> options, CurrentRole role, TopicTable topics, GroupTable groups, ConsumerTable consumers, ConsumerOffsetTable offsets, MessageStore store, LogicOffsets logic) : HeavyRequestHandler
{
    /// <summary>A queue with the offset that is found for it.</summary>
    private const int TargetBytes = 64;

    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("group");
        if (options.Value.ServerSideReset && !(topics.TryGet(request.GetRequired("topic"), out TopicState? named) && named.Mapping is not null))
        {
            return await ResetHereAsync(request, answer, group, cancellationToken);
        }

        TopicState topic = topics.GetOrThrow(request.GetRequired("topic"));
        TopicQueueMapping? mapping = topic.Mapping;
        long timestamp = request.GetRequiredInt64("timestamp");
        bool force = request.GetBoolean("isForce", fallback: false);
        SortedDictionary<int, long> targets = [];
        answer.Add((long)(mapping?.TotalQueues ?? topic.Config.WriteQueueNums) * TargetBytes);
        int queueId = request.GetInt32("queueId", -1);
        if (mapping is null)
        {
            targets = queueId < 0
                ? await FindTargetsAsync(topic, group, timestamp, force, cancellationToken)
                : new SortedDictionary<int, long> { [queueId] = await FindTargetAsync(topic, queueId, request.GetInt64("offset", -1), group, timestamp, force, cancellationToken) };
        }
        else if (queueId >= 0)
        {
            targets[queueId] = await FindLogicTargetAsync(answer.Connection, topic.Name, mapping, queueId, request.GetInt64("offset", -1), group, timestamp, force, cancellationToken);
        }
        else
        {
            targets = await FindLogicTargetsAsync(answer.Connection, topic.Name, mapping, group, timestamp, force, cancellationToken);
        }

        if (!consumers.TryGet(group, out OnlineGroup? online))
        {
            throw new RemotingCommandException(
                ResponseCode.ConsumerNotOnline,
                $"Consumer not online, so can not reset offset, Group: {group} Topic: {topic.Name} Timestamp: {timestamp.ToString(CultureInfo.InvariantCulture)}");
        }

        // Java clients of 5.x and ours name the broker of a logical queue differently; what a member does not read it passes over.
        ReadOnlyMemory<byte> body = Write(answer, topic.Name, targets, settings.Current.BrokerName);
        ReadOnlyMemory<byte> pushed = mapping is null ? body : Write(answer, topic.Name, targets, settings.Current.BrokerName, mapping.MockBrokerName());
        foreach (ClientChannel channel in online.Channels)
        {
            if (channel.Version < MqVersion.ResetOffsetByPush)
            {
                throw new RemotingCommandException(ResponseCode.SystemError, $"the client {channel.ClientId} is too old to be told an offset");
            }

            RemotingCommand push = RemotingCommand.CreateRequest(RequestCode.ResetConsumerClientOffset).Set("topic", topic.Name).Set("group", group).Set("timestamp", timestamp).Set("isForce", true);
            push.Body = pushed;
            channel.Connection.SendOneWay(push);
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body;
        return response;
    }

    private async ValueTask<RemotingCommand?> ResetHereAsync(RemotingCommand request, HeavyAnswer answer, string group, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("topic");
        long timestamp = request.GetRequiredInt64("timestamp");
        if (role.IsSlave)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "Can not reset offset in slave broker");
        }

        if (!topics.TryGet(name, out TopicState? topic))
        {
            throw new RemotingCommandException(ResponseCode.TopicNotExist, $"Topic {name} does not exist");
        }

        if (!groups.TryGet(group, out _))
        {
            throw new RemotingCommandException(ResponseCode.SubscriptionGroupNotExist, $"Group {group} does not exist");
        }

        answer.Add((long)topic.Config.ReadQueueNums * TargetBytes);
        SortedDictionary<int, long> targets = await FindTargetsHereAsync(topic, request.GetInt32("queueId", -1), request.GetInt64("offset", -1), timestamp, cancellationToken);
        // First, as it may be refused: then nothing is reset.
        ReadOnlyMemory<byte> body = Write(answer, name, targets, settings.Current.BrokerName);
        foreach ((int queueId, long target) in targets)
        {
            offsets.Reset(name, group, queueId, target);
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body;
        return response;
    }

    private async Task<SortedDictionary<int, long>> FindTargetsHereAsync(TopicState topic, int queueId, long offset, long timestamp, CancellationToken cancellationToken)
    {
        SortedDictionary<int, long> targets = [];
        if (queueId < 0)
        {
            for (int id = 0; id < topic.Config.ReadQueueNums; id++)
            {
                targets[id] = await OffsetAtAsync(topic, id, timestamp, cancellationToken);
            }
        }
        else
        {
            CheckQueue(topic, queueId);
            targets[queueId] = offset == -1
                ? await OffsetAtAsync(topic, queueId, timestamp, cancellationToken)
                : await CheckedAsync(topic, queueId, offset, cancellationToken);
        }

        return targets.Count > 0 ? targets : throw new RemotingCommandException(ResponseCode.SystemError, "No queues to reset.");
    }

    /// <summary>The queue's end for a negative time.</summary>
    private async ValueTask<long> OffsetAtAsync(TopicState topic, int queueId, long timestamp, CancellationToken cancellationToken) => Math.Max(0, timestamp < 0
        ? (await store.Reader.GetOffsetsAsync(topic.StoreTopic, queueId, cancellationToken)).Max
        : await store.Reader.OffsetByTimeAsync(topic.StoreTopic, queueId, timestamp, TimeBoundary.Lower, cancellationToken));

    private async Task<SortedDictionary<int, long>> FindTargetsAsync(TopicState topic, string group, long timestamp, bool force, CancellationToken cancellationToken)
    {
        SortedDictionary<int, long> targets = [];
        for (int queueId = 0; queueId < topic.Config.WriteQueueNums; queueId++)
        {
            targets[queueId] = await AtTimeAsync(topic, queueId, group, timestamp, force, cancellationToken);
        }

        return targets;
    }

    /// <summary>Finds the target in one queue. An offset goes before the time, which tools leave at 0 then.</summary>
    private async Task<long> FindTargetAsync(
        TopicState topic, int queueId, long offset, string group, long timestamp, bool force, CancellationToken cancellationToken)
    {
        CheckQueue(topic, queueId);
        return offset == -1
            ? await AtTimeAsync(topic, queueId, group, timestamp, force, cancellationToken)
            : await CheckedAsync(topic, queueId, offset, cancellationToken);
    }

    private async Task<long> AtTimeAsync(
        TopicState topic, int queueId, string group, long timestamp, bool force, CancellationToken cancellationToken)
    {
        long committed = offsets.Query(topic.Name, group, queueId);
        long target = timestamp == -1
            ? (await store.Reader.GetOffsetsAsync(topic.StoreTopic, queueId, cancellationToken)).Max
            : await store.Reader.OffsetByTimeAsync(topic.StoreTopic, queueId, timestamp, TimeBoundary.Lower, cancellationToken);
        return Choose(group, committed, target, force);
    }

    private static void CheckQueue(TopicState topic, int queueId)
    {
        if (queueId >= topic.Config.ReadQueueNums)
        {
            throw new RemotingCommandException(
                ResponseCode.SystemError, $"queueId {queueId} is not below {topic.Config.ReadQueueNums}, the topic's number of read queues");
        }
    }

    private async Task<long> CheckedAsync(TopicState topic, int queueId, long offset, CancellationToken cancellationToken)
    {
        (long min, long max) = await store.Reader.GetOffsetsAsync(topic.StoreTopic, queueId, cancellationToken);
        return Within(offset, min, max);
    }

    private async Task<SortedDictionary<int, long>> FindLogicTargetsAsync(
        RemotingConnection connection, string topic, TopicQueueMapping mapping, string group, long timestamp, bool force, CancellationToken cancellationToken)
    {
        SortedDictionary<int, long> targets = [];
        foreach (int queueId in mapping.FindLed())
        {
            targets[queueId] = await AtTimeAsync(connection, topic, queueId, group, timestamp, force, cancellationToken);
        }

        return targets;
    }

    /// <summary>Finds the target in one logical queue. An offset goes before the time, which tools leave at 0 then.</summary>
    private async Task<long> FindLogicTargetAsync(
        RemotingConnection connection, string topic, TopicQueueMapping mapping, int queueId, long offset, string group, long timestamp, bool force, CancellationToken cancellationToken)
    {
        if (!mapping.TryGetLed(queueId, out _))
        {
            // As questions about offsets are answered, spelled as RocketMQ does.
            throw new RemotingCommandException(ResponseCode.NotLeaderForQueue, string.Create(CultureInfo.InvariantCulture, $"{topic}-{queueId} does not exit in request process of current broker {mapping.BrokerName}"));
        }

        if (offset == -1)
        {
            return await AtTimeAsync(connection, topic, queueId, group, timestamp, force, cancellationToken);
        }

        long min = await logic.BeginAsync(topic, queueId, connection, cancellationToken);
        long max = await logic.EndAsync(topic, queueId, connection, cancellationToken);
        return Within(offset, min, max);
    }

    private async Task<long> AtTimeAsync(RemotingConnection connection, string topic, int queueId, string group, long timestamp, bool force, CancellationToken cancellationToken)
    {
        long committed = await logic.ProgressAsync(topic, queueId, group, connection, cancellationToken);
        long target = timestamp == -1
            ? await logic.EndAsync(topic, queueId, connection, cancellationToken)
            : await logic.AtAsync(topic, queueId, timestamp, connection, cancellationToken);
        return Choose(group, committed, target, force);
    }

    private static long Within(long offset, long min, long max) =>
        offset >= min && offset <= max + 1 ? offset : throw new RemotingCommandException(ResponseCode.SystemError, $"Target offset {offset} not in consume queue range [{min}-{max}]");

    private static long Choose(string group, long committed, long target, bool force)
    {
        if (committed < 0)
        {
            // The typing error is RocketMQ's; tools look for the text.
            throw new RemotingCommandException(ResponseCode.SystemError, $"THe consumer group <{group}> not exist");
        }

        return force || target < committed ? Math.Max(0, target) : committed;
    }

    private static ReadOnlyMemory<byte> Write(HeavyAnswer answer, string topic, SortedDictionary<int, long> targets, params ReadOnlySpan<string> brokerNames)
    {
        AnswerBody body = new(answer);
        FastJsonWriter json = new(body);
        json.BeginObject().Name("offsetTable").BeginObject();
        foreach ((int queueId, long offset) in targets)
        {
            foreach (string brokerName in brokerNames)
            {
                json.BeginObjectName().Field("brokerName", brokerName).Field("queueId", queueId).Field("topic", topic).EndObjectName().Value(offset);
            }
        }

        json.EndObject().EndObject();
        return body.Written;
    }
}
