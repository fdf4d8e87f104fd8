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
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>A consumer group is to go with its object, and its master answers each request in time, but not all of them together.</summary>
public sealed class ConsumerGroupFinalizerTests : IAsyncDisposable
{
    private const string Address = "10.0.0.1:10911";
    private const string Retries = "%RETRY%billing";

    private readonly FakeTimeProvider _time = new();
    private readonly OperatorOptions _options = new();
    private readonly FakeAdmin _admin = new() { Registered = new(StringComparer.Ordinal) { ["a-0"] = new() { [0] = Address } } };
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();
    private readonly ClusterAdmins _admins;
    private readonly ConsumerGroupFinalizer _finalizer;

    public ConsumerGroupFinalizerTests()
    {
        _admins = new ClusterAdmins(new FakeAdminFactory(_admin), Substitute.For<IEntityCache<BrokerCluster>>());
        IInformer<ConsumerGroup> cache = Substitute.For<IInformer<ConsumerGroup>>();
        cache.Unreadable.Returns(new Dictionary<ObjectKey, string>());
        cache.ByIndex(Arg.Any<string>(), Arg.Any<string>()).Returns([]);
        _client.GetAsync<BrokerCluster>("a", "ns", Arg.Any<CancellationToken>()).Returns(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = "ns", Uid = "cluster" } });
        MasterCalls calls = new(_options, _time);
        _finalizer = new ConsumerGroupFinalizer(
            _options,
            new RemovalPass(new RemovalChecks(_client, _time, NullLogger<RemovalChecks>.Instance), _admins, calls, NullLogger<RemovalPass>.Instance),
            calls,
            new MasterIndex<ConsumerGroup>(cache, static group => group.Spec.ClusterRef.Key(group), EffectiveName.Of),
            new StatusWriter(_client, new DefinitionCheck(_client, _options, _time, NullLogger<DefinitionCheck>.Instance)),
            Substitute.For<IEventRecorder>(),
            _time,
            NullLogger<ConsumerGroupFinalizer>.Instance);
    }

    public ValueTask DisposeAsync() => _admins.DisposeAsync();

    [Fact]
    public async Task Finalize_EachRequestTakesHalfItsTime_GroupGoes()
    {
        _admin.Put(Address, new SubscriptionGroupConfig { Name = "billing" });
        _admin.Put(Address, new TopicConfig { Name = Retries });
        _admin.Fault = _ => _time.Advance(_options.AdminTimeout / 2);

        ReconciliationResult<ConsumerGroup> result = await _finalizer.FinalizeAsync(Deleted(), CancellationToken.None);

        result.Should().BeEquivalentTo(new { IsSuccess = true, RequeueAfter = (TimeSpan?)null });
        _admin.Writes.Should().Equal($"{Address} delete group billing with offsets", $"{Address} delete {Retries}", $"nameservers delete {Retries}");
    }

    private static ConsumerGroup Deleted() => new()
    {
        Metadata = new ObjectMeta { Name = "billing", Namespace = "ns", Uid = "group", DeletionTimestamp = DateTimeOffset.UnixEpoch },
        Spec = new ConsumerGroupSpec { ClusterRef = new ClusterReference { Name = "a" }, DeletionPolicy = DeletionPolicy.DeleteIfDrained },
        Status = new ConsumerGroupStatus { GroupName = "billing", Cluster = "a", Brokers = [new ConsumerGroupBrokerStatus { Name = "a-0" }] },
    };
}
