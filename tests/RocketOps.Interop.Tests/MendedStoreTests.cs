using System.Text;
using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Testing;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>
/// A store that has lost folders is mended by a start of ours, and then Apache's brokers serve it and add to it. It loses the same folders once
/// more, and a start of ours has all of it again, with what Apache's broker added.
/// </summary>
public sealed class MendedStoreTests
{
    private const string Topic = StoreOfOurs.Topic;
    private const int Added = 20;

    public static TheoryData<string, string> Rows
    {
        get
        {
            TheoryData<string, string> rows = [];
            foreach (string version in (string[])[ApacheServer.Version4, ApacheServer.Version5])
            {
                foreach (string lost in (string[])
                    [
                        "consumequeue", $"consumequeue/{Topic}/1", $"consumequeue/{Topic}/2/{0:D20}", $"consumequeue/{Topic}/3/{2000:D20}", "index",
                        "checkpoint", "inventory", "consumequeue index checkpoint inventory",
                    ])
                {
                    rows.Add(version, lost);
                }
            }

            return rows;
        }
    }

    // Deep: starts a broker of Apache's for each row.
    [Trait("ring", RingRules.Deep)]
    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public async Task Store_FoldersLost_IsMendedHereAndServedByApachesBroker(string version, string lost)
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        List<WrittenMessage> written = await StoreOfOurs.WriteAsync(directory.Path, killed: false);
        StoreOptions options = StoreOfOurs.Options(directory.File("store"));
        Lose(options.RootDirectory, lost);
        await using (await StoreOfOurs.StartAsync(options))
        {
            // The start mends it.
        }

        await using (ApacheServer apache = new(version, new ServerOptions { StoreDirectory = options.RootDirectory, Broker = StoreOfOurs.Files }))
        {
            await apache.StartAsync();
            JavaClient client = new(version, apache.NameServerAddress);
            IReadOnlyList<JsonElement> received = await client.RunAsync("receive", Topic, "--group", "check", "--mode", "pull", "--from", "first", "--no-commit", "--seconds", "120");
            received.Where(static line => line.GetProperty("event").GetString() == "message").ToDictionary(
                static line => (line.GetProperty("queueId").GetInt32(), line.GetProperty("queueOffset").GetInt64()),
                static line => line.GetProperty("bodySha256").GetString()!)
                .Should().Equal(written.ToDictionary(static message => (message.QueueId, message.QueueOffset), static message => message.BodySha256));
            (await client.RunAsync("query", Topic, "--key", "key-7")).Should().NotBeEmpty();
            await client.RunAsync("send", Topic, "--count", $"{Added}");
            await apache.StopBrokerAsync();
        }

        Lose(options.RootDirectory, lost);
        await using MessageStore again = await StoreOfOurs.StartAsync(options);
        StoreTopic topic = again.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));
        Dictionary<(int, long), long> places = [];
        for (int queue = 0; queue < StoreOfOurs.Queues; queue++)
        {
            IReadOnlyList<QueueUnit>? units = await again.Reader.ReadUnitsAsync(topic, queue, 0, StoreOfOurs.Messages, CancellationToken.None);
            foreach (QueueUnit unit in units!)
            {
                places.Add((queue, unit.QueueOffset), unit.Offset.Value);
            }
        }

        places.Should().HaveCount(StoreOfOurs.Messages + Added, "what Apache's broker added is there too");
        written.Should().OnlyContain(message => places[ValueTuple.Create(message.QueueId, message.QueueOffset)] == message.Offset);
        IndexQueryResult byKey = await again.Reader.QueryIndexAsync(topic, "key-7", StoreOfOurs.Messages, 0, long.MaxValue, CancellationToken.None);
        byKey.Offsets.Should().HaveCount(StoreOfOurs.Messages / 50);
    }

    private static void Lose(string root, string lost)
    {
        foreach (string path in lost.Split(' ').Select(name => Path.Combine(root, name)))
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }
    }
}
