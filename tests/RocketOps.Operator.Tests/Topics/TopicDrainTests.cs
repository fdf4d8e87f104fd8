using System.Globalization;
using RocketOps.Client;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Operator.Topics;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Topics;

/// <summary>A topic, or some of its queues, are to go, and its masters take their time to say who has read them.</summary>
public sealed class TopicDrainTests
{
    private const int Groups = 10;
    private static readonly GroupMaster Master = new("a-0", "10.0.0.1:10911");
    private static readonly MessageQueue Queue = new("T", "a-0", 0);

    private readonly FakeAdmin _admin = new();
    private readonly FakeTimeProvider _time = new();
    private readonly TopicDrain _drain;
    private int _asked;

    public TopicDrainTests()
    {
        OperatorOptions options = new();
        _drain = new TopicDrain(new DrainCheck(new MasterCalls(options, _time), options, _time), options, _time);
        SetEnd(5);
        SetConsumed(Groups, 5);
        _admin.Fault = request =>
        {
            if (request == nameof(IRocketMqAdmin.GetConsumeStatsAsync))
            {
                _asked++;
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        };
    }

    [Fact]
    public async Task Ask_ManyGroupsSlowly_GoesOnWhereItEnded()
    {
        DrainReport first = await AskAsync();
        first.Should().Be(new DrainReport(
            false, "a-0, which answers, but takes longer to say what is left to be read than a pass may; the next pass asks on where this one ended"));

        int passes = 1;
        while (await AskAsync() is { Drained: false } waiting)
        {
            waiting.Should().Be(first, "a status that changes with each pass would be written with each pass");
            passes++.Should().BeLessThan(Groups, "each pass comes further");
        }

        _asked.Should().BeLessThan(2 * Groups, "who has read everything is not asked again");
    }

    /// <summary>Not the consumer groups alone: all that is asked takes longer together than one request may.</summary>
    [Fact]
    public async Task Ask_EachRequestTakesHalfItsTime_Ends()
    {
        _admin.Fault = _ => _time.Advance(TimeSpan.FromSeconds(1.5));

        int passes = 1;
        while (await AskAsync() is { Drained: false })
        {
            passes++.Should().BeLessThan(Groups, "each pass comes further");
        }
    }

    /// <summary>A request that is not answered in time, after others that were.</summary>
    [Fact]
    public async Task Ask_OneRequestIsLate_NotAFailureOfTheMaster()
    {
        _admin.Fault = request => _time.Advance(TimeSpan.FromSeconds(request == nameof(IRocketMqAdmin.GetPendingMessagesAsync) ? 3 : 0));

        (await AskAsync()).BlockedBy.Should().StartWith("a-0, which answers, but takes longer");
    }

    [Fact]
    public async Task Ask_ClientIsLateItself_NotAFailureOfTheMaster()
    {
        _admin.Fail(nameof(IRocketMqAdmin.GetPendingMessagesAsync), new RocketMqException("10.0.0.1:10911 did not answer", new TimeoutException()));

        (await AskAsync()).BlockedBy.Should().StartWith("a-0, which answers, but takes longer");
    }

    [Fact]
    public async Task Ask_ConnectionIsLost_IsAFailureOfTheMaster()
    {
        _admin.Fail(nameof(IRocketMqAdmin.GetPendingMessagesAsync), new RocketMqException("10.0.0.1:10911 is gone", new IOException()));

        await FluentActions.Awaiting(AskAsync).Should().ThrowAsync<RocketMqException>();
    }

    [Fact]
    public async Task Ask_MessagesComeBetweenTwoPasses_AsksEverybodyAnew()
    {
        await AskAsync();
        SetEnd(6);

        string last = "";
        while (await AskAsync() is { BlockedBy: { } waiting })
        {
            last = waiting;
            if (last.Contains("behind", StringComparison.Ordinal))
            {
                break;
            }
        }

        last.Should().Be("group G0, 1 message behind in queue 0 of a-0");
    }

    [Fact]
    public async Task Ask_NothingIsAnswered_IsAFailureOfTheMaster()
    {
        _admin.Fault = static _ => throw new OperationCanceledException();

        await FluentActions.Awaiting(AskAsync).Should().ThrowAsync<OperationCanceledException>();
    }

    private Task<DrainReport> AskAsync() => _drain.AskAsync(_admin, "uid", Master, "T", 0, 1, CancellationToken.None);

    private void SetEnd(long end) =>
        _admin.Stats[(Master.Address!, "T")] = new TopicStats { Queues = new Dictionary<MessageQueue, QueueOffsets> { [Queue] = new() { MaxOffset = end } } };

    private void SetConsumed(int groups, long offset)
    {
        for (int group = 0; group < groups; group++)
        {
            _admin.Groups[string.Create(CultureInfo.InvariantCulture, $"G{group}")] = new ConsumeStats
            {
                Queues = new Dictionary<MessageQueue, ConsumerQueueOffsets> { [Queue] = new() { BrokerOffset = offset, ConsumerOffset = offset } },
            };
        }
    }
}
