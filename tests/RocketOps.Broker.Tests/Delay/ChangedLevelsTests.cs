using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Delay;

/// <summary>Messages that wait while messageDelayLevel is changed, or config/ is lost.</summary>
public sealed class ChangedLevelsTests : IDisposable
{
    private const string Topic = "Delayed";

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly TempDirectory _directory = new("levels-");
    private readonly FakeTimeProvider _time = new();
    private readonly RecordedLog _log = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Nobody would deliver them for as long as the levels are fewer.</summary>
    [Fact]
    public async Task FewerLevels_WhatWaitsInOneThatIsGone_ComesWhenItWasPromisedAndIsTold()
    {
        long due;
        await using (TestBroker before = await StartAsync("1s 5s 30s"))
        {
            due = _time.NowMs + 30_000;
            await SendAsync(before, "one", level: 3);
            await SendAsync(before, "two", level: 3);
        }

        await using TestBroker broker = await StartAsync("1s");
        IReadOnlyList<string> bodies = [];
        await Eventually.TrueAsync(
            async () =>
            {
                bodies = await BodiesAsync(broker);
                bodies.Should().HaveCountLessThanOrEqualTo(_time.NowMs < due ? 0 : 2, "none comes early");
                _time.Advance(Step);
                return bodies.Count == 2;
            },
            "they are delivered");

        bodies.Should().Equal("one", "two");
        broker.Host.Modules.Offsets.Delays.Get(3).Should().Be(2);
        _log.Lines.Should().ContainSingle(static line => line.Id == 3220).Which.Text.Should().StartWith("2 messages wait in delay level 3").And.Contain("has 1 levels");
    }

    [Fact]
    public async Task LongerLevel_WhatWaits_ComesWhenItWasPromisedAndWhatIsSentNowWaitsForTheNewTime()
    {
        long due;
        await using (TestBroker before = await StartAsync("6s"))
        {
            due = _time.NowMs + 6_000;
            await SendAsync(before, "promised", level: 1);
        }

        await using TestBroker broker = await StartAsync("10h");
        await SendAsync(broker, "later", level: 1);
        await Eventually.TrueAsync(
            async () =>
            {
                _time.Advance(Step);
                return (await BodiesAsync(broker)).Count == 1;
            },
            "what was promised comes");

        _time.NowMs.Should().BeInRange(due, due + 8 * 60 * 60 * 1000);
        (await BodiesAsync(broker)).Should().Equal("promised");
    }

    /// <summary>The topic has no message yet but the one that waits, so that nothing but this message says that it was there.</summary>
    [Fact]
    public async Task ConfigIsLost_WhatIsDueBeforeTheTopicIsMadeAgain_ReachesIt()
    {
        await using (TestBroker before = await StartAsync("2h"))
        {
            await before.CreateTopicAsync(Topic, queues: 8);
            await before.SendAsync(Topic, "waits", queueId: 5, properties: Requests.Properties(("DELAY", "1")));
        }

        Directory.Delete(Path.Combine(_directory.File("store"), "config"), recursive: true);
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "0s" }, _directory, loggers: _log);
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 1, "the message is delivered");

        MessageStore store = broker.Host.Modules.Host.Store;
        broker.Host.Modules.Topics.Topics.GetOrThrow(Topic).Config.ReadQueueNums.Should().Be(6);
        (await store.Reader.GetOffsetsAsync(store.FindTopic("Delayed"u8)!, 5, CancellationToken.None)).Max.Should().Be(1);
        broker.Host.Modules.Topics.Topics.TryGet("rmq_sys_undeliverable", out _).Should().BeFalse();
        _log.Lines.Should().ContainSingle(static line => line.Id == 3224).Which.Text.Should().Contain(Topic);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DelayOffsetsAreLost_TheStartSaysWhatMayComeTwice(bool areLost)
    {
        await using (TestBroker before = await StartAsync("0s"))
        {
            await SendAsync(before, "once", level: 1);
            await Eventually.TrueAsync(() => before.Host.Modules.Offsets.Delays.Get(1) == 1, "the message is delivered");
        }

        if (areLost)
        {
            File.Delete(Path.Combine(_directory.File("store"), "config", "delayOffset.json"));
            File.Delete(Path.Combine(_directory.File("store"), "config", "delayOffset.json.bak"));
        }

        await using TestBroker broker = await StartAsync("0s");
        await SendAsync(broker, "now", level: 1);
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 2, "all is delivered");

        (await BodiesAsync(broker)).Should().Equal(areLost ? ["once", "once", "now"] : ["once", "now"]);
        await broker.DisposeAsync();
        _log.Lines.Count(static line => line.Id == 3221).Should().Be(areLost ? 1 : 0);
    }

    private async Task<TestBroker> StartAsync(string levels)
    {
        TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = levels }, _directory, loggers: _log, time: _time);
        await broker.CreateTopicAsync(Topic);
        await broker.SubscribeAsync("g", Topic);
        return broker;
    }

    private static Task<RemotingCommand> SendAsync(TestBroker broker, string body, int level) => broker.SendAsync(Topic, body, properties: Requests.Properties(("DELAY", $"{level}")));

    private static async Task<IReadOnlyList<string>> BodiesAsync(TestBroker broker) =>
        [.. Requests.Decode(await broker.PullAsync("g", Topic, 0, 0)).Select(static message => message.Body)];
}
