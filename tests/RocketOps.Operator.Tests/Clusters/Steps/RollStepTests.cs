using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Clusters.Steps;

/// <summary>How a pod is taken away: one that serves by eviction, one that does not by deletion.</summary>
public sealed class RollStepTests
{
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();
    private readonly IEventRecorder _events = Substitute.For<IEventRecorder>();
    private readonly FakeAdmin _admin = new();

    [Fact]
    public async Task Run_HealthyPod_IsEvictedByItsUid()
    {
        await RunAsync(ready: true);

        await _client.Received(1).EvictAsync("a-0-0", "default", Arg.Is<DeleteOptions>(static options => options.Preconditions!.Uid == "pod"), Arg.Any<CancellationToken>());
        await _client.DidNotReceiveWithAnyArgs().DeleteAsync<Pod>(default!, default, default, default);
        _events.ReceivedWithAnyArgs(1).Record(default!, default, default!, default!, default!);
    }

    /// <summary>A drain has just taken another member of the group away: the budget does not let a second one go.</summary>
    [Fact]
    public async Task Run_BudgetDoesNotLetThePodGo_StaysAndThePlanSaysWhich()
    {
        Kubernetes.Models.Status status = new() { Details = new StatusDetails { Causes = [new StatusCause { Reason = "DisruptionBudget", Message = "The disruption budget theirs.of-all needs 3 healthy pods and has 3 currently" }] } };
        _client.EvictAsync(default!, default!, default, default).ThrowsAsyncForAnyArgs(new KubernetesException(HttpStatusCode.TooManyRequests, status));

        RollPlan plan = await RunAsync(ready: true);

        (plan.Restart, plan.Why, plan.WaitsFor!.Pod, plan.Budgets).Should().Be((null, RollWait.Budget, "a-0-0", "theirs.of-all"));
        await _client.DidNotReceiveWithAnyArgs().DeleteAsync<Pod>(default!, default, default, default);
        _events.DidNotReceiveWithAnyArgs().Record(default!, default, default!, default!, default!);
    }

