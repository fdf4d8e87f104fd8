using NSubstitute;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Clusters;

/// <summary>When a Lease that the watch has seen is enough, and when the server is asked.</summary>
public sealed class LeasesStepTests : IDisposable
{
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();
    private readonly IEntityCache<Lease> _cache = Substitute.For<IEntityCache<Lease>>();
    private readonly ManualTime _time = new();
    private readonly LeaseClock _clock;
    private readonly LeasesStep _step;

    public LeasesStepTests()
    {
        _clock = new LeaseClock(_time);
        _step = new LeasesStep(_client, _cache, _clock);
        _client.GetAsync<Lease>(default!, default, default).ReturnsForAnyArgs(Lease("a-0-1", "20"));
    }

    public void Dispose() => _clock.Dispose();

    [Fact]
    public async Task Run_TheWatchHasSeenIt_NobodyIsAsked()
    {
        Cache(Lease("a-0-0", "9"));

        (await HolderAsync()).Should().Be("a-0-0");

        await _client.DidNotReceiveWithAnyArgs().GetAsync<Lease>(default!, default, default);
    }

    /// <summary>Members make it without labels, by which the watch goes.</summary>
    [Fact]
    public async Task Run_TheWatchHasNone_TheServerIsAsked() => (await HolderAsync()).Should().Be("a-0-1");

    /// <summary>It may be the watch that stands still, and not whoever leads.</summary>
    [Fact]
    public async Task Run_NobodySeemsToRenewIt_TheServerIsAsked()
    {
        Cache(Lease("a-0-0", "9"));
        _time.Advance(TimeSpan.FromSeconds(6));

        LeasesOutcome outcome = await _step.RunAsync(Context(), adopts: false, CancellationToken.None);

        outcome.Leases["a-0"].Should().Match<GroupLease>(static lease => lease.Holder == "a-0-1" && !lease.Expired);
        _time.Advance(TimeSpan.FromSeconds(6));
        (await _step.RunAsync(Context(), adopts: false, CancellationToken.None)).Leases["a-0"].Expired.Should().BeTrue("what the watch has is older, and no renewal");
    }

    [Fact]
    public async Task Run_ThisOperatorHasWrittenSince_TheServerIsAsked()
    {
        Cache(Lease("a-0-0", "9"));
        _step.Wrote(Context(), Lease("a-0-0", "10"));

        (await HolderAsync()).Should().Be("a-0-1");

        Cache(Lease("a-0-0", "11"));
        (await HolderAsync()).Should().Be("a-0-0", "the watch has come so far");
    }

    private void Cache(Lease lease)
    {
        _cache.Get("default", "a-0").Returns(lease);
        _clock.Saw(new ObjectKey("default", "a"), lease);
    }

    private async Task<string?> HolderAsync() => (await _step.RunAsync(Context(), adopts: false, CancellationToken.None)).Leases["a-0"].Holder;

    private static ClusterContext Context()
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default", Uid = "cluster" } };
        cluster.Spec.Replication.Failover = FailoverMode.Automatic;
        return new ClusterContext(cluster, new OperatorImages("broker", "nameserver"), new OrdinalLeadership());
    }

    private static Lease Lease(string holder, string version) => new()
    {
        Metadata = new ObjectMeta { Name = "a-0", Namespace = "default", Uid = "1", ResourceVersion = version, Annotations = new() { ["rocketops.io/in-sync"] = "a-0-0/1,a-0-1/1" } },
        Spec = new LeaseSpec { HolderIdentity = holder, LeaseTransitions = 3, LeaseDurationSeconds = 6, RenewTime = DateTimeOffset.UnixEpoch },
    };
}
