using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Exporting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;
using RocketOps.Embedded.Api.Tables;

namespace RocketOps.Cli.Clusters;

/// <summary><c>rocketops cluster</c>: what the name servers know of brokers.</summary>
internal static class ClusterCommand
{
    public static Command Create(Shell shell) => new("cluster", "Look at clusters, hand groups over, write objects for what is there")
    {
        new DocumentedCommand("status", "Brokers with role, version, rates and how their groups are; exit code 1 when one does not answer, takes no messages or does not follow its master", "rocketops cluster status", "rocketops cluster status -o wide --watch")
            .ListsCluster(shell, (cluster, parsed, cancellation) => StatusAsync(cluster, shell.Time, cancellation)),
        SwitchoverCommand.Create(shell),
        ExportCommand.Create(shell),
    };

    private static async Task<(IPresentation Found, int Code)> StatusAsync(ClusterConnection cluster, TimeProvider time, CancellationToken cancellation)
    {
        ClusterInfo info = await cluster.Admin.GetClusterInfoAsync(cancellation);
        Listing listing = new(
            "cluster", "broker", "id", "role", "address", "version", "protocol", "inTps", "outTps", "lagBytes", "member", "epoch", "inSync", Column.Wide("failover"), Column.Wide("mode"), Column.Wide("messagesToday"), Column.Wide("diskUsed"), Column.Wide("startTime"), Column.Wide("follows"), Column.Wide("refusedBy"), Column.ForPeople("uptime"), "problem")
        {
            Empty = "the name servers know no broker",
        };
        bool isFine = info.Brokers.Count > 0;
        foreach (BrokerData broker in info.Brokers.Values.OrderBy(static broker => broker.BrokerName, StringComparer.Ordinal))
        {
            double? masterEnd = null;
            string[]? inSync = null;
            List<GroupRow> rows = [];
            foreach ((long id, string address) in broker.Addresses.OrderBy(static entry => entry.Key))
            {
                // The master is asked first, so what its slaves have is never less than it was.
                rows.Add(await AskAsync(cluster, id, address, cancellation));
            }

            IReadOnlyList<(GroupRow Row, bool IsMaster)> members = GroupRow.Once(rows);
            string? leaderless = members.Any(static member => member.IsMaster) ? null : $"{broker.BrokerName} has no master, so nobody takes messages for it";
            foreach ((GroupRow row, bool isMaster) in members)
            {
                IReadOnlyDictionary<string, string> figures = row.Figures;
                string? conflict = ReferenceEquals(row, members[0].Row) ? info.Conflicts.GetValueOrDefault(broker.BrokerName) : null;
                string? problem = row.Problem ?? leaderless ?? conflict;
                isFine &= problem is null;
                long? startedAt = figures.TryGetValue("bootTimestamp", out string? booted) && long.TryParse(booted, CultureInfo.InvariantCulture, out long at) && at > 0 ? at : null;
                double? end = Number(figures.GetValueOrDefault("commitLogMaxOffset"));
                masterEnd = isMaster ? end : masterEnd;

                // Of a group that elects its master: the master's word counts, or that of the first who knows while nobody leads.
                inSync ??= figures.GetValueOrDefault("rocketOpsInSync")?.Split(',');
                listing.Add(
                    broker.Cluster,
                    broker.BrokerName,
                    row.Id,
                    isMaster ? "master" : "slave",
                    row.Address,
                    figures.GetValueOrDefault("rocketOpsVersion"),
                    figures.GetValueOrDefault("brokerVersionDesc")?.TrimStart('V').Replace('_', '.'),
                    FirstRate(figures.GetValueOrDefault("putTps")),
                    FirstRate(figures.GetValueOrDefault("getTransferredTps") ?? figures.GetValueOrDefault("getTransferedTps")),
                    isMaster || masterEnd is null || end is null ? null : Math.Max(0, masterEnd.Value - end.Value),
                    row.Member,
                    Number(figures.GetValueOrDefault("rocketOpsEpoch")),
                    row.Member is null || inSync is null ? null : inSync.Contains(row.Member, StringComparer.Ordinal),
                    figures.GetValueOrDefault("rocketOpsFailover"),
                    figures.GetValueOrDefault("rocketOpsReplicationMode"),
                    Number(figures.GetValueOrDefault("msgPutTotalTodayNow")) - Number(figures.GetValueOrDefault("msgPutTotalTodayMorning")),
                    Number(figures.GetValueOrDefault("commitLogDiskRatio")),
                    startedAt is { } since ? LocalTime.Text(since, time) : null,
                    row.Follows,
                    row.RefusedBy,
                    startedAt is { } begun ? HumanDuration.Since(DateTimeOffset.FromUnixTimeMilliseconds(begun), time.GetUtcNow()) : null,
                    problem);
            }
        }

        return (listing, isFine ? ExitCodes.Success : ExitCodes.Failed);
    }

    private static async Task<GroupRow> AskAsync(ClusterConnection cluster, long id, string address, CancellationToken cancellation)
    {
        try
        {
            return new GroupRow(id, address, await cluster.Admin.GetBrokerRuntimeInfoAsync(address, cancellation), null);
        }
        catch (RocketMqException failure)
        {
            return new GroupRow(id, address, new Dictionary<string, string>(StringComparer.Ordinal), Failures.Reason(failure));
        }
    }

    /// <summary>Three rates of ten seconds, one and ten minutes: the first is what happens now.</summary>
    private static JsonNode? FirstRate(string? rates) => Number(rates?.Split(' ')[0]) is { } rate ? Math.Round(rate, 1) : null;

    private static double? Number(string? text) => double.TryParse(text, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
}
