using RocketOps.Broker.Clients;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;
using RocketOps.Testing;
using static RocketOps.Broker.Tests.Transactions.TransactionBench;

namespace RocketOps.Broker.Tests.Transactions;

/// <summary>Rounds of checks that cannot do what they should: the disk takes nothing, a question does not leave, or more is settled behind a half that waits than is to be remembered.</summary>
public sealed class TransactionRoundTests
{
    /// <summary>Places in the queue of halves that no half of a test reaches.</summary>
    private const long FarAway = 1_000_000_000;

    /// <summary>Old files go and nothing can be put back before: of what is lost the open halves are counted, not those that were settled.</summary>
    [Fact]
    public async Task Check_TheDiskIsFullAndOldFilesGo_OpenHalvesThatAreLostAreCountedAndTold()
    {
        MemoryFileSystem files = new();
        Dictionary<string, string> settings = new(Curious, StringComparer.Ordinal) { ["httpPort"] = "-1", ["diskSpaceWarningLevelRatio"] = "90", ["cleanFileForciblyEnable"] = "false" };
        foreach ((string key, string value) in ExpiringLog.Settings)
        {
            settings[key] = value;
        }

        await WriteHalvesIntoAnOldFileAsync(files, settings);
        files.Space = files.Space with { FreeBytes = 0, AvailableBytes = 0 };
        RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: files, loggers: log);
        BrokerModules modules = broker.Host.Modules;
        await Eventually.TrueAsync(() => log.Lines.Any(static line => line.Id == 3712), "the halves cannot be put back");
        modules.Transactions.State.Figures.Gone.Should().Be(0, "they are in the log still");

        await ExpiringLog.UpdateAsync(broker, "cleanFileForciblyEnable=true");
        await Eventually.TrueAsync(() => modules.Transactions.State.Figures.Gone > 0, "their file is removed, and that is noticed");

