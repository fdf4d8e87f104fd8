using RocketOps.Broker.Configuration;
using RocketOps.Broker.Overload;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>
/// Limits on what a heartbeat may make the broker keep for as long as its client is there: groups, subscriptions, whose topics need not be,
/// and texts. All of it is looked at before anything is registered.
/// </summary>
internal sealed class HeartbeatLimits(CurrentOptions<ClientTableOptions> options, ConsumerTable consumers, ProducerTable producers, Registrations registrations, RefusedEntries refused)
{
    /// <summary>RocketMQ's clients take no longer group; the rest are names of enums.</summary>
    private const int MaxNameLength = 255;

    /// <summary>An address and a name that the program may choose, mostly fewer than a hundred.</summary>
    private const int MaxClientIdLength = 1024;

    /// <summary>Throws <see cref="RemotingCommandException"/>, which names the limit, when it is too much. What is not is noted until the connection closes (<see cref="ClientRegistry.Watch"/>).</summary>
    public void Check(RemotingConnection connection, HeartbeatBody body)
    {
        CheckLength("clientID", body.ClientId, MaxClientIdLength);
        foreach (HeartbeatBody.ConsumerData consumer in body.Consumers ?? [])
        {
            CheckLength("consumeType", consumer.ConsumeType);
            CheckLength("messageModel", consumer.MessageModel);
            CheckLength("consumeFromWhere", consumer.ConsumeFromWhere);
        }

        foreach (HeartbeatBody.ProducerData producer in body.Producers ?? [])
        {
            CheckLength("groupName", producer.GroupName);
        }

        ClientTableOptions now = options.Value;
        int consuming = consumers.CountGroupsWith(connection, body.Consumers);
        int producing = producers.CountGroupsWith(connection, body.Producers);
        CheckGroups(consuming, now.MaxGroupsPerConnection);
        CheckGroups(producing, now.MaxGroupsPerConnection);
        long subscriptions = consumers.CountSubscriptionsWith(connection, body);
        if (subscriptions > now.MaxSubscriptionsPerConnection)
        {
            throw Refused($"the connection would have {subscriptions} subscriptions, long ones counting several times, more than maxSubscriptionsPerConnection, which is {now.MaxSubscriptionsPerConnection}");
        }

        if (!registrations.TryNote(connection, consuming + producing + subscriptions))
        {
            string why = $"the clients of this broker are members of {registrations.Total} groups and topics, as many as maxRegistrations, which is {now.MaxRegistrations}";
            refused.CountClient(body.ClientId, why);
            throw Refused(why);
        }
    }

    private static void CheckGroups(int groups, int most)
    {
        if (groups > most)
        {
            throw Refused($"the connection would be a member of {groups} groups, more than maxGroupsPerConnection, which is {most}");
        }
    }

    private static void CheckLength(string field, string? text, int most = MaxNameLength)
    {
        if (text?.Length > most)
        {
            throw Refused($"the heartbeat's field <{field}> has {text.Length} characters, more than {most}");
        }
    }

    private static RemotingCommandException Refused(string remark) => new(ResponseCode.SystemError, remark);
}
