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
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>A consumer group is to go with its object, and its master answers each request in time, but not all of them together.</summary>
public sealed class ConsumerGroupFinalizerTests : IAsyncDisposable
{
    private const string Retries = "%RETRY%billing";

    private readonly FakeTimeProvider _time = new();
    private readonly OperatorOptions _options = new();
    private readonly RemovalParts _parts;
    private readonly ConsumerGroupFinalizer _finalizer;

    public ConsumerGroupFinalizerTests()
    {
        _parts = new RemovalParts(_options, _time);
        _finalizer = new ConsumerGroupFinalizer(
            _options,
            _parts.Removals,
            _parts.Calls,
            new MasterIndex<ConsumerGroup>(
                RemovalParts.Nothing<ConsumerGroup>(), static group => group.Spec.ClusterRef.Key(group), EffectiveName.Of),
            _parts.Statuses,
            Substitute.For<IEventRecorder>(),
            _time,
            NullLogger<ConsumerGroupFinalizer>.Instance);
    }

    public ValueTask DisposeAsync() => _parts.DisposeAsync();

    [Fact]
    public async Task Finalize_EachRequestTakesHalfItsTime_GroupGoes()
    {
        _parts.Admin.Put(RemovalParts.Address, new SubscriptionGroupConfig { Name = "billing" });
        _parts.Admin.Put(RemovalParts.Address, new TopicConfig { Name = Retries });
        _parts.Admin.Fault = _ => _time.Advance(_options.AdminTimeout / 2);

        ReconciliationResult<ConsumerGroup> result = await _finalizer.FinalizeAsync(Deleted(), CancellationToken.None);

        result.Should().BeEquivalentTo(new { IsSuccess = true, RequeueAfter = (TimeSpan?)null });
        _parts.Admin.Writes.Should().Equal(
            $"{RemovalParts.Address} delete group billing with offsets",
            $"{RemovalParts.Address} delete {Retries}",
            $"nameservers delete {Retries}");
    }

    private static ConsumerGroup Deleted() => new()
    {
        Metadata = new ObjectMeta { Name = "billing", Namespace = "ns", Uid = "group", DeletionTimestamp = DateTimeOffset.UnixEpoch },
        Spec = new ConsumerGroupSpec { ClusterRef = new ClusterReference { Name = "a" }, DeletionPolicy = DeletionPolicy.DeleteIfDrained },
        Status = new ConsumerGroupStatus { GroupName = "billing", Cluster = "a", Brokers = [new ConsumerGroupBrokerStatus { Name = "a-0" }] },
    };
}