        files.Space = files.Space with { FreeBytes = 1L << 39, AvailableBytes = 1L << 39 };
        await Eventually.TrueAsync(async () => (await broker.InvokeAsync(Requests.Send("Paid", "there is room"))).Code == ResponseCode.Success, "messages are taken again");
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await producer.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        await Eventually.TrueAsync(() => !producer.Questions.IsEmpty, "checks go on behind what is lost");
        (await Scraped.ReadAsync(broker, "rocketops_transactions_gone_total")).Should().Be(2, "two were open and one was settled");
        log.Lines.Where(static line => line.Id == 3716).Should().ContainSingle().Which.Text.Should().StartWith("2 halves from 0 to 3 of their queue are gone");
    }

    /// <summary>The connection has ended and is in the table still: however often a half is put back for a question that does not leave, its producer has not been asked.</summary>
    [Fact]
    public async Task Check_TheQuestionDoesNotLeave_DoesNotCount()
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "100", ["transactionTimeOut"] = "3600000", ["transactionCheckMax"] = "1" };
        await using TestBroker broker = await TestBroker.StartAsync(settings);
        BrokerModules modules = broker.Host.Modules;
        ClientChannel ended;
        await using (Producer before = await Producer.StartAsync(broker, "pg"))
        {
            await before.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
            ended = modules.Clients.Producers.ChannelsOf("pg").Single();
        }

        await Eventually.TrueAsync(() => modules.Clients.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        modules.Clients.Producers.Register("pg", ended);
        await ExpiringLog.UpdateAsync(broker, "transactionTimeOut=0");
        await Eventually.TrueAsync(async () => await EndAsync(broker, HalfTopic) >= 4 || modules.Transactions.State.Figures.GivenUp > 0, "three rounds tried to ask");
        modules.Transactions.State.Figures.GivenUp.Should().Be(0, "nobody was asked");
        modules.Transactions.State.Figures.Asked.Should().Be(0);

        modules.Clients.Producers.Unregister("pg", ended.Connection);
        await using Producer after = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => !after.Questions.IsEmpty, "another producer of the group is asked");
        await Eventually.TrueAsync(() => modules.Transactions.State.Figures.GivenUp == 1, "it was asked once and has not answered");
        Requests.Decode(after.Questions.Should().ContainSingle().Subject).Single().Properties.Get("TRANSACTION_CHECK_TIMES").Should().Be("1");
    }

    /// <summary>What is settled behind a half that waits is remembered until that is passed. From a hundred thousand on it is put back, uncounted, and the progress goes on.</summary>
    [Fact]
    public async Task Check_TooMuchIsSettledBehindAHalfThatWaits_ItIsPutBack()
    {
        RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "100", ["transactionTimeOut"] = "3600000" }, loggers: log);
        await using (Producer before = await Producer.StartAsync(broker, "pg"))
        {
            await before.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
        }

        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Producers.ChannelsOf("pg").Count == 0, "the producer is gone");
        await ExpiringLog.UpdateAsync(broker, "transactionTimeOut=0");
        await UntilRoundsAsync(1);
        AddSettled(broker, from: 0, count: 99_999);
        await UntilRoundsAsync(3);
        (await EndAsync(broker, HalfTopic)).Should().Be(1, "so much can be remembered");

        AddSettled(broker, from: 99_999, count: 1);

        await Eventually.TrueAsync(async () => await EndAsync(broker, HalfTopic) >= 2, "the half is put back");
        Requests.Received copy = (await ReadAsync(broker, HalfTopic, 0, offset: 1))[0];
        copy.Body.Should().Be("order");
        copy.Properties.Get("TRAN_PREPARED_QUEUE_OFFSET").Should().Be("0");
        copy.Properties.Get("TRANSACTION_CHECK_TIMES").Should().BeNull("to be put back is no question");
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Consumers.Query(HalfTopic, "CID_RMQ_SYS_TRANS", 0) >= 1, "the progress goes on behind where it waited");
        await using Producer after = await Producer.StartAsync(broker, "pg");
        await Eventually.TrueAsync(() => !after.Questions.IsEmpty, "its producer is asked");

        async Task UntilRoundsAsync(int rounds)
        {
            int lines = Lines() + rounds;
            await Eventually.TrueAsync(() => Lines() >= lines, "rounds in which nobody can be asked");
        }

        int Lines() => log.Lines.Count(static line => line.Id == 3714);
    }

    /// <summary>There is something to put back in each round, as a million settled halves leave no room for one that is too young. Without a pause the rounds would fill the log.</summary>
    [Fact]
    public async Task Check_EachRoundPutsAHalfBack_ASecondIsBetweenTwo()
    {
        FakeTimeProvider time = new();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "3600000", ["transactionTimeOut"] = "3600000" }, time: time);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await producer.SendHalfAsync("Paid", "order", time.GetUtcNow());
        await Eventually.TrueAsync(() => broker.Host.Modules.Roles.Roles.Session!.OpenHalves == 1, "what the start knows is read");
        AddSettled(broker, from: 0, count: 1_000_000);
        DateTimeOffset begin = time.GetUtcNow();

        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                long copies = await EndAsync(broker, HalfTopic) - 1;
                double seconds = (time.GetUtcNow() - begin).TotalSeconds;

                // One more than seconds: the round that the start begins with may come so late.
                ((double)copies).Should().BeLessThanOrEqualTo(1 + seconds, "no round may come sooner");
                return copies >= 5;
            },
            "it is put back between the rounds that ask");
        producer.Questions.Should().BeEmpty();
    }

    private static void AddSettled(TestBroker broker, long from, int count)
    {
        for (long half = from; half < from + count; half++)
        {
            broker.Host.Modules.Transactions.State.Halves.AddSettled(FarAway + half);
        }
    }

    /// <summary>Three halves in the first file of the log, which is not the newest; the second one is settled.</summary>
    private static async Task WriteHalvesIntoAnOldFileAsync(MemoryFileSystem files, Dictionary<string, string> settings)
    {
        // Nobody puts them back meanwhile: its time stands still.
        FakeTimeProvider time = new();
        await using TestBroker broker = await TestBroker.StartAsync(new(settings, StringComparer.Ordinal) { ["transactionTimeOut"] = "3600000" }, fileSystem: files, time: time);
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        await producer.SendHalfAsync("Paid", "open", time.GetUtcNow());
        RemotingCommand settled = await producer.SendHalfAsync("Paid", "settled", time.GetUtcNow());
        await producer.SendHalfAsync("Paid", "open too", time.GetUtcNow());
        (await producer.CommitAsync(settled)).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => broker.Host.Modules.Roles.Roles.Session!.OpenHalves == 2, "the round that the start begins with is over");
        for (int i = 0; i < 5; i++)
        {
            await broker.SendAsync("Filling", new string('x', 20_000));
        }

        (await EndAsync(broker, HalfTopic)).Should().Be(3, "none is put back");
    }
}
