using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using RocketOps.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Controllers;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Topics;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>A topic is to go with its object, and its master answers each request in time, but not all of them together.</summary>
public sealed class TopicFinalizerTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly OperatorOptions _options = new() { RouteRefreshGrace = TimeSpan.Zero };
    private readonly RemovalParts _parts;
    private readonly TopicFinalizer _finalizer;

    public TopicFinalizerTests()
    {
        _parts = new RemovalParts(_options, _time);
        TopicDrain drain = new(new DrainCheck(_parts.Calls, _options, _time), _options, _time);
        _finalizer = new TopicFinalizer(
            _options,
            _parts.Removals,
            new DeletedTopicDrain(_parts.Removals, _parts.Calls, drain, _options, _time),
            new MasterIndex<Topic>(RemovalParts.Nothing<Topic>(), static topic => topic.Spec.ClusterRef.Key(topic), EffectiveName.Of),
            new MasterRounds<TopicSettings>(_options, _time, new ClusterInfos(_options, _time), static (_, _, _) => Task.FromResult(Enumerable.Empty<KeyValuePair<string, TopicSettings>>())),
            new OrderConfigs(_options, _time, _parts.Calls, NullLogger<OrderConfigs>.Instance),
            _parts.Statuses,
            Substitute.For<IEventRecorder>(),
            _time,
            NullLogger<TopicFinalizer>.Instance);
    }

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

    [Fact]
    public async Task Finalize_EachRequestTakesHalfItsTime_ProducersAreKeptOutAndTheTopicGoes()
    {
        _parts.Admin.Put(RemovalParts.Address, new TopicConfig { Name = "T", ReadQueues = 1, WriteQueues = 1 });
        _parts.Admin.Fault = _ => _time.Advance(_options.AdminTimeout / 2);

        ReconciliationResult<Topic> result = await _finalizer.FinalizeAsync(Deleted(), CancellationToken.None);

        result.Should().BeEquivalentTo(new { IsSuccess = true, RequeueAfter = (TimeSpan?)null });
        _parts.Admin.Writes.Should().Equal($"{RemovalParts.Address} T 1/1 4", $"{RemovalParts.Address} delete T", "nameservers delete T");
    }

    private static Topic Deleted() => new()
    {
        Metadata = new ObjectMeta { Name = "t", Namespace = "ns", Uid = "topic", DeletionTimestamp = DateTimeOffset.UnixEpoch },
        Spec = new TopicSpec { TopicName = "T", ClusterRef = new ClusterReference { Name = "a" }, DeletionPolicy = DeletionPolicy.DeleteIfDrained },
        Status = new TopicStatus { TopicName = "T", Cluster = "a", Brokers = [new TopicBrokerStatus { Name = "a-0", ReadQueues = 1, WriteQueues = 1, Permission = 6 }] },
    };
}
