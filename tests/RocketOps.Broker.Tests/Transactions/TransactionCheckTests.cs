using System.Globalization;
using System.Net;
using System.Text;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;
using RocketOps.Testing;
using RocketOps.Testing.Time;
using static RocketOps.Broker.Tests.Transactions.TransactionBench;

namespace RocketOps.Broker.Tests.Transactions;

/// <summary>Questions about halves that nobody has ended: who is asked and how often, which halves are given up, and which of those can be resumed.</summary>
public sealed class TransactionCheckTests
{
    private const int FileBytes = 1024 * 1024;

    /// <summary>Questions in one round that no bound allows: where there is none a test ends.</summary>
    private const int Enough = 5_000;

    [Fact]
    public async Task Check_Unanswered_AsksWithTheWholeMessage_AndTheAnswerCommits()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Curious);
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
        await using TestBroker broker = await TestBroker.StartAsync(Curious);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        await Eventually.TrueAsync(() => producer.Questions.Count >= 2, "the producer is asked twice");

        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        await SettledAsync(broker);
        await Eventually.TrueAsync(() => producer.Questions.Count == broker.Host.Modules.Transactions.State.Figures.Asked, "all questions have come");

        int asked = producer.Questions.Count;
        producer.Questions.TryPeek(out RemotingCommand? first).Should().BeTrue();
        (await producer.AnswerAsync(first!)).Code.Should().Be(ResponseCode.Success);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
        producer.Questions.Count.Should().Be(asked);
    }

    [Fact]
    public async Task Check_TheProducerIsGone_AsksAnotherOfItsGroup()
    {
        MovedTime time = new();
        await using TestBroker broker = await TestBroker.StartAsync(Curious, time: time);
        await using (Producer first = await Producer.StartAsync(broker, "pg"))
        {
            await first.SendHalfAsync("Paid", "order", time.GetUtcNow(), properties: ("CHECK_IMMUNITY_TIME_IN_SECONDS", "3600"));
        }

        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        time.Pass(TimeSpan.FromHours(1));
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
        await using TestBroker broker = await TestBroker.StartAsync(new(Curious, StringComparer.Ordinal) { ["transactionCheckMax"] = "2" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);

        await Eventually.TrueAsync(async () => (await ReadAsync(broker, GivenUpTopic, 0)).Count == 1, "the half is given up");
        await Eventually.TrueAsync(() => producer.Questions.Count >= 2, "both questions have come");
        producer.Questions.Should().HaveCount(2);
        await SettledAsync(broker);
        Requests.Received given = (await ReadAsync(broker, GivenUpTopic, 0)).Single();

        // Not given up once more before the answer.
        await ExpiringLog.UpdateAsync(broker, "transactionCheckMax=1000000");
        RemotingCommand resume = RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", IdOf(broker, given));
        (await broker.InvokeAsync(resume)).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(
            () => producer.Questions.Skip(2).Any(static question => Requests.Decode(question).Single().Properties.Get("TRANSACTION_CHECK_TIMES") == "1"),
            "the producer is asked again, from the first question on");
        (await producer.AnswerAsync(producer.Questions.Last())).Code.Should().Be(ResponseCode.Success);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }

    /// <summary>An end that comes late, of the half as it was before it was given up and resumed, is one of the resumed half.</summary>
    [Fact]
    public async Task Resume_TheOwnEndComesLate_IsStoredOnce()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(Curious, StringComparer.Ordinal) { ["transactionCheckMax"] = "1" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand half = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        await Eventually.TrueAsync(async () => (await ReadAsync(broker, GivenUpTopic, 0)).Count == 1, "the half is given up");
        await ExpiringLog.UpdateAsync(broker, "transactionCheckMax=1000000");
        RemotingCommand resume = RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", IdOf(broker, (await ReadAsync(broker, GivenUpTopic, 0)).Single()));

        (await broker.InvokeAsync(resume)).Code.Should().Be(ResponseCode.Success);
        (await broker.InvokeAsync(resume)).Remark.Should().EndWith("its transaction is settled, or it waits among the halves already");
        (await producer.CommitAsync(half)).Code.Should().Be(ResponseCode.Success);
        foreach (RemotingCommand question in producer.Questions)
        {
            (await producer.AnswerAsync(question)).Code.Should().Be(ResponseCode.Success);
        }

        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
    }

    /// <summary>The broker has started since the half was given up; what it knows of it is what the half says.</summary>
    [Fact]
    public async Task Resume_AfterARestart_TheOwnEndComesLate_IsStoredOnce()
    {
        using TempDirectory directory = new("resumed-");
        Dictionary<string, string> settings = new(Curious, StringComparer.Ordinal) { ["transactionCheckMax"] = "1" };
        RemotingCommand half;
        await using (TestBroker before = await TestBroker.StartAsync(settings, directory))
        {
            await using Producer asked = await Producer.StartAsync(before, "pg");
            half = await asked.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
            await Eventually.TrueAsync(async () => (await ReadAsync(before, GivenUpTopic, 0)).Count == 1, "the half is given up");
            await SettledAsync(before);
        }

        await using TestBroker broker = await TestBroker.StartAsync(Curious, directory);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand resume = RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", IdOf(broker, (await ReadAsync(broker, GivenUpTopic, 0)).Single()));
        (await broker.InvokeAsync(resume)).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked again");

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
        await using TestBroker broker = await TestBroker.StartAsync(new(Quiet, StringComparer.Ordinal) { ["messageDelayLevel"] = "0s" });
        await broker.SendAsync("Paid", "delayed", properties: Requests.Properties(("DELAY", "1")));
        IReadOnlyList<Requests.Received> delivered = [];
        await Eventually.TrueAsync(async () => (delivered = await ReadAsync(broker, "Paid", 0)).Count == 1, "the message is delivered");

        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", IdOf(broker, delivered.Single())));

        answer.Code.Should().Be(ResponseCode.SystemError);
        (await ReadAsync(broker, HalfTopic, 0)).Should().BeEmpty();
    }

    /// <summary>Nothing can be added to it, so it can never be put back; the one behind it is asked about all the same.</summary>
    [Fact]
    public async Task Check_AHalfThatCannotBePutBack_IsGivenUpAndHoldsNobodyUp()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(Curious, StringComparer.Ordinal) { ["httpPort"] = "-1" });
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await broker.SendAsync("Paid", "its topic is there");
        await AppendHalfAsync(broker, "full", [("k", new string('v', 32_680))]);
        await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);

        await Eventually.TrueAsync(() => producer.Questions.Any(static question => Requests.Decode(question).Single().Body == "order"), "the other half is asked about");

        await Eventually.TrueAsync(async () => (await ReadAsync(broker, GivenUpTopic, 0)).Count == 1, "the half is given up");
        (await ReadAsync(broker, GivenUpTopic, 0)).Single().Body.Should().Be("full");
        using HttpClient http = new();
        string metrics = await http.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics");
        metrics.Should().MatchRegex("(?m)^rocketops_transactions_given_up_total\\{.*\\} 1$").And.MatchRegex("(?m)^rocketops_transaction_checks_total\\{.*\\} [1-9]").And.MatchRegex("(?m)^rocketmq_half_messages\\{.*\\} [12]$");
    }

    /// <summary>It fills a file of the log to the last byte: nothing can be added to it, and the topic of those that are given up has a longer name. The one behind it is asked about all the same.</summary>
    [Fact]
    public async Task Check_AHalfThatNothingTakes_IsPassedOverOnceAndHoldsNobodyUp()
    {
        RecordedLog log = new();
        Dictionary<string, string> settings = new(Curious, StringComparer.Ordinal)
        {
            ["httpPort"] = "-1",
            ["mappedFileSizeCommitLog"] = FileBytes.ToString(CultureInfo.InvariantCulture),
        };
        await using TestBroker broker = await TestBroker.StartAsync(settings, loggers: log);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await broker.SendAsync("Paid", "its topic is there");
        long large = await AppendLargestHalfAsync(broker);
        await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);

        await Eventually.TrueAsync(() => producer.Questions.Count >= 2 || Stops().Any(), "the other half is asked about, and again");

        Stops().Should().BeEmpty("no round stops at what can never be put back");
        producer.Questions.Should().OnlyContain(static question => Requests.Decode(question).Single().Body == "order");
        log.Lines.Where(static line => line.Id == 3715).Should().ContainSingle().Which.Text.Should().StartWith($"The half at 0 can neither be put back nor kept, and is passed over; it lies at {large} in the log");
        (await Scraped.ReadAsync(broker, "rocketops_messages_passed_over_total")).Should().Be(1);
        (await ReadAsync(broker, GivenUpTopic, 0)).Should().BeEmpty();
        (await producer.InvokeAsync(Producer.End("pg", halfOffset: 0, large, Producer.Commit))).Code.Should().Be(ResponseCode.Success, "its producer may still end it");
        (await ReadAsync(broker, "Paid", 0, offset: 1)).Should().ContainSingle().Which.Body.Should().MatchRegex("^v+$");

        IEnumerable<string> Stops() => log.Lines.Where(static line => line.Id == 3712).Select(static line => line.Text);
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

        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        RemotingCommand askNow = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        askNow.Body = "transactionTimeOut=0"u8.ToArray();
        (await broker.InvokeAsync(askNow)).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => Nobody().Count >= 5, "nobody could be asked in some rounds");
        long written = await EndAsync(broker, HalfTopic);
        (await ReadAsync(broker, GivenUpTopic, 0)).Should().BeEmpty();
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
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand sent = await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        BrokerModules modules = broker.Host.Modules;
        HalfMessage half = HalfMessage.Read((await modules.Host.Store.Reader.LookMessageAsync(new PhysicalOffset(OffsetOf(sent)), CancellationToken.None))!);
        CheckSender sender = new(modules.Host.Settings, modules.Clients.Producers, modules.Host.Address);

        int asked = 0;
        while (asked < Enough && sender.Choose(half) is not null)
        {
            asked++;
        }

        asked.Should().Be(1_000, "clients hold twice as many and drop the rest");
        sender.IsOnline(half).Should().BeTrue();
        sender.Reset();
        sender.Choose(half).Should().NotBeNull("the next round asks on");
    }

    /// <summary>Retention removes several files at once: a half that waits in any but the newest is put back before it is their turn.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("3600")]
    public async Task Check_TheHalfLiesInAnOldFile_ItIsPutBackAndAskedAboutWhenTheFileHasGone(string? immunity)
    {
        MovedTime time = new();
        Dictionary<string, string> settings = new(Curious, StringComparer.Ordinal)
        {
            ["mappedFileSizeCommitLog"] = FileBytes.ToString(CultureInfo.InvariantCulture),
            ["transactionTimeOut"] = "3600000",
        };
        await using TestBroker broker = await TestBroker.StartAsync(settings, time: time);
        BrokerModules modules = broker.Host.Modules;
        await FillAsync(files: 1);
        RemotingCommand half;
        await using (Producer before = await Producer.StartAsync(broker, "pg"))
        {
            (string, string)[] properties = immunity is null ? [] : [("CHECK_IMMUNITY_TIME_IN_SECONDS", immunity)];
            time.Pass(TimeSpan.FromSeconds(1));
            half = await before.SendHalfAsync("Paid", "order", time.GetUtcNow(), properties: properties);
        }

        await Eventually.TrueAsync(() => modules.Clients.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        await ExpiringLog.UpdateAsync(broker, "transactionTimeOut=0");
        await FillAsync(files: 2);

        await Eventually.TrueAsync(async () => (await NewestHalfAsync()).PhysicalOffset > OffsetOf(half) + FileBytes, "the half is put back");
        await Eventually.TrueAsync(
            async () =>
            {
                foreach (string file in Directory.GetFiles(broker.Directory.File("store", "commitlog")))
                {
                    File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-30));
                }

                (await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteExpiredCommitLog))).Code.Should().Be(ResponseCode.Success);
                return modules.Host.Store.GetStats().MinOffset.Value > OffsetOf(half);
            },
            "its file is removed");
        time.Pass(TimeSpan.FromHours(2));
        await using Producer after = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => !after.Questions.IsEmpty, "the producer is asked");
        after.Questions.TryPeek(out RemotingCommand? question).Should().BeTrue();
        Requests.Decode(question!).Single().Properties.Get("TRANSACTION_CHECK_TIMES").Should().Be("1", "to be put back is no question");
        (await after.AnswerAsync(question!)).Code.Should().Be(ResponseCode.Success);
        (await ReadAsync(broker, "Paid", 0)).Should().ContainSingle();
        modules.Transactions.State.Figures.Gone.Should().Be(0);

        async Task FillAsync(int files)
        {
            long end = ((modules.Host.Store.GetStats().MaxOffset.Value / FileBytes) + files) * FileBytes;
            while (modules.Host.Store.GetStats().MaxOffset.Value < end)
            {
                await broker.SendAsync("Filler", new string('f', FileBytes / 4));
            }
        }

        async Task<Requests.Received> NewestHalfAsync() => (await ReadAsync(broker, HalfTopic, 0, await EndAsync(broker, HalfTopic) - 1))[^1];
    }

    /// <summary>What is too much for a round stays where it is, and is the next one's first.</summary>
    [Fact]
    public async Task Check_MoreHalvesThanARoundAsksAbout_TheRestIsAskedAboutFirstInTheNext()
    {
        const int Halves = 1_001;
        const int OfRound = 1_000;

        // No other timer of the broker has this time: one that is due in it says that the last round is over.
        TimeSpan interval = TimeSpan.FromMilliseconds(777);
        FakeTimeProvider time = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "777", ["transactionTimeOut"] = "3600000", ["transactionCheckMax"] = "1000000" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, time: time);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        for (int i = 0; i < Halves; i++)
        {
            await producer.SendHalfAsync("Paid", i.ToString(CultureInfo.InvariantCulture), time.GetUtcNow());
        }

        RemotingCommand askNow = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        askNow.Body = "transactionTimeOut=0"u8.ToArray();
        (await broker.InvokeAsync(askNow)).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => time.HasTimerIn(interval), "the round that the halves woke is over");

        await RoundAsync(1);
        List<(string Body, string Place)> first = Asked();
        await RoundAsync(2);
        List<(string Body, string Place)> both = Asked();

        string last = (Halves - 1).ToString(CultureInfo.InvariantCulture);
        first.Should().NotContain(question => question.Body == last);
        both.Should().ContainSingle(question => question.Body == last).Which.Place.Should().Be($"{Halves + OfRound}", "it is put back before those that were asked about already");

        async Task RoundAsync(int number)
        {
            time.Advance(interval);
            await Eventually.TrueAsync(() => time.HasTimerIn(interval), $"round {number} is over");
            broker.Host.Modules.Transactions.State.Figures.Asked.Should().Be(number * OfRound, "so many a round asks about");
            (await EndAsync(broker, HalfTopic)).Should().Be(Halves + (number * OfRound), "and puts back");
            await Eventually.TrueAsync(() => producer.Questions.Count == number * OfRound, "all questions have come");
        }

        List<(string Body, string Place)> Asked() => [.. producer.Questions.Select(static question => (Requests.Decode(question).Single().Body, question.GetRequired("tranStateTableOffset")))];
    }

    [Fact]
    public async Task Check_LargeHalves_OneProducerIsAskedAboutSixteenMebibytesInOneRound()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand sent = await producer.SendHalfAsync("Paid", new string('b', 4_000_000), DateTimeOffset.UtcNow);
        BrokerModules modules = broker.Host.Modules;
        HalfMessage half = HalfMessage.Read((await modules.Host.Store.Reader.LookMessageAsync(new PhysicalOffset(OffsetOf(sent)), CancellationToken.None))!);
        CheckSender sender = new(modules.Host.Settings, modules.Clients.Producers, modules.Host.Address);

        int asked = 0;
        while (asked < Enough && sender.Choose(half) is not null)
        {
            asked++;
        }

        asked.Should().Be(4);
    }

    /// <summary>Its producer has said when it may be asked.</summary>
    [Fact]
    public async Task Check_TheHalfIsImmune_IsNotWrittenAgainInEachRound()
    {
        await using TestBroker broker = await TestBroker.StartAsync(Curious);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await producer.SendHalfAsync("Paid", "immune", DateTimeOffset.UtcNow, properties: ("CHECK_IMMUNITY_TIME_IN_SECONDS", "3600"));
        await producer.SendHalfAsync("Paid", "asked about", DateTimeOffset.UtcNow);

        await Eventually.TrueAsync(() => producer.Questions.Count >= 4, "some rounds pass");

        (await ReadAsync(broker, HalfTopic, 0)).Count(static half => half.Body == "immune").Should().Be(1);
        producer.Questions.Should().OnlyContain(static question => Requests.Decode(question).Single().Body == "asked about");
    }

    /// <summary>The log's times stand still until the clock has caught up with them.</summary>
    [Fact]
    public async Task Check_TheClockIsSetBack_AsksAllTheSame()
    {
        MovedTime time = new();
        await using TestBroker broker = await TestBroker.StartAsync(Curious, time: time);
        await broker.SendAsync("Paid", "before");
        time.Set(-TimeSpan.FromHours(10));
        await using Producer producer = await Producer.StartAsync(broker, "pg");

        await producer.SendHalfAsync("Paid", "order", time.GetUtcNow());

        await Eventually.TrueAsync(() => producer.Questions.Count >= 2, "the producer is asked, and again");
    }

    /// <summary>Or the broker's own clock was set back: for ten minutes one of them seems to be too young at any time.</summary>
    [Fact]
    public async Task Check_HalvesOfAFastClockWhoseProducerIsGone_HoldNobodyUp()
    {
        MovedTime time = new();
        await using TestBroker broker = await TestBroker.StartAsync(
            new(Curious, StringComparer.Ordinal) { ["transactionTimeOut"] = "2000" }, time: time);
        await using (Producer fast = await Producer.StartAsync(broker, "gone"))
        {
            for (int i = 0; i < 600; i++)
            {
                await fast.SendHalfAsync("Paid", "fast", time.GetUtcNow().AddHours(1).AddSeconds(i));
            }
        }

        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await producer.SendHalfAsync("Paid", "order", time.GetUtcNow());
        await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
        time.Set(TimeSpan.FromHours(1));
        int asked = producer.Questions.Count;

        await Eventually.TrueAsync(() => producer.Questions.Count >= asked + 3, "it is asked all the same");
    }

    [Theory]
    [InlineData(-4 * 86_400_000L)]
    [InlineData(null)]
    public async Task Check_TheProducersClockIsWrong_ItIsAskedAllTheSame(long? behindMs)
    {
        await using TestBroker broker = await TestBroker.StartAsync(Curious);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        string properties = Requests.Properties(("TRAN_MSG", "true"), ("PGROUP", "pg"), ("UNIQ_KEY", "key"));
        long born = behindMs is { } behind ? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + behind : long.MinValue;

        (await producer.InvokeAsync(Requests.Send("Paid", "order", properties: properties).Set("g", born))).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(() => producer.Questions.Count >= 2, "the producer is asked, and again");
        (await ReadAsync(broker, GivenUpTopic, 0)).Should().BeEmpty();
    }

    /// <summary>It was put back when its producer was asked, and that one is gone before it has answered: how long it has waited is told by this broker's clock.</summary>
    [Fact]
    public async Task Check_TheProducersClockIsSlowAndItIsGone_ItsHalfWaitsForTheNextOne()
    {
        RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(Curious, loggers: log);
        await using (Producer producer = await Producer.StartAsync(broker, "pg"))
        {
            await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow.AddDays(-4));
            await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
        }

        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        await Eventually.TrueAsync(() => log.Lines.Count(static line => line.Id == 3714) >= 3 || broker.Host.Modules.Transactions.State.Figures.GivenUp > 0, "nobody can be asked in some rounds");

        (await ReadAsync(broker, GivenUpTopic, 0)).Should().BeEmpty();
        await using Producer next = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => !next.Questions.IsEmpty, "the next producer of the group is asked");
    }

    /// <summary>A copy is new in the log; the half that it stands for is not.</summary>
    [Fact]
    public async Task Check_PutBackLately_IsAsOldAsTheHalfThatWasSent()
    {
        MovedTime time = new();
        await using TestBroker broker = await TestBroker.StartAsync(Curious, time: time);
        await using (Producer producer = await Producer.StartAsync(broker, "pg"))
        {
            await producer.SendHalfAsync("Paid", "order", time.GetUtcNow());
            await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "the producer is asked");
            time.Set(TimeSpan.FromHours(50));
            int asked = producer.Questions.Count;
            await Eventually.TrueAsync(() => producer.Questions.Count >= asked + 2, "the half is put back after fifty hours");
        }

        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        time.Set(TimeSpan.FromHours(30));

        await Eventually.TrueAsync(() => broker.Host.Modules.Transactions.State.Figures.GivenUp == 1, "eighty hours are more than fileReservedTime");
        (await ReadAsync(broker, GivenUpTopic, 0)).Should().ContainSingle();
    }

    [Theory]
    [InlineData("")]
    [InlineData("no id")]
    [InlineData("7F0000010000271000000000FFFFFFFF")]
    [InlineData("7F000001000027108000000000000000")]
    public async Task Resume_NoHalf_IsRefused(string id)
    {
        await using TestBroker broker = await TestBroker.StartAsync(Quiet);

        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.ResumeCheckHalfMessage).Set("msgId", id));

        answer.Code.Should().Be(ResponseCode.SystemError);
    }

    private static string IdOf(TestBroker broker, Requests.Received message) =>
        OffsetMessageId.Format(MessageHost.From(IPAddress.Loopback, broker.Host.EndPoint.Port), new PhysicalOffset(message.PhysicalOffset));

    /// <summary>The largest half that the log takes; returns where it lies.</summary>
    private static async Task<long> AppendLargestHalfAsync(TestBroker broker)
    {
        for (int bytes = FileBytes; ; bytes--)
        {
            AppendOutcome outcome = await TryAppendHalfAsync(broker, new string('v', bytes), []);
            if (outcome.Status != AppendStatus.MessageIllegal)
            {
                outcome.IsOk.Should().BeTrue();
                return outcome.Result.Offset.Value;
            }
        }
    }

    /// <summary>As it may have come into the log when other limits held.</summary>
    private static async Task AppendHalfAsync(TestBroker broker, string body, (string Name, string Value)[] properties) =>
        (await TryAppendHalfAsync(broker, body, properties)).IsOk.Should().BeTrue();

    private static ValueTask<AppendOutcome> TryAppendHalfAsync(TestBroker broker, string body, (string Name, string Value)[] properties)
    {
        OwnedMessage half = new()
        {
            Topic = broker.Host.Modules.Transactions.State.Topics.Half,
            QueueId = 0,
            Fields = new() { BornTimestamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() },
            Body = Encoding.UTF8.GetBytes(body),
            Properties = Encoding.UTF8.GetBytes(Requests.Properties([("TRAN_MSG", "true"), ("PGROUP", "pg"), ("REAL_TOPIC", "Paid"), ("REAL_QID", "0"), .. properties])),
        };
        return broker.Host.Modules.Messages.Appender.AppendAsync(half, waitForDisk: true);
    }
}
