using System.CommandLine;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Brokers;

/// <summary><c>rocketops broker config get</c>.</summary>
internal static class BrokerConfigGetCommand
{
    public static Command Create(Shell shell)
    {
        Argument<string[]> keys = new("KEY") { Description = "Keys to show; part of a name shows all with it; without any all are shown", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> broker = new("--broker", "-b") { Description = "Only this broker: NAME, NAME/ID or HOST:PORT", HelpName = "BROKER" };
        return new DocumentedCommand("get", "What running brokers are set to", "rocketops broker config get", "rocketops broker config get flushDiskType", "rocketops broker config get commitLog --broker broker-a -o json") { keys, broker }
            .ListsCluster(shell, (cluster, parsed, cancellation) => GetAsync(cluster, parsed.GetValue(keys) ?? [], parsed.GetValue(broker), cancellation));
    }

    private static async Task<Listing> GetAsync(ClusterConnection cluster, string[] keys, string? broker, CancellationToken cancellation)
    {
        Listing listing = new("broker", "key", "value");
        HashSet<string> known = new(StringComparer.Ordinal);
        HashSet<string> brokers = new(StringComparer.Ordinal);
        foreach ((string name, string address) in await BrokerMembers.FindAsync(cluster, broker, cancellation))
        {
            brokers.UnionWith([name, name.Split('/')[0]]);
            IReadOnlyDictionary<string, string> properties = await cluster.Admin.GetBrokerConfigAsync(address, cancellation);
            known.UnionWith(properties.Keys);
            foreach ((string key, string value) in properties.OrderBy(static property => property.Key, StringComparer.Ordinal))
            {
                // The key itself where there is one; its name may be part of others'.
                if (keys.Length == 0 || keys.Any(asked => properties.ContainsKey(asked) ? key == asked : key.Contains(asked, StringComparison.OrdinalIgnoreCase)))
                {
                    listing.Add(name, key, value);
                }
            }
        }

        // A word that finds nothing is told, whatever the others find.
        if (keys.FirstOrDefault(asked => !known.Any(key => key.Contains(asked, StringComparison.OrdinalIgnoreCase))) is { } missing)
        {
            string hint = brokers.Contains(missing) ? $" It is a broker's name: --broker {missing}." : NearestWord.Hint(missing, known);
            throw new CommandFailedException($"no broker has a key {missing}.{hint}");
        }

        return listing;
    }
}
