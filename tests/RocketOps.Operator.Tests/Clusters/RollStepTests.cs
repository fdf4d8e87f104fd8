using System.Net;
using NSubstitute;
using NSubstitute.ExceptionExtensions;
using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Tests.Clusters;

/// <summary>How a pod is taken away: one that serves by eviction, one that does not by deletion.</summary>
public sealed class RollStepTests
{
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();
    private readonly IEventRecorder _events = Substitute.For<IEventRecorder>();

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
        Status status = new() { Details = new StatusDetails { Causes = [new StatusCause { Reason = "DisruptionBudget", Message = "The disruption budget theirs.of-all needs 3 healthy pods and has 3 currently" }] } };
        _client.EvictAsync(default!, default!, default, default).ThrowsAsyncForAnyArgs(new KubernetesException(HttpStatusCode.TooManyRequests, status));

        RollPlan plan = await RunAsync(ready: true);

        (plan.Restart, plan.Why, plan.WaitsFor!.Pod, plan.Budgets).Should().Be((null, RollWait.Budget, "a-0-0", "theirs.of-all"));
        await _client.DidNotReceiveWithAnyArgs().DeleteAsync<Pod>(default!, default, default, default);
        _events.DidNotReceiveWithAnyArgs().Record(default!, default, default!, default!, default!);
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
        await RunAsync(ready: false);

        await _client.DidNotReceiveWithAnyArgs().EvictAsync(default!, default!, default, default);
        await _client.Received(1).DeleteAsync<Pod>("a-0-0", "default", Arg.Any<DeleteOptions>(), Arg.Any<CancellationToken>());
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

    private static KubernetesException Refused(HttpStatusCode code) => new(code, new Status { Message = "no" });

    private static StatefulSet Set(long generation = 1) => new()
    {
        Metadata = new ObjectMeta { Name = "a-0", Uid = "set", Generation = generation },
        Status = new StatefulSetStatus { ObservedGeneration = 1, UpdateRevision = "new" },
    };

    private static Pod OutdatedPod(bool ready, string revision = "old") => new()
    {
        Metadata = new ObjectMeta
        {
            Name = "a-0-0",
            Uid = "pod",
            Labels = new Dictionary<string, string> { ["controller-revision-hash"] = revision },
            OwnerReferences = [new OwnerReference { ApiVersion = "apps/v1", Kind = "StatefulSet", Name = "a-0", Uid = "set", Controller = true }],
        },
        Status = new PodStatus { PodIP = "10.0.0.1", Conditions = [new PodCondition { Type = "Ready", Status = ready ? ConditionStatus.True : ConditionStatus.False }] },
    };

    /// <summary>The cache shows an outdated pod; the API server the same, unless told otherwise. The status says of the pod with an identity that it is outdated, with an empty one that some pod is.</summary>
    private async Task<RollPlan> RunAsync(bool ready, StatefulSet? liveSet = null, Pod? livePod = null, string? noted = "pod")
    {
        Pod pod = OutdatedPod(ready);
        _client.ListAsync<StatefulSet>(default, default).ReturnsForAnyArgs(new KubernetesList<StatefulSet>([liveSet ?? Set()], new ListMeta(), []));
        _client.ListAsync<Pod>(default, default).ReturnsForAnyArgs(new KubernetesList<Pod>([livePod ?? pod], new ListMeta(), []));
        BrokerRegistrations registrations = new(
            [new ClusterInfo { Brokers = new Dictionary<string, BrokerData> { ["a-0"] = new BrokerData { BrokerName = "a-0", Addresses = new Dictionary<long, string> { [0] = "10.0.0.1:10911" } } } }], []);
        BrokerCluster cluster = new()
        {
            Metadata = new ObjectMeta { Name = "a", Namespace = "default" },
            Status = new BrokerClusterStatus { Groups = [new BrokerGroupStatus { Name = "a-0", Members = [new BrokerMemberStatus { Name = "a-0-0", PodUid = noted is "" ? null : noted, Outdated = noted is null ? null : true }] }] },
        };
        ClusterContext context = new(cluster, new OperatorImages("broker", "nameserver"), new OrdinalLeadership());

        return await new RollStep(_client, new LiveBrokers(_client), new ServingTimes(TimeProvider.System), new OperatorOptions(), _events, TimeProvider.System)
            .RunAsync(context, new ClusterObservation(null, [Set()], [pod], []), registrations, held: false, CancellationToken.None);
    }
}
