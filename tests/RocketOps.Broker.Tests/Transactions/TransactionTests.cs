using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Transactions;
using RocketOps.Remoting.Commands;
using RocketOps.Store;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Transactions;

public sealed class TransactionTests
{
    private const string Half = "RMQ_SYS_TRANS_HALF_TOPIC";
    private const string Op = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
    private const string GivenUp = "TRANS_CHECK_MAX_TIME_TOPIC";

    /// <summary>No questions during the test.</summary>
    private static readonly Dictionary<string, string> Quiet = new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "3600000" };

    /// <summary>Questions from the first moment on.</summary>
    private static readonly Dictionary<string, string> Curious = new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "100", ["transactionTimeOut"] = "0" };

    [Fact]
    public async Task Commit_IsReadInItsTopicOnce_AndNotBefore()
    {
        await using TestBroker broker = await StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");

        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, queueId: 2, ("KEYS", "k"));
        half.Get("transactionId").Should().Be("key-order");
        half.Get("queueId").Should().Be("2");
        half.Get("queueOffset").Should().Be("0");
        (await ReadAsync(broker, "Paid", 2)).Should().BeEmpty();

        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success, "an end that comes twice is none");

        Requests.Received message = (await ReadAsync(broker, "Paid", 2)).Should().ContainSingle().Subject;
        message.Body.Should().Be("order");
        message.Properties.Get("KEYS").Should().Be("k");
        message.Properties.Get("__transactionId__").Should().Be("key-order");
        message.Properties.Get("TRAN_MSG").Should().Be("true", "RocketMQ leaves it, too");
        message.Properties.Get("REAL_TOPIC").Should().BeNull();
        (await RecordAsync(broker, message)).Should().Be((SysFlags.TransactionCommit, OffsetOf(half)));
    }

    /// <summary>A producer ends a transaction by a one-way request, and may close its connection at once: what it has sent counts, however long the broker takes for it.</summary>
    [Fact]
    public async Task Commit_OneWayAndTheProducerLeaves_IsCarriedOut()
    {
        using TempDirectory directory = new("leaves-");
        RemotingCommand half;
        await using (TestBroker before = await TestBroker.StartAsync(Quiet, directory))
        {
            await using Producer producer = await Producer.StartAsync(before, "pg");
            half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        }

        using StuckReads disk = new();
        await using TestBroker broker = await TestBroker.StartAsync(Quiet, directory, fileSystem: disk);
        disk.Begin();
        Task[] looks = [.. Enumerable.Range(0, new StoreOptions { RootDirectory = "" }.ColdReadThreads)
            .Select(_ => broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.ViewMessageById).Set("offset", OffsetOf(half))))];
        await Eventually.TrueAsync(() => disk.Waiting == looks.Length, "every thread that reads is at work, and what else is to be read waits");
        await using (Producer leaving = await Producer.StartAsync(broker, "pg"))
        {
            await leaving.InvokeOneWayAsync(leaving.End(half, Producer.Commit));
        }

        await Eventually.TrueAsync(() => broker.Host.Parts.Producers.ChannelsOf("pg").Count == 0, "the broker knows that it has left");
        disk.End();

        await Task.WhenAll(looks);
        await Eventually.TrueAsync(async () => (await ReadAsync(broker, "Paid", 0)).Count == 1, "it is committed");
    }

    [Fact]
    public async Task Half_AndOp_AreAsApacheWritesThem()
    {
        await using TestBroker broker = await StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await producer.SendHalfAsync("Paid", "first", DateTimeOffset.UtcNow);
        RemotingCommand second = await producer.SendHalfAsync("Paid", "second", DateTimeOffset.UtcNow, queueId: 3);

        Requests.Received half = (await ReadAsync(broker, Half, 0))[1];
        half.Properties.Get("REAL_TOPIC").Should().Be("Paid");
        half.Properties.Get("REAL_QID").Should().Be("3");
        half.Properties.Get("TRAN_MSG").Should().Be("true");
        (await RecordAsync(broker, half)).Should().Be((0, 0L), "a half with its flag set would have no place in a queue");

        (await producer.RollBackAsync(second)).Code.Should().Be(ResponseCode.Success);
        Requests.Received op = (await ReadAsync(broker, Op, 0)).Should().ContainSingle().Subject;
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
    public async Task End_WhatDoesNotFit_IsRefused()
    {
        await using TestBroker broker = await StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        RemotingCommand plain = await broker.SendAsync("Paid", "plain", properties: Requests.Properties(("PGROUP", "pg")));
        long offset = OffsetOf(half);

        await RefusedAsync(Producer.End("other", 0, offset, 8), "The producer group wrong");
        await RefusedAsync(Producer.End("pg", 1, offset, 8), "The transaction state table offset wrong");
        await RefusedAsync(Producer.End("pg", 0, offset + 1, 8), "Find prepared transaction message failed");
        await RefusedAsync(Producer.End("pg", 0, -5, 8), "Find prepared transaction message failed");
        await RefusedAsync(Producer.End("pg", 0, OffsetOf(plain), 8), "Find prepared transaction message failed");
        (await ReadAsync(broker, Op, 0)).Should().BeEmpty();

        async Task RefusedAsync(RemotingCommand end, string remark)
        {
            RemotingCommand answer = await producer.InvokeAsync(end);
            (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, remark));
        }
    }

    [Fact]
    public async Task Reject_Configured_RefusesHalves()
    {
        await using TestBroker broker = await StartAsync(new(StringComparer.Ordinal) { ["rejectTransactionMessage"] = "true" });

        RemotingCommand answer = await broker.InvokeAsync(Requests.Send("Paid", "order", properties: Requests.Properties(("TRAN_MSG", "true"))));

        (answer.Code, answer.Remark).Should().Be((ResponseCode.NoPermission, "the broker[127.0.0.1] sending transaction message is forbidden"));
    }

    [Fact]
    public async Task Delay_BeginsWithTheCommit()
    {
        await using TestBroker broker = await StartAsync(new(Quiet, StringComparer.Ordinal) { ["messageDelayLevel"] = "1s" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, properties: ("DELAY", "1"));
        (await ReadAsync(broker, Half, 0)).Should().ContainSingle();

        await producer.CommitAsync(half);

        (await ReadAsync(broker, "SCHEDULE_TOPIC_XXXX", 0)).Should().ContainSingle();
        await Eventually.TrueAsync(async () => (await ReadAsync(broker, "Paid", 0)).Count == 1, "the delayed message is delivered");
    }

    [Fact]
    public async Task Check_Unanswered_AsksWithTheWholeMessage_AndTheAnswerCommits()
    {
        await using TestBroker broker = await StartAsync(Curious);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, queueId: 1);

        await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
        producer.Questions.TryPeek(out RemotingCommand? question).Should().BeTrue();
        question!.Get("msgId").Should().Be("key-order");
        question.Get("topic").Should().Be("Paid");
        Requests.Received asked = Requests.Decode(question).Should().ContainSingle().Subject;
        (asked.Topic, asked.QueueId, asked.Body).Should().Be(("Paid", 1, "order"));
        asked.Properties.Get("TRANSACTION_CHECK_TIMES").Should().Be("1");
        question.Get("tranStateTableOffset").Should().NotBe(half.Get("queueOffset"), "the half was put back before the question");

        (await producer.AnswerAsync(question)).Code.Should().Be(ResponseCode.Success);
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success, "the producer's own end comes late");

        Requests.Received committed = (await ReadAsync(broker, "Paid", 1)).Should().ContainSingle().Subject;
        asked.Properties.Get("ROCKETOPS_HALF_STORED_AT").Should().NotBeNull("a copy says when the half was stored");
        committed.Properties.Get("ROCKETOPS_HALF_STORED_AT").Should().BeNull("that is of no interest to consumers");
        await SettledAsync(broker);
    }

    [Fact]
    public async Task Check_TheOwnEndAfterTheHalfWasPutBack_Settles()
    {
        await using TestBroker broker = await StartAsync(Curious);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        await Eventually.TrueAsync(() => producer.Questions.Count >= 2, "the producer is asked twice");

        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        await SettledAsync(broker);

        int asked = producer.Questions.Count;
        producer.Questions.TryPeek(out RemotingCommand? first).Should().BeTrue();
        (await producer.AnswerAsync(first!)).Code.Should().Be(ResponseCode.Success);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
        producer.Questions.Count.Should().Be(asked);
    }

    [Fact]
    public async Task Check_TheProducerIsGone_AsksAnotherOfItsGroup()
    {
        await using TestBroker broker = await StartAsync(Curious);
        await using (Producer first = await Producer.StartAsync(broker, "pg"))
        {
            await first.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, properties: ("CHECK_IMMUNITY_TIME_IN_SECONDS", "1"));
        }

        await using Producer second = await Producer.StartAsync(broker, "pg");
        await using Producer stranger = await Producer.StartAsync(broker, "other");

        await Eventually.TrueAsync(() => !second.Questions.IsEmpty, "the other producer is asked");
        second.Questions.TryPeek(out RemotingCommand? question).Should().BeTrue();
        Requests.Decode(question!).Single().Properties.Get("TRANSACTION_CHECK_TIMES").Should().Be("1", "waiting for the time the producer asked for is no question");
        stranger.Questions.Should().BeEmpty();
    }

    [Fact]
    public async Task Check_NeverAnswered_IsGivenUp_AndCanBeResumed()
    {
        await using TestBroker broker = await StartAsync(new(Curious, StringComparer.Ordinal) { ["transactionCheckMax"] = "2" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);

        await Eventually.TrueAsync(async () => (await ReadAsync(broker, GivenUp, 0)).Count == 1, "the half is given up");
        producer.Questions.Should().HaveCount(2);
        await SettledAsync(broker);
        Requests.Received given = (await ReadAsync(broker, GivenUp, 0)).Single();

        RemotingCommand resume = RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", IdOf(broker, given));
        (await broker.InvokeAsync(resume)).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(() => producer.Questions.Count == 3, "the producer is asked again");
        (await producer.AnswerAsync(producer.Questions.Last())).Code.Should().Be(ResponseCode.Success);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }

    /// <summary>An end that comes late, of the half as it was before it was given up and resumed, is one of the resumed half.</summary>
    [Fact]
    public async Task Resume_TheOwnEndComesLate_IsStoredOnce()
    {
        await using TestBroker broker = await StartAsync(new(Curious, StringComparer.Ordinal) { ["transactionCheckMax"] = "1" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        await Eventually.TrueAsync(async () => (await ReadAsync(broker, GivenUp, 0)).Count == 1, "the half is given up");
        RemotingCommand resume = RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", IdOf(broker, (await ReadAsync(broker, GivenUp, 0)).Single()));

        (await broker.InvokeAsync(resume)).Code.Should().Be(ResponseCode.Success);
        (await broker.InvokeAsync(resume)).Remark.Should().EndWith("its transaction is settled, or it waits among the halves already");
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        foreach (RemotingCommand question in producer.Questions)
        {
            (await producer.AnswerAsync(question)).Code.Should().Be(ResponseCode.Success);
        }

        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }

    /// <summary>A delivered message says in its properties where it belongs, as a half does.</summary>
    [Fact]
    public async Task Resume_AMessageThatWasDelayed_IsRefused()
    {
        await using TestBroker broker = await StartAsync(new(Quiet, StringComparer.Ordinal) { ["messageDelayLevel"] = "0s" });
        await broker.SendAsync("Paid", "delayed", properties: Requests.Properties(("DELAY", "1")));
        IReadOnlyList<Requests.Received> delivered = [];
        await Eventually.TrueAsync(async () => (delivered = await ReadAsync(broker, "Paid", 0)).Count == 1, "the message is delivered");

        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", IdOf(broker, delivered.Single())));

        answer.Code.Should().Be(ResponseCode.SystemError);
        (await ReadAsync(broker, Half, 0)).Should().BeEmpty();
    }

    /// <summary>Nothing can be added to it, so it can never be put back; the one behind it is asked about all the same.</summary>
    [Fact]
    public async Task Check_AHalfThatCannotBePutBack_IsGivenUpAndHoldsNobodyUp()
    {
        await using TestBroker broker = await StartAsync(new(Curious, StringComparer.Ordinal) { ["httpPort"] = "-1" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await broker.SendAsync("Paid", "its topic is there");
        await AppendHalfAsync(broker, "full", [("k", new string('v', 32_680))]);
        await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);

        await Eventually.TrueAsync(() => producer.Questions.Any(static question => Requests.Decode(question).Single().Body == "order"), "the other half is asked about");

        await Eventually.TrueAsync(async () => (await ReadAsync(broker, GivenUp, 0)).Count == 1, "the half is given up");
        (await ReadAsync(broker, GivenUp, 0)).Single().Body.Should().Be("full");
        using HttpClient http = new();
        string metrics = await http.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics");
        metrics.Should().MatchRegex("(?m)^rocketops_transactions_given_up_total\\{.*\\} 1$").And.MatchRegex("(?m)^rocketops_transaction_checks_total\\{.*\\} [1-9]").And.MatchRegex("(?m)^rocketmq_half_messages\\{.*\\} [12]$");
    }

    /// <summary>Who has not been asked has not failed to answer, however long that takes.</summary>
    [Fact]
    public async Task Check_NoProducerIsConnected_DoesNotCount()
    {
        RecordedLog log = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "100", ["transactionTimeOut"] = "3600000", ["transactionCheckMax"] = "2" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, loggers: log);
        await using (Producer before = await Producer.StartAsync(broker, "pg"))
        {
            await before.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
            await before.SendHalfAsync("Paid", "another", DateTimeOffset.UtcNow);
        }

        await Eventually.TrueAsync(() => broker.Host.Parts.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        RemotingCommand askNow = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        askNow.Body = "transactionTimeOut=0"u8.ToArray();
        (await broker.InvokeAsync(askNow)).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => Nobody().Count >= 5, "nobody could be asked in some rounds");
        long written = await EndAsync(broker, Half);
        (await ReadAsync(broker, GivenUp, 0)).Should().BeEmpty();
        await using Producer after = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => after.Questions.Count >= 2, "the producer is asked");

        written.Should().Be(2, "what nobody can be asked about is not written again each time");
        after.Questions.Select(static question => Requests.Decode(question).Single()).Should().Contain(static asked => asked.Properties.Get("TRANSACTION_CHECK_TIMES") == "1");
        Nobody()[^1].Text.Should().StartWith("No producer of pg is connected that could be asked about 2 halves", "one line is for all of a group");

        List<(Microsoft.Extensions.Logging.LogLevel Level, int Id, string Text)> Nobody() => [.. log.Lines.Where(static line => line.Id == 3714)];
    }

    [Fact]
    public async Task Check_OneProducerAndManyHalves_IsAskedNoMoreThanItHoldsInOneRound()
    {
        await using TestBroker broker = await StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand sent = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        BrokerParts parts = broker.Host.Parts;
        HalfMessage half = HalfMessage.Read((await parts.Store.Reader.LookMessageAsync(new PhysicalOffset(OffsetOf(sent)), CancellationToken.None))!);
        CheckSender sender = new(parts.Settings, parts.Producers, parts.Address);

        int asked = 0;
        while (sender.Choose(half) is not null)
        {
            asked++;
        }

        asked.Should().Be(1_000, "clients hold twice as many and drop the rest");
        sender.IsOnline(half).Should().BeTrue();
        sender.Reset();
        sender.Choose(half).Should().NotBeNull("the next round asks on");
    }

    /// <summary>The log's times stand still until the clock has caught up with them.</summary>
    [Fact]
    public async Task Check_TheClockIsSetBack_AsksAllTheSame()
    {
        JumpingTime time = new();
        await using TestBroker broker = await TestBroker.StartAsync(Curious, time: time);
        await broker.SendAsync("Paid", "before");
        time.Set(-TimeSpan.FromHours(10));
        await using Producer producer = await Producer.StartAsync(broker, "pg");

        await producer.SendHalfAsync("Paid", "order", time.GetUtcNow());

        await Eventually.TrueAsync(() => producer.Questions.Count >= 2, "the producer is asked, and again");
    }

    [Theory]
    [InlineData(-4 * 86_400_000L)]
    [InlineData(null)]
    public async Task Check_TheProducersClockIsWrong_ItIsAskedAllTheSame(long? behindMs)
    {
        await using TestBroker broker = await StartAsync(new(Curious, StringComparer.Ordinal) { ["transactionCheckMax"] = "1000" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        string properties = Requests.Properties(("TRAN_MSG", "true"), ("PGROUP", "pg"), ("UNIQ_KEY", "key"));
        long born = behindMs is { } behind ? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + behind : long.MinValue;

        (await producer.InvokeAsync(Requests.Send("Paid", "order", properties: properties).Set("g", born))).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(() => producer.Questions.Count >= 2, "the producer is asked, and again");
        (await ReadAsync(broker, GivenUp, 0)).Should().BeEmpty();
    }

    /// <summary>It was put back when its producer was asked, and that one is gone before it has answered: how long it has waited is told by this broker's clock.</summary>
    [Fact]
    public async Task Check_TheProducersClockIsSlowAndItIsGone_ItsHalfWaitsForTheNextOne()
    {
        RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(new(Curious, StringComparer.Ordinal) { ["transactionCheckMax"] = "1000000" }, loggers: log);
        await using (Producer producer = await Producer.StartAsync(broker, "pg"))
        {
            await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow.AddDays(-4));
            await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
        }

        await Eventually.TrueAsync(() => broker.Host.Parts.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        await Eventually.TrueAsync(() => log.Lines.Count(static line => line.Id == 3714) >= 3 || broker.Host.Parts.TransactionFigures.GivenUp > 0, "nobody can be asked in some rounds");

        (await ReadAsync(broker, GivenUp, 0)).Should().BeEmpty();
        await using Producer next = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => !next.Questions.IsEmpty, "the next producer of the group is asked");
    }

    /// <summary>A copy is new in the log; the half that it stands for is not.</summary>
    [Fact]
    public async Task Check_PutBackLately_IsAsOldAsTheHalfThatWasSent()
    {
        JumpingTime time = new();
        await using TestBroker broker = await TestBroker.StartAsync(new(Curious, StringComparer.Ordinal) { ["transactionCheckMax"] = "1000000" }, time: time);
        await using (Producer producer = await Producer.StartAsync(broker, "pg"))
        {
            await producer.SendHalfAsync("Paid", "order", time.GetUtcNow());
            await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
            time.Set(TimeSpan.FromHours(50));
            int asked = producer.Questions.Count;
            await Eventually.TrueAsync(() => producer.Questions.Count >= asked + 2, "the half is put back after fifty hours");
        }

        await Eventually.TrueAsync(() => broker.Host.Parts.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        time.Set(TimeSpan.FromHours(30));

        await Eventually.TrueAsync(() => broker.Host.Parts.TransactionFigures.GivenUp == 1, "eighty hours are more than fileReservedTime");
        (await ReadAsync(broker, GivenUp, 0)).Should().ContainSingle();
    }

    /// <summary>Whoever sets the clock forward makes all producers late; none loses anything by it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_AfterTheClockWasSetForward_IsTakenOrAskedFor(bool hasImmunity)
    {
        JumpingTime time = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "100", ["transactionTimeOut"] = "1800000" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, time: time);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", time.GetUtcNow(), properties: hasImmunity ? [("CHECK_IMMUNITY_TIME_IN_SECONDS", "1800")] : []);
        time.Set(TimeSpan.FromHours(1));

        RemotingCommand answer = await producer.CommitAsync(half);

        if (hasImmunity)
        {
            answer.Code.Should().Be(ResponseCode.IllegalOperation, "by the clock its time is over");
            await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
            answer = await producer.AnswerAsync(producer.Questions.First());
        }

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
        (await ReadAsync(broker, GivenUp, 0)).Should().BeEmpty();
        await SettledAsync(broker);
    }

    /// <summary>The time was allowed when the half was sent: it is kept, and not delivered at once.</summary>
    [Fact]
    public async Task Commit_OfATimeThatWouldNotBeTakenNow_WaitsForIt()
    {
        await using TestBroker broker = await StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, properties: ("TIMER_DELAY_SEC", "3600"));
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = "timerMaxDelaySec=10"u8.ToArray();
        (await broker.InvokeAsync(update)).Code.Should().Be(ResponseCode.Success);

        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);

        (await ReadAsync(broker, "rmq_sys_wheel_timer", 0)).Should().ContainSingle();
        (await ReadAsync(broker, "Paid", 0)).Should().BeEmpty();
    }

    [Fact]
    public async Task Commit_OfATimeWithoutTimers_IsRefusedAndStaysOpen()
    {
        using TempDirectory directory = new("broker-");
        RemotingCommand half;
        await using (TestBroker before = await TestBroker.StartAsync(Quiet, directory))
        {
            await using Producer first = await Producer.StartAsync(before, "pg");
            half = await first.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow, properties: ("TIMER_DELAY_SEC", "3600"));
        }

        await using TestBroker broker = await TestBroker.StartAsync(new(Quiet, StringComparer.Ordinal) { ["timerWheelEnable"] = "false" }, directory);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand answer = await producer.CommitAsync(half);

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, "accurate timer message is not enabled, timerWheelEnable is false"));
        (await ReadAsync(broker, "Paid", 0)).Should().BeEmpty();
        (await ReadAsync(broker, Op, 0)).Should().BeEmpty("it is not settled");
        (await producer.RollBackAsync(half)).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Commit_TheTopicIsGone_IsRefusedAndMakesNone()
    {
        await using TestBroker broker = await StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        (await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Paid"))).Code.Should().Be(ResponseCode.Success);

        RemotingCommand answer = await producer.CommitAsync(half);

        (answer.Code, answer.Remark).Should().Be((ResponseCode.TopicNotExist, "topic[Paid] not exist, apply first please!"));
        (await ReadAsync(broker, Op, 0)).Should().BeEmpty("it is not settled");
    }

    [Theory]
    [InlineData("")]
    [InlineData("no id")]
    [InlineData("7F0000010000271000000000FFFFFFFF")]
    [InlineData("7F000001000027108000000000000000")]
    public async Task Resume_NoHalf_IsRefused(string id)
    {
        await using TestBroker broker = await StartAsync(Quiet);

        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", id));

        answer.Code.Should().Be(ResponseCode.SystemError);
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
        await using TestBroker broker = await StartAsync(Curious);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        for (int i = 0; i < 200; i++)
        {
            RemotingCommand half = await producer.SendHalfAsync("Paid", $"m{i}", DateTimeOffset.UtcNow);
            await (i % 2 == 0 ? producer.CommitAsync(half) : producer.RollBackAsync(half));
        }

        await SettledAsync(broker);

        (await ReadAllAsync(broker, "Paid", 0)).Should().HaveCount(100);
        broker.Host.Parts.Halves.SettledCount.Should().Be(0);
    }

    /// <summary>As when a round read the ops before this one was there, and went on after its half was settled.</summary>
    [Fact]
    public async Task Progress_AnOpComesAfterItsHalfWasPassed_IsPassedToo()
    {
        await using TestBroker broker = await StartAsync(Curious);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        await producer.CommitAsync(half);
        await SettledAsync(broker);

        BrokerParts parts = broker.Host.Parts;
        StoredMessage late = OpMessages.Write(new TransactionTopics(parts.Store), parts.Address, halfOffset: 0, DateTimeOffset.UtcNow);
        (await parts.Appender.AppendAsync(late, waitForDisk: true)).IsOk.Should().BeTrue();

        await Eventually.TrueAsync(async () => await EndAsync(broker, Op) == 2, "the op is in its queue");
        await SettledAsync(broker);
    }

    [Fact]
    public async Task End_LongAfterTheTimeTheProducerAskedFor_IsRefusedUnlessAsked()
    {
        await using TestBroker broker = await StartAsync(new(Quiet, StringComparer.Ordinal) { ["transactionTimeOut"] = "0" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow.AddMinutes(-1), properties: ("CHECK_IMMUNITY_TIME_IN_SECONDS", "5"));

        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.IllegalOperation);
        (await producer.InvokeAsync(producer.End(half, 8).Set("fromTransactionCheck", true))).Code.Should().Be(ResponseCode.Success);

        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }

    /// <summary>The cut takes the message and the op, and leaves the half: it is open again, though its settling was noted.</summary>
    [Fact]
    public async Task Cut_OfACommit_OpensTheHalfAgain()
    {
        await using TestBroker broker = await StartAsync(new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "100", ["transactionTimeOut"] = "3600000" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        PhysicalOffset cut = new(OffsetOf(await broker.SendAsync("Other", "cut off")));
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        await SettledAsync(broker);

        await broker.Host.Parts.Roles.StepDownAndCutAsync(epoch: 1, cut);
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.SlaveNotAvailable);
        await broker.Host.Parts.Roles.TakeOverAsync(epoch: 2);
        RemotingCommand askNow = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        askNow.Body = "transactionTimeOut=0"u8.ToArray();
        (await broker.InvokeAsync(askNow)).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
        (await ReadAsync(broker, "Paid", 0)).Should().BeEmpty();
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }

    private static Task<TestBroker> StartAsync(Dictionary<string, string> settings) => TestBroker.StartAsync(settings);

    private static long OffsetOf(RemotingCommand sent) => long.Parse(sent.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>Every half is behind the progress, and every op.</summary>
    private static Task SettledAsync(TestBroker broker) => Eventually.TrueAsync(
        async () => await EndAsync(broker, Half) == broker.Host.Parts.ConsumerOffsets.Query(Half, "CID_RMQ_SYS_TRANS", 0)
            && await EndAsync(broker, Op) == broker.Host.Parts.ConsumerOffsets.Query(Op, "CID_RMQ_SYS_TRANS", 0),
        "all halves are settled");

    private static async Task<long> EndAsync(TestBroker broker, string topic) =>
        (await broker.Host.Parts.Store.Reader.GetOffsetsAsync(broker.Host.Parts.Store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)), 0, CancellationToken.None)).Max;

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

    private static async Task<IReadOnlyList<Requests.Received>> ReadAsync(TestBroker broker, string topic, int queueId, long offset = 0)
    {
        RemotingCommand answer = await broker.PullAsync("reader", topic, queueId, offset, sysFlag: 4, subscription: "*");
        return answer.Code == ResponseCode.Success ? Requests.Decode(answer) : [];
    }

    private static async Task<(int SysFlag, long Prepared)> RecordAsync(TestBroker broker, Requests.Received message)
    {
        byte[]? bytes = await broker.Host.Parts.Store.Reader.LookMessageAsync(new PhysicalOffset(message.PhysicalOffset), CancellationToken.None);
        RecordView record = RecordView.Read(bytes);
        return (record.SysFlag, record.PreparedTransactionOffset);
    }

    private static string IdOf(TestBroker broker, Requests.Received message) =>
        OffsetMessageId.Format(MessageHost.From(IPAddress.Loopback, broker.Host.EndPoint.Port), new PhysicalOffset(message.PhysicalOffset));

    /// <summary>As it may have come into the log when other limits held.</summary>
    private static async Task AppendHalfAsync(TestBroker broker, string body, (string Name, string Value)[] properties)
    {
        StoredMessage half = new()
        {
            Topic = broker.Host.Parts.TransactionTopics.Half,
            QueueId = 0,
            BornTimestamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            Body = Encoding.UTF8.GetBytes(body),
            Properties = Encoding.UTF8.GetBytes(Requests.Properties([("TRAN_MSG", "true"), ("PGROUP", "pg"), ("REAL_TOPIC", "Paid"), ("REAL_QID", "0"), .. properties])),
        };
        (await broker.Host.Parts.Appender.AppendAsync(half, waitForDisk: true)).IsOk.Should().BeTrue();
    }

    private static async Task AppendOpAsync(string root, string body)
    {
        StoreOptions options = new() { RootDirectory = root, CommitLogFileBytes = 16_777_216, Tuning = new() { DiskWarningRatio = 100 } };
        await using MessageStore store = new(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance);
        await store.StartAsync(CancellationToken.None);
        MessageHost host = MessageHost.From(IPAddress.Loopback, 10911);
        StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Op));
        (await store.Writer.LoadQueueAsync(topic, 0, CancellationToken.None)).Should().Be(AppendStatus.Ok);
        MessageToAppend op = new()
        {
            Topic = topic,
            QueueId = 0,
            BornHost = host,
            StoreHost = host,
            Body = Encoding.UTF8.GetBytes(body),
            Properties = Encoding.UTF8.GetBytes(Requests.Properties(("TAGS", "d"))),
        };
        store.Writer.Append(op, out _).Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();
    }
}
