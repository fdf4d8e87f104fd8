using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>
/// A store with extensions of queue units and bit maps of filters goes from our broker to Apache's and back: both go on in the same files, both use what the other has noted, and every
/// consumer gets exactly what its expression or tag asks for.
/// </summary>
public sealed class BitMapInteropTests
{
    private const string Topic = "BitMaps";
    private const string Group = "g_bits";
    private const string Sql = "price > 10";
    private const int OfEach = 12;

    // Deep: three brokers one after another for each row. That ours writes and uses bit maps is proven in RocketOps.Broker.Tests.
    [Trait("ring", "deep")]
    [SkippableTheory]
    [InlineData(ApacheServer.Version4)]
    [InlineData(ApacheServer.Version5)]
    public async Task Store_OursThenApachesThenOurs_FiltersAlike(string version)
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        ServerOptions options = Options(directory.File("store"));
        long born;
        await using (RocketOpsServer ours = new(options))
        {
            await ours.StartAsync();
            await Topics.CreateAsync(ours, Topic, queues: 1);
            await RoundAsync(ours, version, rounds: 1);
            await ours.StopBrokerAsync();
        }

        born = BornTime(options, Group);
        int bitMaps = CheckFiles(options, rounds: 1);
        bitMaps.Should().Be(OfEach * 2, "the group was known before the messages came");

        await using (ApacheServer apache = new(version, options))
        {
            await apache.StartAsync();
            await RoundAsync(apache, version, rounds: 2);
            await apache.StopBrokerAsync();
        }

        BornTime(options, Group).Should().Be(born, "Apache's broker went on with what ours knew of the group");
        CheckFiles(options, rounds: 2).Should().Be(2 * bitMaps);

        await using (RocketOpsServer again = new(options))
        {
            await again.StartAsync();
            await RoundAsync(again, version, rounds: 3);
            await again.StopBrokerAsync();
        }

        BornTime(options, Group).Should().Be(born, "ours went on with what Apache's knew");
        CheckFiles(options, rounds: 3).Should().Be(3 * bitMaps);
    }

    /// <summary>The group registers, messages come, and they are received: new ones by the group, all of them by a group that is new and by one with a tag.</summary>
    private static async Task RoundAsync(ServerUnderTest server, string version, int rounds)
    {
        JavaClient client = new(version, server.NameServerAddress);
        if (rounds == 1)
        {
            await ReceiveAsync(client, Group, ["--sql", Sql], expected: 0);
        }

        await client.RunAsync("send", Topic, "--count", $"{OfEach}", "--tag", "cheap", "--property", "price=5");
        await client.RunAsync("send", Topic, "--count", $"{OfEach}", "--tag", "dear", "--property", "price=15");
        (await ReceiveAsync(client, Group, ["--sql", Sql], OfEach)).Should().Equal(Enumerable.Repeat("dear", OfEach));
        (await ReceiveAsync(client, $"new{rounds}", ["--sql", Sql], OfEach * rounds)).Should().Equal(Enumerable.Repeat("dear", OfEach * rounds));
        (await ReceiveAsync(client, $"tag{rounds}", ["--tag", "cheap"], OfEach * rounds)).Should().Equal(Enumerable.Repeat("cheap", OfEach * rounds));
    }

    private static async Task<IReadOnlyList<string>> ReceiveAsync(JavaClient client, string group, string[] filter, int expected)
    {
        IReadOnlyList<JsonElement> lines = expected == 0
            ? await client.RunAsync("receive", Topic, ["--group", group, "--mode", "push", "--from", "first", "--idle", "4", "--seconds", "60", .. filter])
            : await client.RunAsync("receive", Topic, ["--group", group, "--mode", "push", "--from", "first", "--count", expected.ToString(CultureInfo.InvariantCulture), "--seconds", "120", .. filter]);
        return [.. lines.Where(static line => line.GetProperty("event").GetString() == "message").Select(static line => line.GetProperty("tags").GetString()!)];
    }

    /// <summary>Our verifier finds nothing wrong, and all extensions lie one behind the other. Returns how many have a bit map of 112 bits.</summary>
    private static int CheckFiles(ServerOptions options, int rounds)
    {
        List<string> findings = [];
        new StoreVerifier(new LinuxFileSystem(), options.StoreDirectory!, 5000, finding => findings.Add(finding.ToString())).Run(CancellationToken.None);
        findings.Should().BeEmpty();

        byte[] bytes = File.ReadAllBytes(Path.Combine(options.StoreDirectory!, "consumequeue_ext", Topic, "0", "00000000000000000000"));
        int units = 0;
        int bitMaps = 0;
        for (int at = 0; BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(at)) is > 0 and var size; at += size)
        {
            units++;
            bitMaps += BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(at + 18)) == 14 ? 1 : 0;
        }

        units.Should().Be(rounds * OfEach * 2);
        return bitMaps;
    }

    private static long BornTime(ServerOptions options, string group)
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(options.StoreDirectory!, "config", "consumerFilter.json")));
        JsonElement entry = file.RootElement.GetProperty("filterDataByTopic").GetProperty(Topic).GetProperty("groupFilterData").GetProperty(group);
        entry.GetProperty("expression").GetString().Should().Be(Sql);
        return entry.GetProperty("bornTime").GetInt64();
    }

    private static ServerOptions Options(string store) => new()
    {
        StoreDirectory = store,
        Broker = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["enablePropertyFilter"] = "true",
            ["enableConsumeQueueExt"] = "true",
            ["enableCalcFilterBitMap"] = "true",
            ["mappedFileSizeConsumeQueueExt"] = "1048576",
            ["mappedFileSizeCommitLog"] = "16777216",
            ["mappedFileSizeConsumeQueue"] = "6000000",
            ["maxHashSlotNum"] = "5000",
            ["maxIndexNum"] = "20000",
        },
    };
}
