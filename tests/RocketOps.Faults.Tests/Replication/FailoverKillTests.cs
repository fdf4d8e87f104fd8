using System.Globalization;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// Three members of a group that elects its master, under load: the master is killed, made to stand still until somebody else leads, and stopped in order, again and again. What was acknowledged is on
/// every member in the end, at the offset its producer was told, and what consumers read from any member meanwhile is there as well. <c>ROCKETOPS_KILLS</c> asks for more than a build needs, <c>ROCKETOPS_LEASE_MILLIS=6000</c> for the default lease. How long nothing was
/// acknowledged is printed.
/// </summary>
public sealed class FailoverKillTests(ITestOutputHelper output)
{
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 12;

    private static readonly int LeaseMillis = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_LEASE_MILLIS"), CultureInfo.InvariantCulture, out int millis) ? millis : 2000;

    [Fact]
    public async Task Master_KilledSuspendedAndStopped_NothingAcknowledgedIsLost()
    {
        await using ElectedBrokers brokers = new(Settings());
        await using ElectedRun run = await ElectedRun.StartAsync(brokers);
        Dictionary<string, List<TimeSpan>> times = new(StringComparer.Ordinal) { ["killed"] = [], ["suspended"] = [], ["stopped"] = [] };
        for (int kill = 0; kill < Kills; kill++)
        {
            await brokers.AllInSyncAsync($"before kill {kill}");
            await run.ServedAsync($"before kill {kill}");
            string master = await brokers.MasterAsync();
            switch (kill % 4)
            {
                case 2:
                    brokers.Suspend(master);
                    times["suspended"].Add(await run.AcknowledgedAsync());
                    brokers.Resume(master);
                    break;
                case 3:
                    run.Load.TakeLongestGap();
                    await brokers.TerminateAsync(master);
                    await run.AcknowledgedAsync();
                    times["stopped"].Add(run.Load.TakeLongestGap());
                    await brokers.StartAsync(master);
                    break;
                default:
                    await brokers.KillAsync(master);
                    times["killed"].Add(await run.AcknowledgedAsync());
                    await brokers.StartAsync(master);
                    break;
            }
        }

        await run.CheckAsync();
        foreach ((string how, List<TimeSpan> waited) in times.Where(static time => time.Value.Count > 0))
        {
            waited.Sort();
            output.WriteLine($"master {how}, time without an acknowledgement: median {waited[waited.Count / 2].TotalMilliseconds:0} ms, longest {waited[^1].TotalMilliseconds:0} ms of {waited.Count} (lease {LeaseMillis} ms)");
        }

        output.WriteLine($"{run.Load.Acknowledged} acknowledged, {run.Load.CutOff} without an answer, {run.Read} read meanwhile");
        run.Load.CutOff.Should().BePositive("brokers died with sends in flight");
    }

    private static Dictionary<string, string> Settings() => new(StringComparer.Ordinal)
    {
        ["replicationMode"] = "Sync",
        ["minInSyncReplicas"] = "2",
        ["leaseDurationMillis"] = LeaseMillis.ToString(CultureInfo.InvariantCulture),
        ["leaseRenewMillis"] = (LeaseMillis / 8).ToString(CultureInfo.InvariantCulture),
        ["leaseMarginMillis"] = (LeaseMillis / 6).ToString(CultureInfo.InvariantCulture),

        // Small files, so that kills meet roll-overs; beats so frequent that a dead end of a connection is known soon.
        ["mappedFileSizeCommitLog"] = "1048576",
        ["mappedFileSizeConsumeQueue"] = "20000",
        ["haSendHeartbeatInterval"] = "500",
        ["haHousekeepingInterval"] = "3000",
    };
}
