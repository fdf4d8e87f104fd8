using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Points;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// SIGKILL while files of the log and of queues begin, and in the writes that end one file and begin the next: nothing acknowledged is
/// lost, doubled or reordered.
/// </summary>
public sealed class FileRollKillTests(ITestOutputHelper output)
{
    private const int Producers = 8;

    private static readonly int Kills = Depth.Of(2, deep: 30);

    // A file of the log takes some hundred messages, one of a queue twenty.
    private static readonly Dictionary<string, string> SmallFiles = new(StringComparer.Ordinal)
    {
        ["mappedFileSizeCommitLog"] = "16384",
        ["mappedFileSizeConsumeQueue"] = "400",
    };

    private static readonly KillPlace[] Places =
    [
        new("/commitlog", "create,size,flush,remove", Most: 12),
        new("/commitlog/", "write", Most: 200),
        new("/consumequeue", "create,size,write,flush", Most: 40),
    ];

    [SkippableFact]
    public async Task Kill_WhileFilesBegin_EveryAcknowledgedMessageReceived()
    {
        KillPoint.SkipIfMissing();
        await using DyingServer dying = await DyingServer.StartAsync(SmallFiles);
        await using KilledLoad killed = await KilledLoad.StartAsync(dying, Producers);

        await killed.RunAsync(Places, Kills);

        output.WriteLine(killed.Story);
        IReadOnlyList<Reading> stored = await killed.ReadAllAsync();
        HistoryCheck.Violations(killed.Load.Attempts, killed.Load.Readings, stored).Should().BeEmpty("{0}", killed.Story);
        killed.Load.CutOff.Should().BePositive("the broker died with sends in flight");
        string log = Path.Combine(dying.Server.StoreDirectory, "commitlog");
        Directory.GetFiles(log).Should().HaveCountGreaterThan(Kills, "files began again and again");
    }
}
