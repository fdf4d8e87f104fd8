using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Tests.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Topics;

public sealed class TopicRecoveryTests
{
    [Fact]
    public async Task TakeTopics_QueuesOfATopicThatNoTableKnows_CanBeRead()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        MessageStore store = broker.Host.Modules.Host.Store;
        RecordedLog log = new();
        store.Writer.Append(
            new MessageToAppend
            {
                Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes("unknown")),
                QueueId = 2,
                Fields = new()
                {
                    BornHost = broker.Host.Modules.Host.Address.StoreHost,
                    StoreHost = broker.Host.Modules.Host.Address.StoreHost,
                },
                Body = "acknowledged elsewhere"u8,
            },
            out _).Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();
        await store.FinishDispatchAsync();

        await new TopicRecovery(store, broker.Host.Modules.Topics.Topics, new Logger<TopicRecovery>(log)).TakeTopicsAsync(endsDeletions: false);

        broker.Host.Modules.Topics.Topics.GetOrThrow("unknown").Config.ReadQueueNums.Should().Be(3);
        log.Lines.Should().ContainSingle().Which.Text.Should().Contain("unknown");
    }

    [Fact]
    public async Task Start_TopicsFileIsLost_TopicsWithMessagesAreMadeAgainAndTheirMessagesAreRead()
    {
        using TempDirectory directory = new("lost-");
        RecordedLog log = new();
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Lost", queues: 4);
            await before.SendAsync("Lost", "one", queueId: 2);
            await before.CreateTopicAsync("Empty");
            await before.CreateTopicAsync("Deleted");
            await before.SendAsync("Deleted", "gone");
            await before.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Deleted"));
        }

        File.Delete(TopicsFile(directory));
        File.Delete(TopicsFile(directory) + ".bak");
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log);

        TopicTable topics = broker.Host.Modules.Topics.Topics;
        topics.GetOrThrow("Lost").Config.ReadQueueNums.Should().Be(3);
        (await BrokerGroup.ReadAsync(broker, "Lost", queueId: 2)).Should().Equal("one");
        topics.TryGet("Deleted", out _).Should().BeFalse();
        log.Lines.Where(static line => line.Id == 3666).Should().ContainSingle().Which.Text.Should().Contain("Lost").And.Contain("config/topics.json");
    }

    /// <summary>The table is written before the queues go: what was deleted does not come back when the broker is killed between.</summary>
    [Fact]
    public async Task Start_KilledBetweenTheTableAndTheQueuesOfADeletion_TheQueuesGoAndTheTopicStaysDeleted()
    {
        using TempDirectory directory = new("killed-");
        RecordedLog log = new();
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Deleted");
            await before.SendAsync("Deleted", "gone");
        }

        JsonNode table = JsonNode.Parse(await File.ReadAllTextAsync(TopicsFile(directory)))!;
        table["topicConfigTable"]!.AsObject().Remove("Deleted");
        table["rocketOpsHistory"] = JsonNode.Parse("""{"deletions":{"Deleted":{"time":1,"offsets":true}}}""");
        await File.WriteAllTextAsync(TopicsFile(directory), table.ToJsonString());
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log);

        broker.Host.Modules.Topics.Topics.TryGet("Deleted", out _).Should().BeFalse();
        broker.Host.Modules.Host.Store.FindTopic("Deleted"u8).Should().BeNull();
        log.Lines.Should().ContainSingle(static line => line.Id == 3687);
        log.Lines.Should().NotContain(static line => line.Id == 3666);
        broker.Host.Modules.Topics.Topics.History.Deletions["Deleted"].End.Should().Be(broker.Host.Modules.Host.Store.Positions.Appended.Value);
    }

    /// <summary>
    /// A member began the deletion and was killed. It followed the next master, which has the topic, and leads again: with an end, the note
    /// would tell its slaves to remove what was sent since.
    /// </summary>
    [Fact]
    public async Task Start_DeletionThatWasBegunOfATopicThatIsThere_IsForgotten()
    {
        using TempDirectory directory = new("begun-");
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Back");
            await before.SendAsync("Back", "sent since");
        }

        JsonNode table = JsonNode.Parse(await File.ReadAllTextAsync(TopicsFile(directory)))!;
        table["rocketOpsHistory"] = JsonNode.Parse("""{"deletions":{"Back":{"time":1,"offsets":true}}}""");
        await File.WriteAllTextAsync(TopicsFile(directory), table.ToJsonString());
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory);

        (await BrokerGroup.ReadAsync(broker, "Back")).Should().Equal("sent since");
        broker.Host.Modules.Topics.Topics.History.Deletions.Should().NotContainKey("Back");
    }

    /// <summary>
    /// Only the folders with messages are restored, as when a topic was deleted by mistake: the note of the deletion is of a later time.
    /// </summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Start_TableIsNewerThanTheStore_TopicThatWasDeletedSinceIsMadeAgain(bool sendsMore, bool losesInventory)
    {
        using TempDirectory directory = new("newer-");
        using TempDirectory copy = new("yesterday-");
        RecordedLog log = new();
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Deleted");
            await before.SendAsync("Deleted", "by mistake");
        }

        Folders.Copy(directory.File("store"), copy.File("store"));
        await using (TestBroker later = await TestBroker.StartAsync(directory: directory))
        {
            if (sendsMore)
            {
                await later.CreateTopicAsync("Other");
                await later.SendAsync("Other", "later");
            }

            await later.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Deleted"));
        }

        Directory.Delete(Path.Combine(copy.File("store"), "config"), recursive: true);
        Folders.Copy(Path.Combine(directory.File("store"), "config"), Path.Combine(copy.File("store"), "config"));
        if (losesInventory)
        {
            File.Delete(Path.Combine(copy.File("store"), "inventory"));
        }

        await using TestBroker broker = await TestBroker.StartAsync(directory: copy, loggers: log);

        (await BrokerGroup.ReadAsync(broker, "Deleted")).Should().Equal("by mistake");
        log.Lines.Where(static line => line.Id == 3693).Should().ContainSingle()
            .Which.Text.Should().Contain("Deleted").And.Contain("config/ is newer than the store");
        log.Lines.Should().NotContain(static line => line.Id == 3687 || line.Id == 3666);
        broker.Host.Modules.Topics.Topics.History.Deletions.Should().NotContainKey("Deleted", "slaves would follow the note");
    }

    /// <summary>Queues that were made again from the log, without an inventory, say nothing against the note.</summary>
    [Fact]
    public async Task Start_QueuesAndInventoryAreLost_TopicThatWasDeletedStaysDeleted()
    {
        using TempDirectory directory = new("rebuilt-");
        RecordedLog log = new();
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Deleted");
            await before.SendAsync("Deleted", "gone");
            await before.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Deleted"));
        }

        Directory.Delete(Path.Combine(directory.File("store"), "consumequeue"), recursive: true);
        File.Delete(Path.Combine(directory.File("store"), "inventory"));
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log);

        broker.Host.Modules.Topics.Topics.TryGet("Deleted", out _).Should().BeFalse();
        log.Lines.Should().NotContain(static line => line.Id == 3666 || line.Id == 3693);
        MessageStore store = broker.Host.Modules.Host.Store;
        store.GetQueueIds(store.GetOrAddTopic("Deleted"u8)).Should().BeEmpty();
    }

    /// <summary>
    /// Queues are made again from the log, where no inventory tells of the deletion: the table's note of it does, and the topic that was
    /// made again has its own messages alone.
    /// </summary>
    [Theory]
    [InlineData("inventory", null, true)]
    [InlineData("inventory", null, false)]
    [InlineData("checkpoint", "inventory", true)]
    [InlineData("checkpoint", "inventory", false)]
    public async Task Start_QueuesAndInventoryAreLost_TopicThatWasMadeAgainHasItsOwnMessages(string lost, string? second, bool sendsMore)
    {
        using TempDirectory directory = new("again-");
        await LeaveMadeAgainAsync(directory, sendsMore);

        Directory.Delete(Path.Combine(directory.File("store"), "consumequeue"), recursive: true);
        File.Delete(Path.Combine(directory.File("store"), lost));
        File.Delete(Path.Combine(directory.File("store"), second ?? lost));

        await ShouldHaveItsOwnMessagesAsync(directory, sendsMore);
    }

    /// <summary>The same where the files are there, of before the deletion.</summary>
    [Theory]
    [InlineData("inventory", null, false)]
    [InlineData("inventory", "consumequeue", false)]
    [InlineData("inventory", null, true)]
    [InlineData("checkpoint", "inventory", false)]
    [InlineData("checkpoint", "inventory", true)]
    [InlineData("checkpoint", "inventory,consumequeue", false)]
    public async Task Start_InventoryIsOfBeforeTheDeletion_TopicThatWasMadeAgainHasItsOwnMessages(
        string older, string? others, bool losesQueues)
    {
        using TempDirectory directory = new("again-");
        using TempDirectory copy = new("before-");
        await LeaveMadeAgainAsync(directory, sendsMore: true, copy);

        if (losesQueues)
        {
            Directory.Delete(Path.Combine(directory.File("store"), "consumequeue"), recursive: true);
        }

        foreach (string name in (string[])[older, .. others?.Split(',') ?? []])
        {
            string path = Path.Combine(directory.File("store"), name);
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
                Folders.Copy(Path.Combine(copy.File("store"), name), path);
            }
            else
            {
                File.Copy(Path.Combine(copy.File("store"), name), path, overwrite: true);
            }
        }

        await ShouldHaveItsOwnMessagesAsync(directory, sendsMore: true);
    }

    /// <summary>
    /// Only the folders with messages are restored, and the topic was made again in between: the note says nothing of this log.
    /// </summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Start_TableIsNewerThanTheStore_TopicThatWasMadeAgainSinceHasTheMessagesOfTheStore(
        bool sendsBetween, bool losesInventory)
    {
        using TempDirectory directory = new("newer-");
        using TempDirectory copy = new("yesterday-");
        RecordedLog log = new();
        await LeaveMadeAgainAsync(directory, sendsMore: true, copy, sendsBetween);
        Directory.Delete(Path.Combine(copy.File("store"), "config"), recursive: true);
        Folders.Copy(Path.Combine(directory.File("store"), "config"), Path.Combine(copy.File("store"), "config"));
        if (losesInventory)
        {
            File.Delete(Path.Combine(copy.File("store"), "inventory"));
        }

        await using (TestBroker broker = await TestBroker.StartAsync(directory: copy, loggers: log))
        {
            (await BrokerGroup.ReadAsync(broker, "Again")).Should().Equal("old 0", "old 0", "old 0");
            broker.Host.Modules.Topics.Topics.History.Deletions.Should().NotContainKey("Again", "a later start would go by the note");
            for (int i = 0; i < 20; i++)
            {
                await broker.SendAsync("Other", "later");
            }
        }

        log.Lines.Should().ContainSingle(static line => line.Id == 3696).Which.Text.Should().Contain("topic Again");
        Directory.Delete(Path.Combine(copy.File("store"), "consumequeue"), recursive: true);
        File.Delete(Path.Combine(copy.File("store"), "inventory"));
        await using TestBroker again = await TestBroker.StartAsync(directory: copy);
        (await BrokerGroup.ReadAsync(again, "Again")).Should().Equal("old 0", "old 0", "old 0");
    }

    /// <summary>
    /// The start before was killed after it had made queues, and an inventory, from the log: that one has queues of topics that were deleted.
    /// </summary>
    [Fact]
    public async Task Start_AfterAKill_InventoryHasQueuesOfATopicThatWasDeleted_TopicStaysDeleted()
    {
        using TempDirectory directory = new("killed-");
        using TempDirectory copy = new("made-");
        RecordedLog log = new();
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Deleted");
            await before.SendAsync("Deleted", "gone");
        }

        Folders.Copy(directory.File("store"), copy.File("store"));
        await using (TestBroker later = await TestBroker.StartAsync(directory: directory))
        {
            await later.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Deleted"));
        }

        Directory.Delete(Path.Combine(copy.File("store"), "config"), recursive: true);
        Folders.Copy(Path.Combine(directory.File("store"), "config"), Path.Combine(copy.File("store"), "config"));
        await File.WriteAllTextAsync(Path.Combine(copy.File("store"), "abort"), "");
        await using TestBroker broker = await TestBroker.StartAsync(directory: copy, loggers: log);

        broker.Host.Modules.Topics.Topics.TryGet("Deleted", out _).Should().BeFalse();
        log.Lines.Should().ContainSingle(static line => line.Id == 3687);
    }

    /// <summary>A slave that began empty gets the note first and then, with the log, the messages of the topic, and queues for them.</summary>
    [Fact]
    public async Task Start_SlaveOfBeforeHasQueuesOfATopicThatItsMasterDeleted_TopicStaysDeleted()
    {
        using TempDirectory directory = new("followed-");
        RecordedLog log = new();
        long end;
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Deleted");
            await before.SendAsync("Deleted", "gone");
            end = before.Host.Modules.Host.Store.Positions.Appended.Value;
        }

        JsonNode table = JsonNode.Parse(await File.ReadAllTextAsync(TopicsFile(directory)))!;
        table["topicConfigTable"]!.AsObject().Remove("Deleted");
        JsonNode history = JsonNode.Parse("""{"deletions":{"Deleted":{"time":1,"end":0,"offsets":true}}}""")!;
        history["deletions"]!["Deleted"]!["end"] = end;
        history["followed"] = table["dataVersion"]!.DeepClone();
        table["rocketOpsHistory"] = history;
        await File.WriteAllTextAsync(TopicsFile(directory), table.ToJsonString());
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log);

        broker.Host.Modules.Topics.Topics.History.Followed.Should().NotBeNull();
        broker.Host.Modules.Topics.Topics.TryGet("Deleted", out _).Should().BeFalse();
        log.Lines.Should().ContainSingle(static line => line.Id == 3687);
        log.Lines.Should().NotContain(static line => line.Id == 3693);
    }

    [Fact]
    public async Task Start_TopicsFileHasFewerQueuesThanHaveMessages_SaysWhichAndHowToReadThem()
    {
        using TempDirectory directory = new("fewer-");
        RecordedLog log = new();
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Grown", queues: 2);
            await before.CreateTopicAsync("Even", queues: 2);
            await before.SendAsync("Even", "one", queueId: 1);
        }

        byte[] older = await File.ReadAllBytesAsync(TopicsFile(directory));
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Grown", queues: 8);
            await before.CreateTopicAsync("Even", queues: 8);
            await before.SendAsync("Grown", "one", queueId: 1);
            await before.SendAsync("Grown", "two", queueId: 3);
            await before.SendAsync("Grown", "three", queueId: 5);
        }

        await File.WriteAllBytesAsync(TopicsFile(directory), older);
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log);

        log.Lines.Where(static line => line.Id == 3694).Should().ContainSingle().Which.Text.Should()
            .Contain("topic Grown").And.Contain("queues 3, 5 have").And.Contain("--read-queues 6").And.Contain("-r 6");
        TopicConfig config = broker.Host.Modules.Topics.Topics.GetOrThrow("Grown").Config;
        (config.ReadQueueNums, config.WriteQueueNums).Should().Be((2, 2), "an administrator may have given it fewer queues");

        await broker.CreateTopicAsync("Grown", queues: 6);
        (await BrokerGroup.ReadAsync(broker, "Grown", queueId: 5)).Should().Equal("three");
    }

    [Fact]
    public async Task Start_ManyTopicsHaveFewerQueuesThanHaveMessages_NamesSomeAndCountsTheOthers()
    {
        using TempDirectory directory = new("many-");
        RecordedLog log = new();
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            for (int i = 0; i < 23; i++)
            {
                string topic = string.Create(CultureInfo.InvariantCulture, $"T{i}");
                await before.CreateTopicAsync(topic, queues: 2);
                await before.SendAsync(topic, "one", queueId: 1);
                await before.CreateTopicAsync(topic, queues: 1);
            }
        }

        await using TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log);

        log.Lines.Count(static line => line.Id == 3694).Should().Be(20);
        log.Lines.Where(static line => line.Id == 3695).Should().ContainSingle().Which.Text.Should().Contain("23 topics");
    }

    /// <summary>
    /// The wrong config/ was restored, and queues are made again from the log: the other broker's notes and offsets say nothing of it.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_ConfigIsAnotherBrokers_NoMessageIsHiddenAndNoOffsetCounts(bool losesInventory)
    {
        using TempDirectory directory = new("own-");
        using TempDirectory other = new("other-");
        RecordedLog log = new();
        await using (TestBroker own = await TestBroker.StartAsync(directory: directory))
        {
            await own.CreateTopicAsync("Again", queues: 4);
            foreach (int i in Enumerable.Range(0, 40))
            {
                await own.SendAsync("Again", string.Create(CultureInfo.InvariantCulture, $"own {i}"));
            }
        }

        await LeaveMadeAgainAsync(other, sendsMore: true);
        await using (TestBroker before = await TestBroker.StartAsync(directory: other))
        {
            before.Host.Modules.Offsets.Consumers.Commit("Again", "g", 0, 2);
        }

        string store = directory.File("store");
        Directory.Delete(Path.Combine(store, "config"), recursive: true);
        Folders.Copy(Path.Combine(other.File("store"), "config"), Path.Combine(store, "config"));
        Directory.Delete(Path.Combine(store, "consumequeue"), recursive: true);
        if (losesInventory)
        {
            File.Delete(Path.Combine(store, "inventory"));
            File.Delete(Path.Combine(store, "checkpoint"));
        }

        await using (TestBroker broker = await TestBroker.StartAsync(directory: directory, loggers: log))
        {
            (await BrokerGroup.ReadAsync(broker, "Again")).Should().HaveCount(40);
            broker.Host.Modules.Topics.Topics.History.Deletions.Should().BeEmpty();
            broker.Host.Modules.Offsets.Consumers.Query("Again", "g", 0).Should().Be(-1);
            log.Lines.Should().ContainSingle(static line => line.Id == 3700).Which.Text.Should()
                .Contain("config/topics.json notes 1 deletions");
            log.Lines.Should().ContainSingle(static line => line.Id == 3701).Which.Text.Should().Contain("config/consumerOffset.json");
        }

        RecordedLog again = new();
        await using TestBroker second = await TestBroker.StartAsync(directory: directory, loggers: again);
        again.Lines.Should().NotContain(static line => line.Id == 3700 || line.Id == 3701, "the files are of this store now");
    }

    /// <summary>Leaves a topic with messages in queue 0 and, perhaps, 1, whose queues 0 to 2 had others before it was deleted.</summary>
    /// <param name="directory">Of the broker.</param>
    /// <param name="sendsMore">False: nothing is sent after the deletion.</param>
    /// <param name="copy">Gets the store as it was before the deletion.</param>
    /// <param name="sendsBetween">A message of another topic comes between that copy and the deletion.</param>
    private static async Task LeaveMadeAgainAsync(
        TempDirectory directory, bool sendsMore, TempDirectory? copy = null, bool sendsBetween = false)
    {
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Other");
            await before.SendAsync("Other", "first");
            await before.CreateTopicAsync("Again", queues: 4);
            foreach (int queue in (int[])[0, 0, 0, 1, 1, 1, 2, 2, 2])
            {
                await before.SendAsync("Again", string.Create(CultureInfo.InvariantCulture, $"old {queue}"), queueId: queue);
            }
        }

        if (copy is not null)
        {
            Folders.Copy(directory.File("store"), copy.File("store"));
        }

        await using TestBroker later = await TestBroker.StartAsync(directory: directory);
        if (sendsBetween)
        {
            await later.SendAsync("Other", "between");
        }

        await later.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Again"));
        await later.CreateTopicAsync("Again", queues: 4);
        if (sendsMore)
        {
            await later.SendAsync("Again", "new 0", queueId: 0);
            await later.SendAsync("Again", "new 0", queueId: 0);
            await later.SendAsync("Again", "new 1", queueId: 1);
        }
    }

    private static async Task ShouldHaveItsOwnMessagesAsync(TempDirectory directory, bool sendsMore)
    {
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory);
        (await BrokerGroup.ReadAsync(broker, "Other")).Should().Equal("first");
        (await BrokerGroup.ReadAsync(broker, "Again")).Should().Equal(sendsMore ? ["new 0", "new 0"] : []);
        (await BrokerGroup.ReadAsync(broker, "Again", queueId: 1)).Should().Equal(sendsMore ? ["new 1"] : []);
        (await BrokerGroup.ReadAsync(broker, "Again", queueId: 2)).Should().BeEmpty("its messages were deleted");
        await broker.SendAsync("Again", "next", queueId: 2);
        (await BrokerGroup.ReadAsync(broker, "Again", queueId: 2)).Should().Equal("next");
    }

    private static string TopicsFile(TempDirectory directory) => Path.Combine(directory.File("store"), "config", "topics.json");
}
