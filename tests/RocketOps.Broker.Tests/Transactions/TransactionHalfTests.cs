using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Testing;
using static RocketOps.Broker.Tests.Transactions.TransactionBench;

namespace RocketOps.Broker.Tests.Transactions;

/// <summary>What a broker keeps of transactions: halves and ops as they are stored, what is open after a restart or a cut, and what it need not read again.</summary>
public sealed class TransactionHalfTests
{
    [Fact]
    public async Task Half_AndOp_AreAsApacheWritesThem()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await producer.SendHalfAsync("Paid", "first", DateTimeOffset.UtcNow);
        RemotingCommand second = await producer.SendHalfAsync("Paid", "second", DateTimeOffset.UtcNow, queueId: 3);

        Requests.Received half = (await ReadAsync(broker, HalfTopic, 0))[1];
        half.Properties.Get("REAL_TOPIC").Should().Be("Paid");
        half.Properties.Get("REAL_QID").Should().Be("3");
        half.Properties.Get("TRAN_MSG").Should().Be("true");
        (await RecordAsync(broker, half)).Should().Be((0, 0L), "a half with its flag set would have no place in a queue");

        (await producer.RollBackAsync(second)).Code.Should().Be(ResponseCode.Success);
        Requests.Received op = (await ReadAsync(broker, OpTopic, 0)).Should().ContainSingle().Subject;
        (op.Body, op.Properties.Get("TAGS")).Should().Be(("1", "d"));
        (await ReadAsync(broker, "Paid", 3)).Should().BeEmpty();
    }

    [Fact]
    public async Task Metrics_AtTheEndOfAMaster_CountWhatIsOpen()
    {
        using TempDirectory directory = new("metrics-");
        await using (TestBroker broker = await TestBroker.StartAsync(Quiet, directory))
        {
            await broker.CreateTopicAsync("Paid", queues: 4);
            await broker.CreateTopicAsync("Shipped");
            await using Producer producer = await Producer.StartAsync(broker, "pg");
            RemotingCommand[] halves = [await HalfAsync("a"), await HalfAsync("b"), await HalfAsync("c"), await HalfAsync("d")];
            await producer.SendHalfAsync("Shipped", "e", DateTimeOffset.UtcNow);
            await producer.CommitAsync(halves[0]);
            await producer.RollBackAsync(halves[2]);

            Task<RemotingCommand> HalfAsync(string body) => producer.SendHalfAsync("Paid", body, DateTimeOffset.UtcNow);
        }

        (await File.ReadAllTextAsync(directory.File("store/config/transactionMetrics"))).Should().MatchRegex(
            """^\{"dataVersion":\{"counter":\d+,"stateVersion":0,"timestamp":\d+\},"transactionCount":\{"Paid":\{"count":2,"timeStamp":\d+\},"Shipped":\{"count":1,"timeStamp":\d+\}\}\}$""");
    }

    [Fact]
    public async Task Metrics_WithoutATransaction_AreNotWritten()
    {
        using TempDirectory directory = new("metrics-");
        await using (await TestBroker.StartAsync(Quiet, directory))
        {
        }

        File.Exists(directory.File("store/config/transactionMetrics")).Should().BeFalse();
    }

    [Fact]
    public async Task Reject_Configured_RefusesHalves()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["rejectTransactionMessage"] = "true" });

        RemotingCommand answer = await broker.InvokeAsync(Requests.Send("Paid", "order", properties: Requests.Properties(("TRAN_MSG", "true"))));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.NoPermission, "the broker[127.0.0.1] sending transaction message is forbidden"));
    }

    [Fact]
    public async Task Restart_SettledHalvesAreNotAskedAbout_OpenOnesAre()
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker before = await TestBroker.StartAsync(Quiet, directory))
        {
            await using Producer producer = await Producer.StartAsync(before, "pg");
            RemotingCommand committed = await producer.SendHalfAsync("Paid", "committed", DateTimeOffset.UtcNow);
            await producer.SendHalfAsync("Paid", "open", DateTimeOffset.UtcNow);
            RemotingCommand rolledBack = await producer.SendHalfAsync("Paid", "rolled back", DateTimeOffset.UtcNow);
            await producer.CommitAsync(committed);
            await producer.RollBackAsync(rolledBack);
        }

        await using TestBroker broker = await TestBroker.StartAsync(Curious, directory);
        await using Producer after = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => after.Questions.Count >= 2, "the open half is asked about, and again");

        after.Questions.Select(static question => Requests.Decode(question).Single().Body).Distinct().Should().Equal("open");
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }

    /// <summary>Apache's broker writes how far it has come whether the log is on the disk or not.</summary>
    [Theory]
    [InlineData(4, 2)]
    [InlineData(3, 3)]
    public async Task Restart_TheChecksHadComeBehindTheEnd_OpenHalvesAreAskedAbout(long half, long op)
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker before = await TestBroker.StartAsync(Quiet, directory))
        {
            await using Producer producer = await Producer.StartAsync(before, "pg");
            await producer.CommitAsync(await producer.SendHalfAsync("Paid", "committed", DateTimeOffset.UtcNow));
            await producer.SendHalfAsync("Paid", "open", DateTimeOffset.UtcNow);
            await producer.CommitAsync(await producer.SendHalfAsync("Paid", "committed later", DateTimeOffset.UtcNow));
        }

        await File.WriteAllTextAsync(
            directory.File("store/config/consumerOffset.json"),
            $"{{\"offsetTable\":{{{Progress(TopicNames.TransactionHalf, half)},{Progress(TopicNames.TransactionOp, op)}}}}}");
        await using TestBroker broker = await TestBroker.StartAsync(Curious, directory);
        await using Producer after = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => after.Questions.Count >= 2, "the open half is asked about, and again");

        after.Questions.Select(static question => Requests.Decode(question).Single().Body).Distinct().Should().Equal("open");
        (await ReadAsync(broker, "Paid", 0)).Should().HaveCount(2);

        static string Progress(string topic, long offset) => string.Create(CultureInfo.InvariantCulture, $"\"{topic}@{GroupNames.Transactions}\":{{0:{offset}}}");
    }

    /// <summary>A kill comes before the progress of the checks was written: that is a file of some seconds before.</summary>
    [Fact]
    public async Task Restart_TheChecksHadComeFurtherThanNoted_WhatWasPutBackAndSettledIsNotAskedAbout()
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker before = await TestBroker.StartAsync(Curious, directory))
        {
            await using Producer producer = await Producer.StartAsync(before, "pg");
            await producer.SendHalfAsync("Paid", "settled", DateTimeOffset.UtcNow);
            await Eventually.TrueAsync(() => producer.Questions.Count >= 2, "the half was put back, and once more");
            (await producer.AnswerAsync(producer.Questions.Last())).Code.Should().Be(ResponseCode.Success);
            await producer.SendHalfAsync("Paid", "open", DateTimeOffset.UtcNow);
            int asked = producer.Questions.Count;
            await Eventually.TrueAsync(() => producer.Questions.Count >= asked + 2, "the other half was put back, and once more");
        }

        await File.WriteAllTextAsync(directory.File("store/config/consumerOffset.json"), "{\"offsetTable\":{}}");
        await using TestBroker broker = await TestBroker.StartAsync(Curious, directory);
        await using Producer after = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => after.Questions.Count >= 2, "the open half is asked about, and again");

        after.Questions.Select(static question => Requests.Decode(question).Single().Body).Distinct().Should().Equal("open");
        (await after.AnswerAsync(after.Questions.Last())).Code.Should().Be(ResponseCode.Success);
        await SettledAsync(broker);
        (await ReadAsync(broker, "Paid", 0)).Select(static message => message.Body).Should().BeEquivalentTo("settled", "open");
    }

    /// <summary>A producer can name another's half in the property by which copies name theirs.</summary>
    [Fact]
    public async Task Restart_AHalfNamesAnothersHalf_BothAreAskedAbout()
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker before = await TestBroker.StartAsync(Quiet, directory))
        {
            await using Producer producer = await Producer.StartAsync(before, "pg");
            RemotingCommand half = await producer.SendHalfAsync("Paid", "named", DateTimeOffset.UtcNow);
            string place = half.Get("queueOffset")!;
            await producer.SendHalfAsync("Paid", "naming", DateTimeOffset.UtcNow, properties: ("TRAN_PREPARED_QUEUE_OFFSET", place));
        }

        await using TestBroker broker = await TestBroker.StartAsync(Curious, directory);
        await using Producer after = await Producer.StartAsync(broker, "pg");

        await Eventually.TrueAsync(() => BodiesOf(after).Distinct().Count() == 2, "both are asked about");

        static IEnumerable<string> BodiesOf(Producer producer) =>
            producer.Questions.Select(static question => Requests.Decode(question).Single().Body);
    }

    /// <summary>5.x writes many offsets into one op, with a comma behind each. One that is no half's is not waited for.</summary>
    [Fact]
    public async Task Ops_OfApache_AreUnderstood()
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker before = await TestBroker.StartAsync(Quiet, directory))
        {
            await using Producer producer = await Producer.StartAsync(before, "pg");
            foreach (string body in (string[])["a", "b", "c"])
            {
                await producer.SendHalfAsync("Paid", body, DateTimeOffset.UtcNow);
            }
        }

        await AppendOpAsync(directory.File("store"), "0,2,9000000000000000000,");
        await using TestBroker broker = await TestBroker.StartAsync(Curious, directory);
        await using Producer after = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => after.Questions.Count >= 2, "the open half is asked about, and again");

        after.Questions.Select(static question => Requests.Decode(question).Single().Body).Distinct().Should().Equal("b");
        (await after.AnswerAsync(after.Questions.Last())).Code.Should().Be(ResponseCode.Success);
        await SettledAsync(broker);
    }

    [Fact]
    public async Task Progress_AllSettled_LeavesNothingToReadAgain()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Curious);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        for (int i = 0; i < 200; i++)
        {
            RemotingCommand half = await producer.SendHalfAsync("Paid", $"m{i}", DateTimeOffset.UtcNow);
            await (i % 2 == 0 ? producer.CommitAsync(half) : producer.RollBackAsync(half));
        }

        await SettledAsync(broker);

        (await ReadAllAsync(broker, "Paid", 0)).Should().HaveCount(100);
        broker.Host.Modules.Transactions.State.Halves.SettledCount.Should().Be(0);
    }

    /// <summary>As when a round read the ops before this one was there, and went on after its half was settled.</summary>
    [Fact]
    public async Task Progress_AnOpComesAfterItsHalfWasPassed_IsPassedToo()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Curious);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        await producer.CommitAsync(half);
        await SettledAsync(broker);

        BrokerModules modules = broker.Host.Modules;
        OwnedMessage late = OpMessages.Write(new TransactionTopics(modules.Host.Store), modules.Host.Address, halfOffset: 0, DateTimeOffset.UtcNow);
        (await modules.Messages.Appender.AppendAsync(late, waitForDisk: true)).IsOk.Should().BeTrue();

        await Eventually.TrueAsync(async () => await EndAsync(broker, OpTopic) == 2, "the op is in its queue");
        await SettledAsync(broker);
    }

    /// <summary>The cut takes the message and the op, and leaves the half: it is open again, though its settling was noted.</summary>
    [Fact]
    public async Task Cut_OfACommit_OpensTheHalfAgain()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "100", ["transactionTimeOut"] = "3600000" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        PhysicalOffset cut = new(OffsetOf(await broker.SendAsync("Other", "cut off")));
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        await SettledAsync(broker);

        await broker.Host.Modules.Roles.Roles.StepDownAndCutAsync(epoch: 1, cut);
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.SlaveNotAvailable);
        await broker.Host.Modules.Roles.Roles.TakeOverAsync(epoch: 2);
        RemotingCommand askNow = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        askNow.Body = "transactionTimeOut=0"u8.ToArray();
        (await broker.InvokeAsync(askNow)).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
        (await ReadAsync(broker, "Paid", 0)).Should().BeEmpty();
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }

    private static async Task<IReadOnlyList<Requests.Received>> ReadAllAsync(TestBroker broker, string topic, int queueId)
    {
        List<Requests.Received> all = [];
        IReadOnlyList<Requests.Received> some;
        do
        {
            some = await ReadAsync(broker, topic, queueId, all.Count);
            all.AddRange(some);
        }
        while (some.Count > 0);
        return all;
    }

    private static async Task AppendOpAsync(string root, string body)
    {
        StoreOptions options = new() { RootDirectory = root, CommitLogFileBytes = 16_777_216, IndexSlots = 5000, IndexEntries = 20_000, Tuning = new() { DiskWarningRatio = 100 } };
        await using MessageStore store = new(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance);
        await store.StartAsync(CancellationToken.None);
        MessageHost host = MessageHost.From(IPAddress.Loopback, 10911);
        StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(OpTopic));
        (await store.Writer.LoadQueueAsync(topic, 0, CancellationToken.None)).Should().Be(AppendStatus.Ok);
        MessageToAppend op = new()
        {
            Topic = topic,
            QueueId = 0,
            Fields = new() { BornHost = host, StoreHost = host },
            Body = Encoding.UTF8.GetBytes(body),
            Properties = Encoding.UTF8.GetBytes(Requests.Properties(("TAGS", "d"))),
        };
        store.Writer.Append(op, out _).Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();
    }
}
