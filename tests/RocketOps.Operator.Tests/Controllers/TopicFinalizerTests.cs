using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Controllers;
using RocketOps.Operator.Definitions;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting.Writing;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Operator.Topics;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>A topic is to go with its object, and its master answers each request in time, but not all of them together.</summary>
public sealed class TopicFinalizerTests : IAsyncDisposable
{
    private const string Address = "10.0.0.1:10911";

    private readonly FakeTimeProvider _time = new();
    private readonly OperatorOptions _options = new() { RouteRefreshGrace = TimeSpan.Zero };
    private readonly FakeAdmin _admin = new() { Registered = new(StringComparer.Ordinal) { ["a-0"] = new() { [0] = Address } } };
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();
    private readonly ClusterAdmins _admins;
    private readonly TopicFinalizer _finalizer;

    public TopicFinalizerTests()
    {
        _admins = new ClusterAdmins(new FakeAdminFactory(_admin), Substitute.For<IEntityCache<BrokerCluster>>());
        IInformer<Topic> cache = Substitute.For<IInformer<Topic>>();
        cache.Unreadable.Returns(new Dictionary<ObjectKey, string>());
        cache.ByIndex(Arg.Any<string>(), Arg.Any<string>()).Returns([]);
        _client.GetAsync<BrokerCluster>("a", "ns", Arg.Any<CancellationToken>()).Returns(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = "ns", Uid = "cluster" } });
        MasterCalls calls = new(_options, _time);
        RemovalPass removals = new(new RemovalChecks(_client, _time, NullLogger<RemovalChecks>.Instance), _admins, calls, NullLogger<RemovalPass>.Instance);
        _finalizer = new TopicFinalizer(
            _options,
            removals,
            new DeletedTopicDrain(removals, calls, new TopicDrain(new DrainCheck(calls, _options, _time), _options, _time), _options, _time),
            new MasterIndex<Topic>(cache, static topic => topic.Spec.ClusterRef.Key(topic), EffectiveName.Of),
            new MasterRounds<TopicSettings>(_options, _time, new ClusterInfos(_options, _time), static (_, _, _) => Task.FromResult(Enumerable.Empty<KeyValuePair<string, TopicSettings>>())),
            new OrderConfigs(_options, _time, calls, NullLogger<OrderConfigs>.Instance),
            new StatusWriter(_client, new DefinitionCheck(_client, _options, _time, NullLogger<DefinitionCheck>.Instance)),
            Substitute.For<IEventRecorder>(),
            _time,
            NullLogger<TopicFinalizer>.Instance);
    }

    public ValueTask DisposeAsync() => _admins.DisposeAsync();

    [Fact]
    public async Task Finalize_EachRequestTakesHalfItsTime_ProducersAreKeptOutAndTheTopicGoes()
    {
        _admin.Put(Address, new TopicConfig { Name = "T", ReadQueues = 1, WriteQueues = 1 });
        _admin.Fault = _ => _time.Advance(_options.AdminTimeout / 2);

        ReconciliationResult<Topic> result = await _finalizer.FinalizeAsync(Deleted(), CancellationToken.None);

        result.Should().BeEquivalentTo(new { IsSuccess = true, RequeueAfter = (TimeSpan?)null });
        _admin.Writes.Should().Equal($"{Address} T 1/1 4", $"{Address} delete T", "nameservers delete T");
    }

    private static Topic Deleted() => new()
    {
        Metadata = new ObjectMeta { Name = "t", Namespace = "ns", Uid = "topic", DeletionTimestamp = DateTimeOffset.UnixEpoch },
        Spec = new TopicSpec { TopicName = "T", ClusterRef = new ClusterReference { Name = "a" }, DeletionPolicy = DeletionPolicy.DeleteIfDrained },
        Status = new TopicStatus { TopicName = "T", Cluster = "a", Brokers = [new TopicBrokerStatus { Name = "a-0", ReadQueues = 1, WriteQueues = 1, Permission = 6 }] },
    };
}
