using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Brokers;

/// <summary>The brokers a word means: a name for its members, <c>name/id</c> or an address for one, nothing for all.</summary>
internal static class BrokerMembers
{
    /// <summary>Names and addresses by name and id. Throws <see cref="CommandFailedException"/> naming the nearest broker when the word means none.</summary>
    public static async Task<IReadOnlyList<(string Name, string Address)>> FindAsync(ClusterConnection cluster, string? word, CancellationToken cancellation)
    {
        ClusterInfo info = await cluster.Admin.GetClusterInfoAsync(cancellation);
        (string Name, string Broker, string Address)[] all =
        [
            .. from broker in info.Brokers.Values.OrderBy(static broker => broker.BrokerName, StringComparer.Ordinal)
               from member in broker.Addresses.OrderBy(static member => member.Key)
               select ($"{broker.BrokerName}/{member.Key}", broker.BrokerName, member.Value),
        ];
        (string, string)[] meant = [.. all.Where(member => word is null || member.Broker == word || member.Name == word || member.Address == word).Select(static member => (member.Name, member.Address))];
        return meant.Length > 0
            ? meant
            : throw CommandFailedException.Missing(word is null ? "the name servers know no broker." : $"there is no broker {word}.{NearestWord.Hint(word, info.Brokers.Keys)}");
    }
}
