using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Topics;

/// <summary>Topics with batch consume queues, at the wire. What Apache's broker answers to the same is compared in the interop ring (BatchQueueTests).</summary>
public sealed class BatchTopicTests
{
    [Fact]
    public async Task SendBatch_WithAKeyOfItsOwn_IsOneRecordOfSeveralOffsets()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await CreateAsync(broker, "Batches", "+queue.type=BatchCQ");

        RemotingCommand first = await broker.InvokeAsync(
            Requests.SendBatch("Batches", ["a", "b", "c"], Requests.Properties(("UNIQ_KEY", "KEY"))));
        RemotingCommand second = await broker.InvokeAsync(
            Requests.SendBatch("Batches", ["d", "e"], Requests.Properties(("UNIQ_KEY", "NEXT"))));

        first.Code.Should().Be(ResponseCode.Success, first.Remark);
        (first.Get("queueOffset"), first.Get("batchUniqId"), first.Get("transactionId"), first.Get("msgId")!.Length).Should().Be(("0", "KEY", "KEY", 32));
        second.Get("queueOffset").Should().Be("3");
        RemotingCommand pulled = await broker.InvokeAsync(Requests.Pull("g", "Batches", 0, 4, sysFlag: 4, subscription: "*"));
        pulled.Code.Should().Be(ResponseCode.Success, pulled.Remark);
        (pulled.Get("nextBeginOffset"), pulled.Get("minOffset"), pulled.Get("maxOffset")).Should().Be(("5", "0", "5"));
        Requests.Received message = Requests.Decode(pulled).Should().ContainSingle().Which;
        (message.QueueOffset, message.Properties.Get("INNER_NUM"), message.Properties.Get("INNER_BASE")).Should().Be((3L, "2", "3"));
        message.Body.Should().Be(Encoding.UTF8.GetString(Requests.Batch("d", "e")));
    }

    /// <summary>Its consumer sends a message that it could not do to the retry topic, with what a retry adds.</summary>
    [Fact]
    public async Task SendBatch_PropertiesOfAnInnerMessageLeaveNoRoomForARetry_IsRefused()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await CreateAsync(broker, "Batches", "+queue.type=BatchCQ");

        RemotingCommand refused = await broker.InvokeAsync(SendInner(32_400));
        RemotingCommand taken = await broker.InvokeAsync(SendInner(31_900));

        refused.Code.Should().Be(ResponseCode.MessageIllegal);
        refused.Remark.Should().EndWith("of which 544 bytes are kept for what is added when a message waits or is given back.");
        taken.Code.Should().Be(ResponseCode.Success, taken.Remark);

        static RemotingCommand SendInner(int bytes)
        {
            RemotingCommand request = Requests.SendBatch("Batches", [], Requests.Properties(("UNIQ_KEY", "KEY")));
            byte[] properties = Encoding.UTF8.GetBytes(Requests.Properties(("k", new string('v', bytes))));
            int size = 22 + 1 + properties.Length;
            request.Body = (byte[])
            [
                .. Requests.Batch("small"),
                0, 0, (byte)(size >> 8), (byte)size, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, (byte)'x', (byte)(properties.Length >> 8), (byte)properties.Length, .. properties,
            ];
            return request;
        }
    }

    [Fact]
    public async Task Pull_ParkedWithinTheNextBatch_IsWokenByIt()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await CreateAsync(broker, "Batches", "+queue.type=BatchCQ");
        await broker.InvokeAsync(Requests.SendBatch("Batches", ["a", "b", "c"], Requests.Properties(("UNIQ_KEY", "KEY"))));
        Task<RemotingCommand> parked = broker.InvokeAsync(Requests.Pull("g", "Batches", 0, 3, sysFlag: 2 | 4, holdMs: 60_000, subscription: "*"));
        await Eventually.TrueAsync(() => broker.Host.Modules.Pulls.Parked.Count == 1, "the pull waits");

        await broker.InvokeAsync(Requests.SendBatch("Batches", ["d", "e"], Requests.Properties(("UNIQ_KEY", "NEXT"))));

        RemotingCommand answer = await parked;
        (answer.Code, answer.Get("nextBeginOffset")).Should().Be((ResponseCode.Success, "5"));
    }

    /// <summary>Brokers do not look into a batch: what its messages' own tags are is not asked.</summary>
    [Fact]
    public async Task Pull_OneTag_GetsTheBatchesWhoseRecordHasIt()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await CreateAsync(broker, "Batches", "+queue.type=BatchCQ");
        foreach ((string key, string tag) in ((string, string)[])[("NONE", string.Empty), ("A", "A"), ("B", "B")])
        {
            RemotingCommand batch = Requests.SendBatch(
                "Batches", [], Requests.Properties(tag.Length > 0 ? [("UNIQ_KEY", key), ("TAGS", tag)] : [("UNIQ_KEY", key)]));
            batch.Body = Tagged("A");
            (await broker.InvokeAsync(batch)).Code.Should().Be(ResponseCode.Success);
        }

        RemotingCommand pulled = await broker.InvokeAsync(Requests.Pull("g", "Batches", 0, 0, sysFlag: 4, subscription: "A"));

        (pulled.Code, pulled.Get("nextBeginOffset")).Should().Be((ResponseCode.Success, "3"));
        Requests.Decode(pulled).Select(static message => message.Properties.Get("UNIQ_KEY")).Should().Equal("A");

        // A batch of one message, whose body is a letter (remoting.md §4.6).
        static byte[] Tagged(string tag)
        {
            byte[] properties = Encoding.UTF8.GetBytes(Requests.Properties(("TAGS", tag)));
            return [0, 0, 0, (byte)(23 + properties.Length), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, (byte)'x', 0, (byte)properties.Length, .. properties];
        }
    }

    [Fact]
    public async Task Restart_WithBatchTopics_KeepsTheirKindAndTheirOffsets()
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker broker = await TestBroker.StartAsync(directory: directory))
        {
            await CreateAsync(broker, "Batches", "+queue.type=BatchCQ");
            await CreateAsync(broker, "Empty", "+queue.type=BatchCQ");
            await broker.InvokeAsync(Requests.SendBatch("Batches", ["a", "b", "c"], Requests.Properties(("UNIQ_KEY", "KEY"))));
        }

        await using TestBroker again = await TestBroker.StartAsync(directory: directory);

        (await again.InvokeAsync(Requests.SendBatch("Batches", ["d"], Requests.Properties(("UNIQ_KEY", "NEXT"))))).Get("queueOffset").Should().Be("3");
        (await again.InvokeAsync(Requests.SendBatch("Empty", ["d"], Requests.Properties(("UNIQ_KEY", "NEXT"))))).Get("batchUniqId").Should().Be("NEXT", "a topic without a file is known by its configuration");
        Directory.Exists(Path.Combine(directory.Path, "store", "consumequeue", "Empty")).Should().BeFalse();
    }

    [Fact]
    public async Task Start_QueueTypeThatIsNotKnown_IsRefused()
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker broker = await TestBroker.StartAsync(directory: directory))
        {
            await CreateAsync(broker, "Other", "+queue.type=BatchCQ");
        }

        string topics = Path.Combine(directory.Path, "store", "config", "topics.json");
        await File.WriteAllTextAsync(topics, (await File.ReadAllTextAsync(topics)).Replace("BatchCQ", "RocksDBCQ", StringComparison.Ordinal));

        Func<Task> start = async () => await TestBroker.StartAsync(directory: directory);

        (await start.Should().ThrowAsync<InvalidDataException>()).WithMessage("*queue.type=RocksDBCQ of topic Other*");
    }

    [Theory]
    [InlineData("+queue.type=SimpleCQ")]
    [InlineData("+queue.type=BatchCQ")]
    [InlineData("-queue.type")]
    public async Task UpdateTopic_QueueTypeOfATopicThatIsThere_IsRefusedInApachesWords(string attributes)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await CreateAsync(broker, "Batches", "+queue.type=BatchCQ");

        RemotingCommand answer = await broker.InvokeAsync(UpdateTopic("Batches", attributes));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, "attempt to update an unchangeable attribute. key: queue.type"));
        broker.Host.Modules.Topics.Topics.TryGet("Batches", out TopicState? topic).Should().BeTrue();
        topic!.Config.IsBatch.Should().BeTrue();
    }

    [Fact]
    public async Task UpdateTopic_QueueTypeThatIsNone_IsRefusedInApachesWords()
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        RemotingCommand answer = await broker.InvokeAsync(UpdateTopic("Batches", "+queue.type=Batch"));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, "value is not in set: [SimpleCQ, BatchCQ]"));
        broker.Host.Modules.Topics.Topics.TryGet("Batches", out _).Should().BeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DeleteAndCreate_OtherQueueType_BeginsAnew(bool restarts)
    {
        using TempDirectory directory = new("broker-");
        TestBroker broker = await TestBroker.StartAsync(directory: directory);
        try
        {
            await CreateAsync(broker, "Batches", "+queue.type=BatchCQ");
            await broker.InvokeAsync(Requests.SendBatch("Batches", ["a", "b", "c"], Requests.Properties(("UNIQ_KEY", "KEY"))));
            if (restarts)
            {
                // What the store was told at its start must not outlive the topic.
                await broker.DisposeAsync();
                broker = await TestBroker.StartAsync(directory: directory);
            }

            (await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Batches"))).Code.Should().Be(ResponseCode.Success);
            await CreateAsync(broker, "Batches", string.Empty);
            RemotingCommand sent = await broker.InvokeAsync(
                Requests.SendBatch("Batches", ["d", "e"], Requests.Properties(("UNIQ_KEY", "NEXT"))));

            (sent.Get("queueOffset"), sent.Get("batchUniqId")).Should().Be(("0", null));
            sent.Get("msgId").Should().Contain(",", "a plain topic has a record per message");
        }
        finally
        {
            await broker.DisposeAsync();
        }
    }

    private static async Task CreateAsync(TestBroker broker, string topic, string attributes)
    {
        RemotingCommand answer = await broker.InvokeAsync(UpdateTopic(topic, attributes));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }

    private static RemotingCommand UpdateTopic(string topic, string attributes) => Requests.Topic(topic).Set("attributes", attributes);
}
