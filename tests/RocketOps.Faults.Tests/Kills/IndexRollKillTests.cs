using System.Text;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Points;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>SIGKILL while files of the index begin and are written: each acknowledged message is found by its key, once.</summary>
public sealed class IndexRollKillTests(ITestOutputHelper output)
{
    private const int Producers = 2;
    private const int QueryMessage = 12;

    private static readonly int Kills = Depth.Of(2, deep: 30);

    private static readonly Dictionary<string, string> SmallIndexFiles = new(StringComparer.Ordinal)
    {
        ["maxHashSlotNum"] = "100",
        ["maxIndexNum"] = "500",
    };

    private static readonly KillPlace[] Places =
    [
        new("/index", "create,size,flush,rename,remove", Most: 6),
        new("/index/", "write", Most: 30),
    ];

    [SkippableFact]
    public async Task Kill_WhileIndexFilesBegin_EveryAcknowledgedMessageIsFoundByItsKey()
    {
        KillPoint.SkipIfMissing();
        await using DyingServer dying = await DyingServer.StartAsync(SmallIndexFiles);
        await using KilledLoad killed = await KilledLoad.StartAsync(dying, Producers, hasKeys: true);

        await killed.RunAsync(Places, Kills);

        output.WriteLine(killed.Story);
        IReadOnlyList<Reading> stored = await killed.ReadAllAsync();
        HistoryCheck.Violations(killed.Load.Attempts, killed.Load.Readings, stored).Should().BeEmpty("{0}", killed.Story);
        await using RawConnection broker = await RawConnection.ConnectAsync(dying.Server.BrokerAddress);
        List<string> wrong = [];
        foreach (string body in stored.Select(static reading => reading.Body))
        {
            string[] found = await FindAsync(broker, body);
            if (found is not [var only] || only != body)
            {
                wrong.Add($"{body}: [{string.Join(", ", found)}]");
            }
        }

        wrong.Should().BeEmpty("a message is found by its key, of {0}; {1}", stored.Count, killed.Story);
        Directory.GetFiles(Path.Combine(dying.Server.StoreDirectory, "index")).Should().HaveCountGreaterThan(1, "files began");
    }

    /// <summary>Bodies of what has that key: the last messages are in the index a moment after they are in the log.</summary>
    private static async Task<string[]> FindAsync(RawConnection broker, string key)
    {
        Dictionary<string, string> fields = RawFields.Of(
            ("topic", KilledLoad.Topic), ("key", key), ("maxNum", "32"), ("beginTimestamp", "0"), ("endTimestamp", "9223372036854775807"));
        RawFrame answer = await broker.RequestAsync(QueryMessage, fields);
        return answer.Code == RawBroker.Success
            ? [.. RawRecord.DecodeAll(answer.Body).Select(static record => Encoding.UTF8.GetString(record.Body.Span))]
            : [];
    }
}
