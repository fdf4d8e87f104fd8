using RocketOps.Faults.Tests.Points;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// SIGKILL while the table of consumer offsets is written: a group is never ahead of what it committed, never behind what a file had, and
/// the table is always read.
/// </summary>
public sealed class CommitKillTests(ITestOutputHelper output)
{
    private const int MinCommits = 200;
    private const int MaxCommits = 1_000;

    private static readonly int Kills = Depth.Of(2, deep: 30);

    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["flushConsumerOffsetInterval"] = "100",
    };

    private static readonly KillPlace Place = new("/config/consumerOffset.json", "create,write,flush,rename", Most: 20);

    [SkippableFact]
    public async Task Kill_WhileOffsetsAreWritten_NoneIsAheadOfItsCommitOrBehindTheFile()
    {
        KillPoint.SkipIfMissing();
        await using DyingServer dying = await DyingServer.StartAsync(Settings);
        await using CommittingGroups groups = new(dying.Server);
        await groups.CreateTopicAsync();
        List<string> violations = [];
        for (int kill = 0; kill < Kills; kill++)
        {
            groups.Start();
            await groups.CommittedAsync(Random.Shared.Next(MinCommits, MaxCommits), $"before kill {kill}");
            await dying.DieAsync(Place);
            await groups.StopAsync();
            IReadOnlyDictionary<int, long> kept = await groups.ReadKeptAsync();
            await dying.Server.StartBrokerAsync();
            IReadOnlyList<string> wrong = await groups.ViolationsAsync(kept);
            violations.AddRange(wrong.Select(violation => $"{dying.Deaths[^1]}: {violation}"));
        }

        output.WriteLine($"{groups.Committed} commits; deaths: {string.Join("; ", dying.Deaths)}");
        violations.Should().BeEmpty("{0} commits; deaths: {1}", groups.Committed, string.Join("; ", dying.Deaths));
    }
}
