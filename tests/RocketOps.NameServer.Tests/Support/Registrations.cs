using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Bodies;

namespace RocketOps.NameServer.Tests.Support;

/// <summary>Short ways to say what a broker registers.</summary>
internal static class Registrations
{
    public static BrokerRegistration Of(
        string brokerName, long id, string address, long version = 1, string cluster = "C", bool? actingMaster = null, long stateVersion = 0, params string[] topics) => new()
        {
            Cluster = cluster,
            BrokerName = brokerName,
            Address = address,
            BrokerId = id,
            HaAddress = address + "0",
            DataVersion = new DataVersion { Counter = version, Timestamp = 1, StateVersion = stateVersion },
            Topics = [.. topics.Select(static topic => new TopicRegistration(topic, 8, 8, 6, 0))],
            EnableActingMaster = actingMaster,
        };
}
