using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.ConsumerGroups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Operator.Topics;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Topics;

/// <summary>
/// A master answers each request in time, and takes longer for all that a pass asks of it than one request may: what is to go goes in the end, and the master does not count as away for everything else that it has.
/// </summary>
public sealed class SlowMasterTests
{
    private const int Readers = 10;
    private const string Address = "10.0.0.1:10911";
    private static readonly MessageQueue Second = new("T", "a-0", 1);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly OperatorOptions _options = new();
    private readonly FakeAdmin _admin = new();
    private readonly BrokerCluster _cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "ns", Uid = "cluster" } };
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();
    private readonly MasterCalls _calls;
    private readonly MasterRounds<TopicSettings> _topics;
    private readonly TopicReconciler _reconciler;

    private DateTimeOffset LongAgo => _time.GetUtcNow() - TimeSpan.FromHours(1);

    public SlowMasterTests()
    {
        _calls = new MasterCalls(_options, _time);
        _topics = new MasterRounds<TopicSettings>(
            _options,
            _time,
            new ClusterInfos(_options, _time),
            static async (admin, address, cancellationToken) =>
                (await admin.GetTopicConfigsAsync(address, cancellationToken)).Select(static pair => KeyValuePair.Create(pair.Key, BrokerTopics.Settings(pair.Value)!)));
        TopicDrain drains = new(new DrainCheck(_calls, _options, _time), _options, _time);
        _reconciler = new TopicReconciler(
            _topics, _calls, new BrokerTopics(_calls, drains, _options, _time), new TopicRemoval(_client, _calls, drains, _options, _time), NullLogger<TopicReconciler>.Instance);
        _admin.Registered = new Dictionary<string, Dictionary<long, string>>(StringComparer.Ordinal) { ["a-0"] = new() { [0] = Address } };
        _admin.Stats[(Address, "T")] = new TopicStats { Queues = new Dictionary<MessageQueue, QueueOffsets> { [new("T", "a-0", 0)] = new(), [Second] = new() { MaxOffset = 5 } } };
        for (int reader = 0; reader < Readers; reader++)
        {
            _admin.Groups[string.Create(CultureInfo.InvariantCulture, $"G{reader}")] = new ConsumeStats
            {
                Queues = new Dictionary<MessageQueue, ConsumerQueueOffsets> { [Second] = new() { BrokerOffset = 5, ConsumerOffset = 5 } },
            };
        }
    }

    [Fact]
    public async Task Shrink_ManyGroups_EndsAndTheMasterIsNotAway()
    {
        _admin.Put(Address, new TopicConfig { Name = "T", ReadQueues = 2, WriteQueues = 1 });
        Topic topic = Of(new TopicBrokerStatus { Name = "a-0", ReadQueues = 2, WriteQueues = 1, Permission = 6, DrainingSince = LongAgo });
        (topic.Spec.ReadQueues, topic.Spec.WriteQueues) = (1, 1);
        RoundMaster<TopicSettings> master = await AskAsync();

        await UntilAsync(
            () => _reconciler.ReconcileAsync(_cluster, topic, _admin, master, CancellationToken.None),
            "Queues 1 and above wait for a-0, which answers, but takes longer to say what is left to be read than a pass may; the next pass asks on where this one ended.");

        _admin.Topic(Address, "T")!.ReadQueues.Should().Be(1);
    }

    [Fact]
    public async Task RemovalFromAGroup_ManyGroups_EndsAndTheMasterIsNotAway()
    {
        _admin.Put(Address, new TopicConfig { Name = "T", ReadQueues = 2, WriteQueues = 2, Permission = Client.TopicPermission.Read });
        Topic topic = Of(new TopicBrokerStatus { Name = "a-0", ReadQueues = 2, WriteQueues = 2, Permission = 4, Removal = TopicRemovalPhase.Draining, DrainingSince = LongAgo });
        RoundMaster<TopicSettings> master = await AskAsync();

        await UntilAsync(
            () => _reconciler.RemoveAsync(_cluster, topic, _admin, master, mayClose: true, CancellationToken.None),
            "The topic is to go from a-0, and waits for a-0, which answers, but takes longer to say what is left to be read than a pass may; the next pass asks on where this one ended.");

        _admin.Topic(Address, "T")!.Permission.Should().Be(default, "everything is read, so clients may do nothing there any more");
    }

    [Fact]
    public async Task ConsumerGroupIsWritten_EachRequestTakesHalfItsTime_WrittenAndTheMasterIsNotAway()
    {
        MasterRounds<SubscriptionGroupConfig> rounds = new(
            _options,
            _time,
            new ClusterInfos(_options, _time),
            static async (admin, address, cancellationToken) => (IEnumerable<KeyValuePair<string, SubscriptionGroupConfig>>)await admin.GetSubscriptionGroupsAsync(address, cancellationToken));
        MasterRound<SubscriptionGroupConfig> round = await rounds.AskAsync(_cluster, _admin, isSettled: false, CancellationToken.None);
        ConsumerGroup group = new() { Metadata = new ObjectMeta { Name = "billing", Namespace = "ns", Uid = "group" } };
        _admin.Fault = _ => _time.Advance(_options.AdminTimeout / 2);

        ConsumerGroupOutcome outcome = await new ConsumerGroupReconciler(rounds, _calls, NullLogger<ConsumerGroupReconciler>.Instance)
            .ReconcileAsync(new ClusterView<SubscriptionGroupConfig>(_cluster, _admin, round), group, round.Masters[0], CancellationToken.None);

        outcome.Should().BeEquivalentTo(new { Written = true, Pending = (Problem?)null, Problem = (Problem?)null });
        rounds.Known(_cluster).Should().NotBeNull();
    }

    private static Topic Of(TopicBrokerStatus broker) => new()
    {
        Metadata = new ObjectMeta { Name = "t", Namespace = "ns", Uid = "topic" },
        Spec = new TopicSpec { TopicName = "T" },
        Status = new TopicStatus { TopicName = "T", Cluster = "a", Brokers = [broker] },
    };

    private async Task<RoundMaster<TopicSettings>> AskAsync()
    {
        MasterRound<TopicSettings> round = await _topics.AskAsync(_cluster, _admin, isSettled: false, CancellationToken.None);
        _admin.Fault = request => _time.Advance(TimeSpan.FromSeconds(request == nameof(IRocketMqAdmin.GetConsumeStatsAsync) ? 1 : 0));
        return round.Masters.Should().ContainSingle().Which;
    }

    /// <summary>Passes until something is written.</summary>
    private async Task UntilAsync(Func<Task<TopicOutcome>> passAsync, string waits)
    {
        int passes = 0;
        while (await passAsync() is { Written: false } outcome)
        {
            outcome.Should().BeEquivalentTo(new { Problem = (Problem?)null, Pending = new Problem(Reasons.DrainingQueues, waits) });
            _topics.Known(_cluster).Should().NotBeNull("the master answers");
            passes++.Should().BeLessThan(Readers, "each pass comes further");
        }

        passes.Should().BePositive("it takes longer than one pass");
        _topics.Known(_cluster).Should().NotBeNull("the master answers");
    }
}
