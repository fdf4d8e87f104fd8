using System.Runtime.CompilerServices;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>HEART_BEAT (34): registers the client's groups before it answers, as the client asks for its group's members right after. Source: remoting.md §2.4, §5.9.</summary>
internal sealed class HeartbeatHandler(
    CurrentOptions<PullOptions> options, HeartbeatLimits limits, GroupMaker groups, TopicTable topics, ConsumerTable consumers, ProducerTable producers, ClientRegistry registry, TimeProvider time)
    : AsyncRequestHandler
{
    // What a heartbeat may register depends on what the connection's last one did.
    private readonly ConditionalWeakTable<RemotingConnection, SemaphoreSlim> _turns = new();

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        SemaphoreSlim turn = _turns.GetValue(connection, static _ => new SemaphoreSlim(1, 1));

        // To its turn in any case: a thousand exceptions at once, when it closes, would keep the thread pool from everybody.
        await turn.WaitAsync(CancellationToken.None);
        try
        {
            return cancellationToken.IsCancellationRequested ? null : await RegisterAsync(connection, request);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<RemotingCommand> RegisterAsync(RemotingConnection connection, RemotingCommand request)
    {
        using HeldBytes held = BrokerJson.ReadBody(connection, request, ClientJson.Default.HeartbeatBody, out HeartbeatBody body);
        if (string.IsNullOrEmpty(body.ClientId))
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "the heartbeat has no clientID");
        }

        // Before the first group is made: every one is an entry in two files.
        limits.Check(connection, body);
        try
        {
            return await RegisterAsync(connection, request, body);
        }
        finally
        {
            registry.Watch(connection);
        }
    }

    private async Task<RemotingCommand> RegisterAsync(RemotingConnection connection, RemotingCommand request, HeartbeatBody body)
    {
        string clientId = body.ClientId!;
        bool changed = false;
        bool isServed = false;
        GroupRefusal refusal = GroupRefusal.None;
        bool rejectsPullConsumers = options.Value.RejectPullConsumer;
        foreach (HeartbeatBody.ConsumerData consumer in body.Consumers ?? [])
        {
            if (rejectsPullConsumers && string.Equals(consumer.ConsumeType, OnlineGroup.Actively, StringComparison.Ordinal))
            {
                // As RocketMQ: it is passed over as if it had not said so; its pulls are refused with 24.
                continue;
            }

            if (string.IsNullOrEmpty(consumer.GroupName))
            {
                continue;
            }

            FoundGroup found = await groups.FindOrMakeAsync(connection, consumer.GroupName);
            if (found.State is not { } group)
            {
                // As RocketMQ: a group that may not be created is passed over; its pulls are refused with 26. So is one too many, for the sake of those beside it; its pulls are refused with 1.
                refusal = found.Refusal > refusal ? found.Refusal : refusal;
                continue;
            }

            isServed = true;
            await topics.GetOrCreateInternalAsync(TopicNames.RetryTopicOf(consumer.GroupName), Math.Max(1, group.Config.RetryQueueNums));
            changed |= consumers.Register(
                new ClientChannel(connection, clientId, request.Language, request.Version, time), consumer, body.WithoutSubscriptions, body.Fingerprint);
        }

        ClientChannel channel = new(connection, clientId, request.Language, request.Version, time);
        foreach (HeartbeatBody.ProducerData producer in body.Producers ?? [])
        {
            if (!string.IsNullOrEmpty(producer.GroupName))
            {
                producers.Register(producer.GroupName, channel);
            }
        }

        if (!isServed && groups.RemarkOf(refusal) is { } remark)
        {
            // Not where other groups are served: Java's client takes the broker's version from a success alone, and without it pulls nothing by SQL92, and Go's nothing by tag.
            return RemotingCommand.CreateResponse(request, ResponseCode.SystemError, remark);
        }

        return RemotingCommand.CreateResponse(request, ResponseCode.Success)
            .Set("IS_SUPPORT_HEART_BEAT_V2", true)
            .Set("IS_SUB_CHANGE", body.Fingerprint == 0 || changed);
    }
}
