using System.Buffers.Binary;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>CONSUME_MESSAGE_DIRECTLY (309): gives one stored message to a member of the group, which consumes it at once and tells how that went. Source: admin.md §2.4.</summary>
internal sealed class ConsumeDirectlyHandler(BrokerSettings settings, TopicTable topics, GroupTable groups, MessageStore store, ConsumerCaller caller) : AsyncRequestHandler
{
    /// <summary>Bytes of an offset at the end of a message id.</summary>
    private const int OffsetBytes = 8;

    /// <summary>Characters of a message id, by the kind of its host's address.</summary>
    private const int IdLengthV4 = 32;
    private const int IdLengthV6 = 56;

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("consumerGroup");
        string clientId = request.GetRequired("clientId");
        long offset = OffsetOf(request.GetRequired("msgId"));
        byte[] record = await store.Reader.LookKeptMessageAsync(new PhysicalOffset(offset), cancellationToken)
            ?? throw new RemotingCommandException(ResponseCode.SystemError, $"look message by offset failed, {offset}");

        // Until the member has answered, which takes as long as it likes, and twice: what is on its way to the member counts for that one, who has not asked for it, and is not to be the greedier of the two.
        using HeldBytes held = connection.Hold(2L * record.Length);
        request.Body = record;
        request.Set("brokerName", settings.Current.BrokerName);
        if (request.Get("topic") is { Length: > 0 } name && topics.TryGet(name, out TopicState? topic))
        {
            request.Set("topicSysFlag", topic.Config.TopicSysFlag);
        }

        if (groups.TryGet(group, out GroupState? state))
        {
            request.Set("groupSysFlag", state.Config.GroupSysFlag);
        }

        return await caller.CallAsync(request, group, clientId, cancellationToken);
    }

    /// <summary>The commit-log offset that an offset message id ends with (remoting.md §4.5).</summary>
    private static long OffsetOf(string messageId)
    {
        byte[] id = new byte[messageId.Length / 2];
        bool isId = messageId.Length is IdLengthV4 or IdLengthV6
            && Convert.FromHexString(messageId, id, out _, out int written) == System.Buffers.OperationStatus.Done && written == id.Length;
        long offset = isId ? BinaryPrimitives.ReadInt64BigEndian(id.AsSpan(id.Length - OffsetBytes)) : -1;
        return offset >= 0 ? offset : throw new RemotingCommandException(ResponseCode.SystemError, $"the field <msgId> is no offset message id: \"{messageId}\"");
    }
}
