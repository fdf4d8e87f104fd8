using RocketOps.Faults.Tests.Points;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// SIGKILL while messages of transactions are stored, committed, rolled back and asked about: each one whose commit was answered is visible
/// once, and none that is rolled back.
/// </summary>
public sealed class TransactionKillTests(ITestOutputHelper output)
{
    private const int MinTransactions = 10;
    private const int MaxTransactions = 60;

    private static readonly int Kills = Depth.Of(2, deep: 30);

    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["transactionCheckInterval"] = "1000",
        ["transactionTimeOut"] = "500",
        ["flushConsumerOffsetInterval"] = "500",
        ["mappedFileSizeCommitLog"] = "65536",
        ["mappedFileSizeConsumeQueue"] = "2000",
    };

    // Halves, their ends and what was asked are records of the log; how far the asking is are offsets of a group.
    private static readonly KillPlace[] Places =
    [
        new("/commitlog/", "write", Most: 40),
        new("/consumequeue/RMQ_SYS_TRANS", "create,size,write,flush", Most: 6),
        new("/config/consumerOffset.json", "create,write,flush,rename", Most: 6),
    ];

    [SkippableFact]
    public async Task Kill_WhileTransactionsEnd_EachCommittedOneIsVisibleOnceAndNoneThatWasRolledBack()
    {
        KillPoint.SkipIfMissing();
        await using DyingServer dying = await DyingServer.StartAsync(Settings);
        await using (RawConnection broker = await RawConnection.ConnectAsync(dying.Server.BrokerAddress))
        {
            RawFrame made = await RawBroker.CreateTopicAsync(broker, KilledTransactions.Topic, KilledTransactions.Queues);
            made.Code.Should().Be(RawBroker.Success);
        }

        await using KilledTransactions transactions = KilledTransactions.Start(dying.Server);
        for (int kill = 0; kill < Kills; kill++)
        {
            await transactions.BegunAsync(Random.Shared.Next(MinTransactions, MaxTransactions), $"before kill {kill}");
            await dying.DieAsync(Places[kill % Places.Length]);
            await dying.Server.StartBrokerAsync();
        }

        await transactions.BegunAsync(MinTransactions, "after the last start");
        await transactions.StopAsync();

        IReadOnlyList<string> violations = await transactions.ViolationsAsync();
        string story = $"{transactions.Begun} begun; deaths: {string.Join("; ", dying.Deaths)}";
        output.WriteLine(story);
        violations.Should().BeEmpty("{0}", story);
    }
}
