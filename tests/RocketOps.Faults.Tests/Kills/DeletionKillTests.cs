using RocketOps.Faults.Tests.Points;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// SIGKILL while topics are deleted and made again: nothing of a deleted generation comes back, and nothing of the one that came after it
/// is lost.
/// </summary>
public sealed class DeletionKillTests(ITestOutputHelper output)
{
    private static readonly int Kills = Depth.Of(2, deep: 30);

    // Files of queues take a few messages, so that a deletion removes several.
    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["mappedFileSizeCommitLog"] = "65536",
        ["mappedFileSizeConsumeQueue"] = "200",
    };

    private static readonly KillPlace[] Places =
    [
        new($"/consumequeue/{RemadeTopics.Prefix}", "remove", Most: 20),
        new("/config/topics.json", "create,write,flush,rename", Most: 12),
        new("/inventory", "write,flush", Most: 12),
    ];

    [SkippableFact]
    public async Task Kill_WhileTopicsAreDeletedAndMadeAgain_NoGenerationComesBackAndNoneIsLost()
    {
        KillPoint.SkipIfMissing();
        await using DyingServer dying = await DyingServer.StartAsync(Settings);
        await using RemadeTopics topics = RemadeTopics.Start(dying.Server);
        for (int kill = 0; kill < Kills; kill++)
        {
            await topics.DeletedAsync(Random.Shared.Next(1, 10), $"before kill {kill}");
            await dying.DieAsync(Places[kill % Places.Length]);
            await dying.Server.StartBrokerAsync();
        }

        await topics.DeletedAsync(RemadeTopics.Topics, "after the last start");
        await topics.StopAsync();

        output.WriteLine($"{topics.Deleted} deletions; deaths: {string.Join("; ", dying.Deaths)}");
        topics.Violations.Should().BeEmpty("{0} deletions; deaths: {1}", topics.Deleted, string.Join("; ", dying.Deaths));
    }
}