    /// <summary>Somebody's budget counts the pod beside the operator's own: Kubernetes asks neither of them, and answers as a server does that has failed.</summary>
    [Fact]
    public async Task Run_SeveralBudgetsCountThePod_StaysAndThePlanSaysSo()
    {
        Kubernetes.Models.Status status = new() { Message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support." };
        _client.EvictAsync(default!, default!, default, default).ThrowsAsyncForAnyArgs(new KubernetesException(HttpStatusCode.InternalServerError, status));

        RollPlan plan = await RunAsync(ready: true);

        (plan.Restart, plan.Why, plan.WaitsFor!.Pod).Should().Be((null, RollWait.SeveralBudgets, "a-0-0"));
        await _client.DidNotReceiveWithAnyArgs().DeleteAsync<Pod>(default!, default, default, default);
        _events.DidNotReceiveWithAnyArgs().Record(default!, default, default!, default!, default!);
    }

    /// <summary>The pass tells of it.</summary>
    [Fact]
    public async Task Run_ServerHasFailed_FailsToo()
    {
        _client.EvictAsync(default!, default!, default, default).ThrowsAsyncForAnyArgs(Refused(HttpStatusCode.InternalServerError));

        await FluentActions.Awaiting(() => RunAsync(ready: true)).Should().ThrowAsync<KubernetesException>();
    }

    [Fact]
    public async Task Run_ServerHasTooMuchToDo_IsNoBudget()
    {
        _client.EvictAsync(default!, default!, default, default).ThrowsAsyncForAnyArgs(Refused(HttpStatusCode.TooManyRequests));

        RollPlan plan = await RunAsync(ready: true);

        (plan.InProgress, plan.Restart, plan.Why).Should().Be((true, null, RollWait.None));
    }

    [Fact]
    public async Task Run_ServerWithoutEvictions_PodIsDeletedByItsUid()
    {
        _client.EvictAsync(default!, default!, default, default).ThrowsAsyncForAnyArgs(Refused(HttpStatusCode.NotFound));

        await RunAsync(ready: true);

        await _client.Received(1).DeleteAsync<Pod>("a-0-0", "default", Arg.Is<DeleteOptions>(static options => options.Preconditions!.Uid == "pod"), Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task Run_BrokenPod_IsDeleted()
    {
        _admin.Fault = static question => throw new IOException(question);

        await RunAsync(ready: false);

        await _client.DidNotReceiveWithAnyArgs().EvictAsync(default!, default!, default, default);
        await _client.Received(1).DeleteAsync<Pod>("a-0-0", "default", Arg.Any<DeleteOptions>(), Arg.Any<CancellationToken>());
    }

    /// <summary>Nobody takes a master away past budgets that says itself that it takes messages.</summary>
    [Fact]
    public async Task Run_PodThatIsNotReadyAndTakesMessages_IsEvicted()
    {
        await RunAsync(ready: false);

        await _client.Received(1).EvictAsync("a-0-0", "default", Arg.Any<DeleteOptions>(), Arg.Any<CancellationToken>());
        await _client.DidNotReceiveWithAnyArgs().DeleteAsync<Pod>(default!, default, default, default);
    }

    /// <summary>The cache shows a pod that has been replaced, or a set before its last change: until it does not, the cluster is not done.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_OnlyTheCacheShowsAnOutdatedPod_TakesNothingAwayAndIsNotDone(bool isReplaced)
    {
        StatefulSet live = Set(generation: isReplaced ? 1 : 2);
        Pod pod = isReplaced ? OutdatedPod(ready: true, revision: "new") : OutdatedPod(ready: true);

        RollPlan plan = await RunAsync(ready: true, live, pod);

        plan.InProgress.Should().BeTrue();
        (plan.Restart, plan.HandOver, plan.WaitsFor).Should().Be((null, null, null));
        await _client.DidNotReceiveWithAnyArgs().EvictAsync(default!, default!, default, default);
        await _client.DidNotReceiveWithAnyArgs().DeleteAsync<Pod>(default!, default, default, default);
    }

    /// <summary>Otherwise nobody could tell why when the operator ends with the deletion.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("the one before")]
    public async Task Run_StatusDoesNotSayYetWhatGoes_Waits(string? noted)
    {
        RollPlan plan = await RunAsync(ready: true, noted: noted);

        plan.InProgress.Should().BeTrue();
        (plan.Restart, plan.WaitsFor).Should().Be((null, null));
        await _client.DidNotReceiveWithAnyArgs().EvictAsync(default!, default!, default, default);
        _events.DidNotReceiveWithAnyArgs().Record(default!, default, default!, default!, default!);
    }

    /// <summary>By an operator that noted none, or with a definition that has no field for it.</summary>
    [Fact]
    public async Task Run_StatusHoldsNoIdentities_RestartsAllTheSame()
    {
        await RunAsync(ready: true, noted: "");

        await _client.ReceivedWithAnyArgs(1).EvictAsync(default!, default!, default, default);
    }

    /// <summary>Between the look of a pass and the eviction a member may have fallen out of the copies in sync.</summary>
    [Fact]
    public async Task Run_LeaseHasChangedSince_Waits()
    {
        _client.GetAsync<Lease>(default!, default, default).ReturnsForAnyArgs(Lease("a-0-0,a-0-1"));

        RollPlan plan = await RunAsync(ready: true, replicas: 3, elects: true);

        (plan.Restart, plan.Why, plan.WaitsFor!.Pod).Should().Be((null, RollWait.Sync, "a-0-2"));
        await _client.DidNotReceiveWithAnyArgs().EvictAsync(default!, default!, default, default);
    }

    [Fact]
    public async Task Run_LeaseIsAsItWas_TheNextOneGoes()
    {
        _client.GetAsync<Lease>(default!, default, default).ReturnsForAnyArgs(Lease("a-0-0,a-0-1,a-0-2"));

        (await RunAsync(ready: true, replicas: 3, elects: true)).Restart!.Pod.Should().Be("a-0-0");

        await _client.ReceivedWithAnyArgs(1).EvictAsync(default!, default!, default, default);
    }

    /// <summary>So may a slave have fallen behind.</summary>
    [Fact]
    public async Task Run_SlaveHasFallenBehindSince_Waits()
    {
        _admin.NotFollowing["10.0.0.2:10911"] = "its log has another record";

        RollPlan plan = await RunAsync(ready: true, replicas: 3, minInSync: 2, outdated: 2);

        (plan.Restart, plan.Why, plan.WaitsFor!.Pod).Should().Be((null, RollWait.Sync, "a-0-1"));
        await _client.DidNotReceiveWithAnyArgs().EvictAsync(default!, default!, default, default);
    }

    /// <summary>So may another member have gone, with its node perhaps, and the cache show it still.</summary>
    [Fact]
    public async Task Run_AnotherMemberHasGoneSince_Waits()
    {
        RollPlan plan = await RunAsync(ready: true, replicas: 3, outdated: 2, away: 1);

        (plan.Restart, plan.WaitsFor!.Pod).Should().Be((null, "a-0-1"));
        await _client.DidNotReceiveWithAnyArgs().EvictAsync(default!, default!, default, default);
        await _client.DidNotReceiveWithAnyArgs().DeleteAsync<Pod>(default!, default, default, default);
    }

    private static KubernetesException Refused(HttpStatusCode code) => new(code, new Kubernetes.Models.Status { Message = "no" });

    private static StatefulSet Set(long generation = 1, int replicas = 1) => new()
    {
        Metadata = new ObjectMeta { Name = "a-0", Uid = "set", Generation = generation },
        Spec = new StatefulSetSpec { Replicas = replicas },
        Status = new StatefulSetStatus { ObservedGeneration = 1, UpdateRevision = "new" },
    };

    private static Lease Lease(string inSync) => new()
    {
        Metadata = new ObjectMeta { Name = "a-0", Namespace = "default", Uid = "lease", Annotations = new Dictionary<string, string> { ["rocketops.io/in-sync"] = inSync } },
        Spec = new LeaseSpec { HolderIdentity = "a-0-1", LeaseTransitions = 3, LeaseDurationSeconds = 6 },
    };

    private static Pod OutdatedPod(bool ready, string revision = "old", int ordinal = 0) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = $"a-0-{ordinal}",
            Uid = revision == "old" || ordinal == 0 ? "pod" : $"pod-{ordinal}",
            Labels = new Dictionary<string, string> { ["controller-revision-hash"] = revision },
            OwnerReferences = [new OwnerReference { ApiVersion = "apps/v1", Kind = "StatefulSet", Name = "a-0", Uid = "set", Controller = true }],
        },
        Status = new PodStatus { PodIP = $"10.0.0.{ordinal + 1}", Conditions = [new PodCondition { Type = "Ready", Status = ready ? ConditionStatus.True : ConditionStatus.False }] },
    };

    /// <summary>The cache shows an outdated pod; the API server the same, unless told otherwise. The status says of the pod with an identity that it is outdated, with an empty one that some pod is.</summary>
    private async Task<RollPlan> RunAsync(bool ready, StatefulSet? liveSet = null, Pod? livePod = null, string? noted = "pod", int replicas = 1, int outdated = 0, int minInSync = 1, bool elects = false, int? away = null)
    {
        Pod[] pods = [.. Enumerable.Range(0, replicas).Select(ordinal => ordinal == outdated ? OutdatedPod(ready, ordinal: ordinal) : OutdatedPod(ready: true, "new", ordinal))];
        _client.ListAsync<StatefulSet>(default, default).ReturnsForAnyArgs(new KubernetesList<StatefulSet>([liveSet ?? Set(replicas: replicas)], new ListMeta(), []));
        _client.ListAsync<Pod>(default, default).ReturnsForAnyArgs(new KubernetesList<Pod>(livePod is null ? [.. pods.Where((_, ordinal) => ordinal != away)] : [livePod], new ListMeta(), []));
        string gone = $"a-0-{outdated}";
        BrokerCluster cluster = new()
        {
            Metadata = new ObjectMeta { Name = "a", Namespace = "default" },
            Status = new BrokerClusterStatus { Groups = [new BrokerGroupStatus { Name = "a-0", Members = [new BrokerMemberStatus { Name = gone, PodUid = noted is "" ? null : noted, Outdated = noted is null ? null : true }] }] },
        };
        cluster.Spec.Brokers.Replicas = replicas;
        cluster.Spec.Replication.Mode = minInSync > 1 ? ReplicationMode.Sync : ReplicationMode.Async;
        cluster.Spec.Replication.MinInSync = minInSync;
        cluster.Spec.Replication.Failover = elects ? FailoverMode.Automatic : FailoverMode.None;
        cluster.Spec.Replication.Addressing = AddressingMode.PodIP;
        ClusterObservation observation = new(null, [Set(replicas: replicas)], pods, []);
        ClusterContext context = new ClusterContext(cluster, new OperatorImages("broker", "nameserver"), new OrdinalRoles()).Seeing(observation);
        context = elects ? context.Knowing(new GroupObservation(new Dictionary<string, GroupLease>(StringComparer.Ordinal) { ["a-0"] = GroupLease.Of(Lease("a-0-0,a-0-1,a-0-2")) }, new Dictionary<string, string>(StringComparer.Ordinal), GroupObservation.None.Unread)) : context;
        BrokerRegistrations registrations = new(
            [new ClusterInfo { Brokers = new Dictionary<string, BrokerData> { ["a-0"] = new BrokerData { BrokerName = "a-0", Addresses = pods.Select((_, ordinal) => ordinal).ToDictionary(ordinal => (long)context.Roles.RankOf("a-0", ordinal).BrokerId, static ordinal => $"10.0.0.{ordinal + 1}:10911") } } }], []);

        OperatorOptions options = new();
        await using ClusterAdmins admins = new(new FakeAdminFactory(_admin), Substitute.For<IEntityCache<BrokerCluster>>());
        using LeaseClock clock = new(TimeProvider.System);
        RollStep step = new(
            _client,
            new LiveBrokers(_client),
            new LeasesStep(_client, Substitute.For<IEntityCache<Lease>>(), Substitute.For<IEntityCache<PersistentVolumeClaim>>(), clock),
            new MemberFiguresStep(admins, options, TimeProvider.System, NullLogger<MemberFiguresStep>.Instance),
            new ServingTimes(TimeProvider.System),
            new RecoveryTimes(options, TimeProvider.System),
            options,
            _events,
            TimeProvider.System);
        return await step.RunAsync(context, observation, observation.Groups(context, registrations).Select(WithLog).ToArray(), registrations, CancellationToken.None);
    }

    /// <summary>As all were when the pass asked them.</summary>
    private static ObservedGroup WithLog(ObservedGroup group) => group with { Members = [.. group.Members.Select(static member => member with { Says = member.Says with { LogEnd = 4096 } })] };
}
