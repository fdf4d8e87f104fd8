using System.Net;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters.Steps;

/// <summary>When a Lease that the watch has seen is enough, and when the server is asked.</summary>
public sealed class LeasesStepTests : IDisposable
{
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();
    private readonly IEntityCache<Lease> _cache = Substitute.For<IEntityCache<Lease>>();
    private readonly IEntityCache<PersistentVolumeClaim> _claims = Substitute.For<IEntityCache<PersistentVolumeClaim>>();
    private readonly FakeTimeProvider _time = new();
    private readonly LeaseClock _clock;
    private readonly LeasesStep _step;

    public LeasesStepTests()
    {
        _clock = new LeaseClock(_time);
        _step = new LeasesStep(_client, _cache, _claims, _clock);
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

    /// <summary>The server refuses, is away, or has a Lease that is none to this operator's program.</summary>
    public static TheoryData<Exception> Failures => [Refused(), new HttpRequestException("away"), new IOException("cut"), new InvalidDataException("no Lease")];

    /// <summary>What the watch saw a moment ago is known, though nothing may be done on it.</summary>
    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Run_CannotBeRead_SeenAMomentAgo_IsAsItWas(Exception failure)
    {
        Cache(Lease("a-0-0", "9"));
        _step.Wrote(Context(), Lease("a-0-0", "10"));
        Fail(failure);

        await ShowsAsync("a-0-0", overdue: false, expired: false);
    }

    /// <summary>The watch may stand still as well: whether it was renewed nobody knows.</summary>
    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Run_CannotBeRead_AndHasEndedSinceItWasSeen_IsNotExpired(Exception failure)
    {
        Cache(Lease("a-0-0", "9"));
        Fail(failure);
        _time.Advance(TimeSpan.FromSeconds(6));

        await ShowsAsync("a-0-0", overdue: true, expired: false);
        _time.Advance(TimeSpan.FromHours(1));
        await ShowsAsync("a-0-0", overdue: true, expired: false);
    }

    /// <summary>The server has said so after its end, and the watch has told of no renewal since.</summary>
    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Run_CannotBeRead_IsKnownToHaveExpired_StaysSo(Exception failure)
    {
        Cache(Lease("a-0-0", "9"));
        _time.Advance(TimeSpan.FromSeconds(6));
        _client.GetAsync<Lease>(default!, default, default).ReturnsForAnyArgs(Lease("a-0-0", "9"));
        (await _step.RunAsync(Context(), adopts: false, CancellationToken.None)).Leases["a-0"].Expired.Should().BeTrue();

        Fail(failure);

        await ShowsAsync("a-0-0", overdue: true, expired: true);
        Lease renewed = Lease("a-0-0", "12");
        renewed.Spec!.RenewTime = DateTimeOffset.UnixEpoch.AddSeconds(30);
        Cache(renewed);
        LeasesOutcome outcome = await _step.RunAsync(Context(), adopts: false, CancellationToken.None);
        (outcome.Leases["a-0"].Expired, outcome.Unread).Should().Be((false, null), "the watch goes on");
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Run_CannotBeRead_NeverSeen_IsToldAndNotThere(Exception failure)
    {
        Fail(failure);

        LeasesOutcome outcome = await _step.RunAsync(Context(), adopts: false, CancellationToken.None);

        outcome.Leases.Should().BeEmpty();
        outcome.Unreadable["a-0"].Should().Be(outcome.Unread);
        outcome.Unread!.Message.Should().StartWith("Reading Lease a-0 failed, and is tried again: ");
    }

    /// <summary>Its owner has the cluster's name and is another object: the stores say whose it is.</summary>
    [Theory]
    [InlineData(null, null, true)]
    [InlineData("other", "other", true)]
    [InlineData("id", null, false)]
    [InlineData(null, "id", false)]
    public async Task Run_OfAnotherClusterOfThisName_IsTheGroupsWhenItsStoresAre(string? inStatus, string? onClaim, bool foreign)
    {
        Lease lease = Lease("a-0-0", "9");
        lease.Metadata.OwnerReferences = [new OwnerReference { ApiVersion = "rocketops.io/v1beta1", Kind = "BrokerCluster", Name = "a", Uid = "another" }];
        lease.Metadata.Annotations!["rocketops.io/group-id"] = "id";
        Cache(lease);
        _claims.Get("default", "data-a-0-1").Returns(new PersistentVolumeClaim { Metadata = new ObjectMeta { Name = "data-a-0-1", Annotations = onClaim is null ? null : new() { [ElectedClaim.GroupIdAnnotation] = onClaim } } });
        ClusterContext context = Context();
        context.Cluster.Status = new BrokerClusterStatus { Groups = [new BrokerGroupStatus { Name = "a-0", GroupId = inStatus }] };

        LeasesOutcome outcome = await _step.RunAsync(context, adopts: false, CancellationToken.None);

        outcome.Leases.ContainsKey("a-0").Should().Be(!foreign);
        (outcome.Leftover is not null, outcome.Told).Should().Be((foreign, null), "it goes with its owner");
        outcome.Foreign.Should().HaveCount(foreign ? 1 : 0);
    }

    private async Task ShowsAsync(string holder, bool overdue, bool expired)
    {
        LeasesOutcome outcome = await _step.RunAsync(Context(), adopts: false, CancellationToken.None);

        outcome.Leases["a-0"].Should().BeEquivalentTo(new { Holder = holder, Overdue = overdue, Expired = expired });
        outcome.Unread!.Message.Should().StartWith("Reading Lease a-0 failed, and is tried again: ");
    }

    private void Fail(Exception failure) => _client.GetAsync<Lease>(default!, default, default).ThrowsAsyncForAnyArgs(failure);

    private static KubernetesException Refused() => new(HttpStatusCode.Forbidden, new Kubernetes.Models.Status { Message = "not allowed" });

    /// <summary>What moves a pod or the lead is decided on what the server has.</summary>
    [Fact]
    public async Task Read_TheWatchHasSeenAnother_IsTheServers()
    {
        Cache(Lease("a-0-0", "9"));

        (await _step.ReadAsync(Context(), CancellationToken.None))["a-0"].Holder.Should().Be("a-0-1");
        (await _step.ReadAsync(Context(), "a-0", CancellationToken.None))!.Spec!.HolderIdentity.Should().Be("a-0-1");
    }

    /// <summary>Nor is what the watch has seen taken for it when the server does not say.</summary>
    [Fact]
    public async Task Read_TheServerDoesNotAnswer_Fails()
    {
        Cache(Lease("a-0-0", "9"));
        _client.GetAsync<Lease>(default!, default, default).ThrowsAsyncForAnyArgs(new TimeoutException());

        Func<Task> all = () => _step.ReadAsync(Context(), CancellationToken.None);
        Func<Task> one = () => _step.ReadAsync(Context(), "a-0", CancellationToken.None);

        await all.Should().ThrowAsync<TimeoutException>();
        await one.Should().ThrowAsync<TimeoutException>();
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
        return new ClusterContext(cluster, new OperatorImages("broker", "nameserver"), new OrdinalRoles());
    }

    private static Lease Lease(string holder, string version) => new()
    {
        Metadata = new ObjectMeta { Name = "a-0", Namespace = "default", Uid = "1", ResourceVersion = version, Annotations = new() { ["rocketops.io/in-sync"] = "a-0-0/1,a-0-1/1" } },
        Spec = new LeaseSpec { HolderIdentity = holder, LeaseTransitions = 3, LeaseDurationSeconds = 6, RenewTime = DateTimeOffset.UnixEpoch },
    };
}
