using System.Globalization;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>
/// Random histories on real processes hold what the broker promises. <c>ROCKETOPS_HISTORY_ROUNDS</c> asks for more of them than a build needs,
/// <c>ROCKETOPS_HISTORY_SEED</c> for the one that failed. One of a build is short, where the deep ring is not asked for: the beginning of its seed's story.
/// </summary>
public sealed class RandomHistoryTests(ITestOutputHelper output)
{
    private static readonly int Rounds = Number("ROCKETOPS_HISTORY_ROUNDS") ?? (Depth.IsDeep ? 2 : 1);

    [Fact]
    public async Task Run_RandomEvents_EveryPromiseHolds()
    {
        int first = Number("ROCKETOPS_HISTORY_SEED") ?? Random.Shared.Next(1_000_000);
        for (int round = 0; round < Rounds; round++)
        {
            int seed = first + round;
            output.WriteLine($"seed {seed}");
            await using RocketOpsServer server = new(Options(seed));
            await server.StartAsync();
            await using RandomRun run = new(server, seed, events: Depth.IsDeep || Number("ROCKETOPS_HISTORY_SEED") is not null ? 8 : 3);

            RandomHistory history = await run.RunAsync();

            output.WriteLine($"{history.Sent.Count} sent, {history.Receipts.Count} received; {run.Story}");
            RandomHistoryCheck.Violations(history).Should().BeEmpty("ROCKETOPS_HISTORY_SEED={0} told: {1}", seed, run.Story);
            run.Refusals.Should().BeEmpty("ROCKETOPS_HISTORY_SEED={0} told: {1}", seed, run.Story);
            history.Groups.Should().OnlyContain(group => history.Receipts.Any(receipt => receipt.Group == group.Name), "every group took part");
            history.Sent.Should().Contain(static message => message.IsRolledBack && message.IsAcknowledged);
        }
    }

    private static ServerOptions Options(int seed) => new()
    {
        Broker = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["flushDiskType"] = seed % 2 == 0 ? "SYNC_FLUSH" : "ASYNC_FLUSH",
            ["messageDelayLevel"] = RandomRun.DelayLevels,
            ["transactionCheckInterval"] = "1000",
            ["transactionTimeOut"] = "500",
            // Told with pulls, an offset that is set back reaches whoever owns the queue; a push reaches those who are members at that moment.
            ["useServerSideResetOffset"] = "true",
            // Soon: what is not saved yet is undone by a kill.
            ["flushConsumerOffsetInterval"] = "500",
            ["mappedFileSizeCommitLog"] = "1048576",
            ["mappedFileSizeConsumeQueue"] = "20000",
            // Files of the index are copied.
            ["maxHashSlotNum"] = "5000",
            ["maxIndexNum"] = "20000",
        },
    };

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
