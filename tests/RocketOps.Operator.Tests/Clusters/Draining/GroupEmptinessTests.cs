using System.Globalization;
using RocketOps.Client;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Draining;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Operator.Topics;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters.Draining;

/// <summary>A group is to go whose master takes longer to say what is left than a pass may: each pass goes on where the last one ended.</summary>
public sealed class GroupEmptinessTests
{
    private const string Address = "10.0.0.1:10911";
    private const int Many = 10;

    private readonly FakeTimeProvider _time = new();
    private readonly FakeAdmin _admin = new();
    private readonly Stillness _still = new("master", 4096, 0);
    private readonly GroupEmptiness _emptiness;

    public GroupEmptinessTests()
    {
        OperatorOptions options = new();
        MasterCalls calls = new(options, _time);
        _emptiness = new GroupEmptiness(new DrainCheck(calls, options, _time), calls, options, _time);
    }

    [Fact]
    public async Task FindLeft_TopicOfManyConsumerGroups_EndsAndAsksThemOnce()
    {
        MessageQueue queue = Put("orders", end: 5);
        int asked = 0;
        for (int group = 0; group < Many; group++)
        {
            _admin.Groups[string.Create(CultureInfo.InvariantCulture, $"G{group}")] = new ConsumeStats
            {
                Queues = new Dictionary<MessageQueue, ConsumerQueueOffsets> { [queue] = new() { BrokerOffset = 5, ConsumerOffset = 5 } },
            };
        }

        _admin.Fault = request =>
        {
            if (request == nameof(IRocketMqAdmin.GetConsumeStatsAsync))
            {
                asked++;
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        };

        (await PassesAsync()).Should().AllBe(
            "topic orders waits for a-0, which answers, but takes longer to say what is left to be read than a pass may; the next pass asks on where this one ended");
        asked.Should().Be(Many, "who has read everything is not asked again");
    }

    [Fact]
    public async Task FindLeft_ManyTopics_EndsAndEachIsLookedAtOnce()
    {
        for (int topic = 0; topic < Many; topic++)
        {
            Put(string.Create(CultureInfo.InvariantCulture, $"t{topic}"), end: 0);
        }

        int asked = 0;
        _admin.Fault = request =>
        {
            asked += request == nameof(IRocketMqAdmin.GetPendingMessagesAsync) ? 1 : 0;
            _time.Advance(TimeSpan.FromSeconds(0.5));
        };

        (await PassesAsync()).Should().OnlyHaveUniqueItems("each pass comes further").And.AllSatisfy(static left => left.Should().StartWith("the operator looks through its topics and has come to t"));
        asked.Should().Be(Many);
    }

    /// <summary>What was said to be left, pass after pass, until nothing was.</summary>
    private async Task<List<string>> PassesAsync()
    {
        List<string> said = [];
        while (await _emptiness.FindLeftAsync(_admin, new ClusterNames("a", "ns"), "a-0", Address, _still, CancellationToken.None) is { } left)
        {
            said.Add(left);
            said.Count.Should().BeLessThan(Many, "each pass comes further");
        }

        said.Should().NotBeEmpty("it takes longer than one pass");
        return said;
    }

    private MessageQueue Put(string topic, long end)
    {
        MessageQueue queue = new(topic, "a-0", 0);
        _admin.Put(Address, new TopicConfig { Name = topic, ReadQueues = 1, WriteQueues = 1 });
        _admin.Stats[(Address, topic)] = new TopicStats { Queues = new Dictionary<MessageQueue, QueueOffsets> { [queue] = new() { MaxOffset = end } } };
        return queue;
    }
}
