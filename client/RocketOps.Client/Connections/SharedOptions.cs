using RocketOps.Client.Routing;

namespace RocketOps.Client.Connections;

/// <summary>Options that a member of a <see cref="RocketMqClient"/> may set for itself.</summary>
internal static class SharedOptions
{
    /// <summary>Throws <see cref="ArgumentException"/> when a member wants to be somebody else or somewhere else than its client.</summary>
    public static void Check(ClientOptions member, ConnectionOptions client)
    {
        Check(nameof(ConnectionOptions.NameServers), member.NameServers, NameServerSetting.Find(client.NameServers));
        Check(nameof(ConnectionOptions.InstanceName), member.InstanceName, client.InstanceName);
        Check(nameof(ConnectionOptions.UnitName), member.UnitName, client.UnitName);
    }

    private static void Check(string name, string? member, string? client)
    {
        if (member is not null && member != client)
        {
            throw new ArgumentException($"{name} is {member}, but that of the shared {nameof(ClientOptions.Client)} is {client ?? "not set"}: leave one of them away", nameof(member));
        }
    }
}
