using System.CommandLine;
using RocketOps.Cli.Output;
using RocketOps.Client;

namespace RocketOps.Cli.Clusters;

/// <summary><c>rocketops cluster</c>: what the name servers know of brokers.</summary>
internal static class ClusterCommand
{
    public static Command Create() => new("cluster", "Look at clusters") { Status() };

    private static Command Status()
    {
        (Option<string> nameServers, Option<string> format) = (CommonOptions.NameServers(), CommonOptions.Format());
        Command command = new("status", "Brokers with role, version and rates; fails when one does not answer") { nameServers, format };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using RocketMqAdmin admin = new(new AdminOptions { NameServers = parsed.GetValue(nameServers)! });
            ClusterInfo info = await admin.GetClusterInfoAsync(cancellation);
            Listing listing = new("cluster", "broker", "id", "role", "address", "version", "inTps", "outTps", "problem");
            bool isFine = info.Brokers.Count > 0;
            foreach (BrokerData broker in info.Brokers.Values.OrderBy(broker => broker.BrokerName, StringComparer.Ordinal))
            {
                foreach ((long id, string address) in broker.Addresses.OrderBy(entry => entry.Key))
                {
                    IReadOnlyDictionary<string, string> runtime = new Dictionary<string, string>(StringComparer.Ordinal);
                    string? problem = null;
                    try
                    {
                        runtime = await admin.GetBrokerRuntimeInfoAsync(address, cancellation);
                    }
                    catch (RocketMqException failure)
                    {
                        problem = failure.Message;
                        isFine = false;
                    }

                    listing.Add(
                        broker.Cluster,
                        broker.BrokerName,
                        id,
                        id == BrokerData.MasterId ? "master" : "slave",
                        address,
                        runtime.GetValueOrDefault("brokerVersionDesc"),
                        FirstRate(runtime.GetValueOrDefault("putTps")),
                        FirstRate(runtime.GetValueOrDefault("getTransferredTps") ?? runtime.GetValueOrDefault("getTransferedTps")),
                        problem);
                }
            }

            await listing.WriteAsync(parsed.GetValue(format)!, Console.Out);
            return isFine ? ExitCodes.Success : ExitCodes.Failed;
        });
        return command;
    }

    /// <summary>Three rates of ten seconds, one and ten minutes: the first is what happens now.</summary>
    private static string? FirstRate(string? rates) => rates?.Split(' ')[0];
}
