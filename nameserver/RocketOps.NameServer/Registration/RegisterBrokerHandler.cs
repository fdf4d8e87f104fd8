using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.KeyValues;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Records;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Registration;

/// <summary>REGISTER_BROKER (103). Source: remoting.md §3.3.</summary>
internal sealed class RegisterBrokerHandler(RouteTable routes, KeyValueStore keyValues, NameServerConfiguration configuration, ILogger logger) : NameServerHandler
{
    /// <summary>Longer names are no broker's: host names end at 253 characters, topic names at 255.</summary>
    private const int MaxNameLength = 255;

    // Connections that brokers registered by: the end of each is watched once, however often its broker registers.
    private readonly ConditionalWeakTable<RemotingConnection, object> _watched = [];

    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        BrokerRegistration registration = Read(connection, request);
        bool known = routes.FindDataVersion(registration.Cluster, registration.Address) is not null;
        RegistrationResult result = routes.Register(registration);
        if (!known)
        {
            NameServerLog.Registered(logger, registration.BrokerName, registration.BrokerId, registration.Cluster, registration.Address);
        }

        Watch(connection);
        RemotingCommand response = Success(request).Set("haServerAddr", result.MasterHaAddress).Set("masterAddr", result.MasterAddress);
        if (configuration.Get(NameServerProperties.ReturnOrderTopicConfigToBroker) && keyValues.GetNamespace(KeyValueStore.OrderTopicConfig) is { } order)
        {
            response.Body = RouteJson.WriteTable(order);
        }

        return response;
    }

    private static BrokerRegistration Read(RemotingConnection connection, RemotingCommand request)
    {
        int expected = request.GetInt32("bodyCrc32", 0);
        if (expected != 0 && MaskedCrc32.Compute(request.Body.Span) != expected)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "crc32 not match");
        }

        (DataVersion version, IReadOnlyList<TopicRegistration> topics) = RegistrationBodyReader.Read(request.Body);
        foreach (TopicRegistration topic in topics)
        {
            CheckName("topic", topic.Topic);
        }

        long timeoutMs = request.GetInt64("heartbeatTimeoutMillis", 0);
        return new BrokerRegistration
        {
            Cluster = CheckName("clusterName", request.GetRequired("clusterName")),
            BrokerName = CheckName("brokerName", request.GetRequired("brokerName")),
            Address = CheckName("brokerAddr", request.GetRequired("brokerAddr")),
            BrokerId = request.GetRequiredInt64("brokerId"),
            HaAddress = CheckName("haServerAddr", request.Get("haServerAddr") ?? string.Empty),
            DataVersion = version,
            Topics = topics,
            Timeout = timeoutMs > 0 ? TimeSpan.FromMilliseconds(Math.Min(timeoutMs, int.MaxValue)) : null,
            EnableActingMaster = request.Get("enableActingMaster") is null ? null : request.GetBoolean("enableActingMaster", false),
            AddressFollowsMaster = request.GetBoolean("addressFollowsMaster", false),
            ZoneName = request.Get("__ZONE_NAME") ?? request.Get("zoneName"),
            Connection = connection,
        };
    }

    private static string CheckName(string field, string name) =>
        name.Length <= MaxNameLength ? name : throw new RemotingCommandException(ResponseCode.SystemError, $"{field} is longer than {MaxNameLength} characters");

    private void Watch(RemotingConnection connection)
    {
        if (!_watched.TryAdd(connection, this))
        {
            return;
        }

        connection.Closed.UnsafeRegister(
            static state =>
            {
                (RegisterBrokerHandler handler, RemotingConnection closed) = ((RegisterBrokerHandler, RemotingConnection))state!;
                handler.Forget(closed);
            },
            (this, connection));
    }

    private void Forget(RemotingConnection closed)
    {
        foreach (LiveBroker broker in routes.RemoveByConnection(closed))
        {
            NameServerLog.Removed(logger, broker.BrokerName, broker.Address, "its connection closed");
        }
    }
}
