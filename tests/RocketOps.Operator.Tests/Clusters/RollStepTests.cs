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
    public async Task Run_BudgetDoesNotLetThePodGo_StaysAndNothingIsTold()
    {
        _client.EvictAsync(default!, default!, default, default).ThrowsAsyncForAnyArgs(Refused(HttpStatusCode.TooManyRequests));

        await RunAsync(ready: true);

        await _client.DidNotReceiveWithAnyArgs().DeleteAsync<Pod>(default!, default, default, default);
        _events.DidNotReceiveWithAnyArgs().Record(default!, default, default!, default!, default!);
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

    private static KubernetesException Refused(HttpStatusCode code) => new(code, new Status { Message = "no" });

    private async Task RunAsync(bool ready)
    {
        StatefulSet set = new() { Metadata = new ObjectMeta { Name = "a-0", Uid = "set", Generation = 1 }, Status = new StatefulSetStatus { ObservedGeneration = 1, UpdateRevision = "new" } };
        Pod pod = new()
        {
            Metadata = new ObjectMeta
            {
                Name = "a-0-0",
                Uid = "pod",
                Labels = new Dictionary<string, string> { ["controller-revision-hash"] = "old" },
                OwnerReferences = [new OwnerReference { ApiVersion = "apps/v1", Kind = "StatefulSet", Name = "a-0", Uid = "set", Controller = true }],
            },
            Status = new PodStatus { PodIP = "10.0.0.1", Conditions = [new PodCondition { Type = "Ready", Status = ready ? ConditionStatus.True : ConditionStatus.False }] },
        };
        _client.ListAsync<StatefulSet>(default, default).ReturnsForAnyArgs(new KubernetesList<StatefulSet>([set], new ListMeta(), []));
        _client.ListAsync<Pod>(default, default).ReturnsForAnyArgs(new KubernetesList<Pod>([pod], new ListMeta(), []));
        BrokerRegistrations registrations = new(
            [new ClusterInfo { Brokers = new Dictionary<string, BrokerData> { ["a-0"] = new BrokerData { BrokerName = "a-0", Addresses = new Dictionary<long, string> { [0] = "10.0.0.1:10911" } } } }], []);
        ClusterContext context = new(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = "default" } }, new OperatorImages("broker", "nameserver"), new OrdinalLeadership());

        await new RollStep(_client, new LiveBrokers(_client), new OperatorOptions(), _events, TimeProvider.System).RunAsync(context, new ClusterObservation(null, [set], [pod], []), registrations, CancellationToken.None);
    }
}
