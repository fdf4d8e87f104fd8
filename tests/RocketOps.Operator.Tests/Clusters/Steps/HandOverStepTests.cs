using NSubstitute;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters.Steps;

/// <summary>Masters that are asked to hand over, and do not.</summary>
public sealed class HandOverStepTests : IDisposable
{
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();
    private readonly IEventRecorder _events = Substitute.For<IEventRecorder>();
    private readonly FakeTimeProvider _time = new();
    private readonly LeaseClock _clock;
    private readonly HandOverStep _step;

    public HandOverStepTests()
    {
        _clock = new LeaseClock(_time);
        _step = new HandOverStep(_client, new LeasesStep(_client, Substitute.For<IEntityCache<Lease>>(), Substitute.For<IEntityCache<PersistentVolumeClaim>>(), _clock), new OperatorOptions(), _events, _time);
        _client.PatchAsync<Lease>(default!, default, default!, default, default).ReturnsForAnyArgs(Lease());
    }

    public void Dispose() => _clock.Dispose();

    [Fact]
    public async Task Run_TheMasterGoesOnLeading_IsAskedLessAndLessOftenAndToldOnce()
    {
        List<int> askedAt = [];
        List<bool> failing = [];
        for (int second = 0; second < 3600; second++)
        {
            int before = Wishes();
            failing.Add(await RunAsync());
            if (Wishes() > before)
            {
                askedAt.Add(second);
            }

            _time.Advance(TimeSpan.FromSeconds(1));
        }

        askedAt.Should().StartWith([0, 1, 3, 7, 15, 31]).And.HaveCountLessThan(25, "each keeps producers waiting");
        askedAt.Zip(askedAt.Skip(1), static (first, next) => next - first).Should().OnlyContain(static pause => pause <= 300, "whoever mends it does not want to wait for hours");
        failing[2].Should().BeFalse();
        failing.Skip(7).Should().AllBeEquivalentTo(true);
        Told("HandOver").Should().Be(1);
        Told("HandOverFailing").Should().Be(1);
    }

    [Fact]
    public async Task Run_AnotherEpoch_BeginsAnew()
    {
        for (int second = 0; second < 60; second++)
        {
            await RunAsync();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        int before = Wishes();
        (await RunAsync(epoch: 4)).Should().BeFalse();
        Wishes().Should().Be(before + 1);
    }

    [Fact]
    public async Task Run_TheWishIsThere_IsNotMadeAgain()
    {
        (await RunAsync(wish: "a-0-1")).Should().BeFalse();

        Wishes().Should().Be(0);
    }

    /// <summary>The watch lags behind, and a wish that is made on what it shows would move the lead to somebody who lacks something, or back.</summary>
    [Fact]
    public async Task Run_TheLeaseHasChangedSinceTheWatchSawIt_WishesNothing()
    {
        await RunAsync(isThere: false);
        await RunAsync(live: Lease(holder: "a-0-1"));
        await RunAsync(live: Lease(epoch: 4));
        await RunAsync(live: Lease(wish: "a-0-1"));
        await RunAsync(live: Lease(inSync: "a-0-0/1"));

        Wishes().Should().Be(0, "it has gone, another leads, it leads anew, somebody else wished, or the other one has fallen behind");
    }

    /// <summary>Otherwise a member that writes meanwhile would be wished away by what was read before.</summary>
    [Fact]
    public async Task Run_Wishes_OnlyOfTheLeaseItHasRead()
    {
        await RunAsync();

        KubernetesPatch patch = _client.ReceivedCalls().Single(static call => call.GetMethodInfo().Name == nameof(IKubernetesClient.PatchAsync)).GetArguments().OfType<KubernetesPatch>().Single();
        patch.Body["metadata"]!["resourceVersion"]!.GetValue<string>().Should().Be("7");
    }

    private int Wishes() => _client.ReceivedCalls().Count(static call => call.GetMethodInfo().Name == nameof(IKubernetesClient.PatchAsync));

    private int Told(string reason) => _events.ReceivedCalls().Count(call => Equals(call.GetArguments()[2], reason));

    private static Lease Lease(string holder = "a-0-0", int epoch = 3, string? wish = null, string inSync = "a-0-0/1,a-0-1/1")
    {
        Dictionary<string, string> annotations = new(StringComparer.Ordinal) { ["rocketops.io/in-sync"] = inSync };
        if (wish is not null)
        {
            annotations[GroupLease.HandOverAnnotation] = wish;
        }

        return new Lease { Metadata = new ObjectMeta { Name = "a-0", Namespace = "default", Uid = "1", ResourceVersion = "7", Annotations = annotations }, Spec = new LeaseSpec { HolderIdentity = holder, LeaseTransitions = epoch } };
    }

    private Task<bool> RunAsync(int epoch = 3, string? wish = null, Lease? live = null, bool isThere = true)
    {
        _client.GetAsync<Lease>(default!, default, default).ReturnsForAnyArgs(isThere ? live ?? Lease(epoch: epoch, wish: wish) : null);
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default" } };
        cluster.Spec.Replication.Failover = FailoverMode.Automatic;
        Dictionary<string, GroupLease> leases = new(StringComparer.Ordinal) { ["a-0"] = new("a-0-0", epoch, ["a-0-0", "a-0-1"], wish, null) };
        ClusterContext context = new ClusterContext(cluster, new OperatorImages("broker", "nameserver"), new OrdinalRoles()).Knowing(GroupObservation.None with { Leases = leases });
        return _step.RunAsync(context, new GroupAction("a-0", GroupStep.HandOver, 1, Member(0), Member(1)), CancellationToken.None);
    }

    private static ObservedMember Member(int ordinal) =>
        new("a-0", $"a-0-{ordinal}", ordinal, new MemberRank(ordinal == 0 ? BrokerMemberRole.Master : BrokerMemberRole.Slave, ordinal), new MemberPod($"uid-{ordinal}", Ready: true, Outdated: ordinal == 0, Terminating: false), MemberFigures.Unknown, Registered: null);
}
