using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Clusters;

/// <summary><c>rocketops cluster</c>: what the name servers know of brokers.</summary>
internal static class ClusterCommand
{
    public static Command Create(Shell shell) => new("cluster", "Look at clusters, hand groups over")
    {
        new DocumentedCommand("status", "Brokers with role, version and rates; exit code 1 when one does not answer or takes no messages", "rocketops cluster status", "rocketops cluster status -o wide --watch")
            .ListsCluster(shell, StatusAsync),
        SwitchoverCommand.Create(shell),
    };

    private static async Task<(IPresentation Found, int Code)> StatusAsync(ClusterConnection cluster, ParseResult parsed, CancellationToken cancellation)
    {
        ClusterInfo info = await cluster.Admin.GetClusterInfoAsync(cancellation);
        Listing listing = new(
            "cluster", "broker", "id", "role", "address", "version", "protocol", "inTps", "outTps", "lagBytes", Column.Wide("messagesToday"), Column.Wide("diskUsed"), Column.Wide("startTime"), "problem")
        {
            Empty = "the name servers know no broker",
        };
        bool isFine = info.Brokers.Count > 0;
        foreach (BrokerData broker in info.Brokers.Values.OrderBy(static broker => broker.BrokerName, StringComparer.Ordinal))
        {
            double? masterEnd = null;
            foreach ((long id, string address) in broker.Addresses.OrderBy(static entry => entry.Key))
            {
                (IReadOnlyDictionary<string, string> figures, string? problem) = await FiguresAsync(cluster, address, cancellation);
                isFine &= problem is null;

                // The master comes first, so what its slaves have is never less than it was.
                double? end = Number(figures.GetValueOrDefault("commitLogMaxOffset"));
                masterEnd = id == BrokerData.MasterId ? end : masterEnd;
                listing.Add(
                    broker.Cluster,
                    broker.BrokerName,
                    id,
                    id == BrokerData.MasterId ? "master" : "slave",
                    address,
                    figures.GetValueOrDefault("rocketOpsVersion"),
                    figures.GetValueOrDefault("brokerVersionDesc")?.TrimStart('V').Replace('_', '.'),
                    FirstRate(figures.GetValueOrDefault("putTps")),
                    FirstRate(figures.GetValueOrDefault("getTransferredTps") ?? figures.GetValueOrDefault("getTransferedTps")),
                    id == BrokerData.MasterId || masterEnd is null || end is null ? null : Math.Max(0, masterEnd.Value - end.Value),
                    Number(figures.GetValueOrDefault("msgPutTotalTodayNow")) - Number(figures.GetValueOrDefault("msgPutTotalTodayMorning")),
                    Number(figures.GetValueOrDefault("commitLogDiskRatio")),
                    figures.TryGetValue("bootTimestamp", out string? booted) && long.TryParse(booted, CultureInfo.InvariantCulture, out long at) ? LocalTime.Text(at, TimeProvider.System) : null,
                    problem);
            }
        }

        return (listing, isFine ? ExitCodes.Success : ExitCodes.Failed);
    }

    private static async Task<(IReadOnlyDictionary<string, string> Figures, string? Problem)> FiguresAsync(ClusterConnection cluster, string address, CancellationToken cancellation)
    {
        try
        {
            IReadOnlyDictionary<string, string> figures = await cluster.Admin.GetBrokerRuntimeInfoAsync(address, cancellation);

            // A broker without room on its disk answers everything but sends.
            return (figures, figures.GetValueOrDefault("rocketOpsSendsRefused"));
        }
        catch (RocketMqException failure)
        {
            return (new Dictionary<string, string>(StringComparer.Ordinal), Failures.Reason(failure));
        }
    }

    /// <summary>Three rates of ten seconds, one and ten minutes: the first is what happens now.</summary>
    private static JsonNode? FirstRate(string? rates) => Number(rates?.Split(' ')[0]) is { } rate ? Math.Round(rate, 1) : null;

    private static double? Number(string? text) => double.TryParse(text, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
}
