using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>What others put or leave beside a cluster changes nothing that is said of it or done with it.</summary>
public sealed class ForeignThingsTests
{
    /// <summary>A tool that notes what it thinks of an object, as some do on everything.</summary>
    [Fact]
    public async Task Reconcile_ConditionOfSomebodyElse_StaysAndNothingIsWritten()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.CreateTopicAsync("t", "a");
        await world.ClusterAsync("a", "Ready", "True");
        await world.TopicAsync("t", "Ready", "True");
        Condition foreign = new Condition { Type = "Audited", Status = "True", Reason = "Seen", Message = "by somebody", LastTransitionTime = DateTimeOffset.UnixEpoch };
        ObjectMeta Named(string name) => new() { Name = name, Namespace = OperatorWorld.Ns };
        await world.Client.ApplyStatusAsync(new BrokerCluster { Metadata = Named("a"), Status = new BrokerClusterStatus { Conditions = [foreign] } }, new ApplyOptions("auditor"));
        await world.Client.ApplyStatusAsync(new Topic { Metadata = Named("t"), Status = new TopicStatus { Conditions = [foreign] } }, new ApplyOptions("auditor"));
        await world.QuietAsync();

        await world.PassesAsync(4);

        world.Writes.Should().BeEmpty();
        await world.ClusterAsync("a", "Audited", "True", "Seen");

        // And what is new is written all the same.
        world.Admin.Refusals[world.Master("a-0")] = "the disk is full";
        await world.ClusterAsync("a", "Degraded", "True");
        (await world.ClusterAsync("a", "Audited", "True")).Status!.Conditions!.Should().ContainSingle(static condition => condition.Type == "Audited");
        world.Admin.Refusals.Clear();
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>A node that had no room, or was shut down, leaves the name server's pod as it ended; another one has long taken its place.</summary>
    [Fact]
    public async Task Reconcile_EvictedNameServerIsLeftBehind_NotDegraded()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        Pod left = await CopyAsync(world, "a-nameserver-0", "a-nameserver-evicted");
        left.Metadata.OwnerReferences = (await world.Client.GetAsync<Pod>("a-nameserver-0", OperatorWorld.Ns))!.Metadata.OwnerReferences;
        left.Status = new PodStatus
        {
            Phase = "Failed",
            ContainerStatuses = [new ContainerStatus { Name = "nameserver", Image = "i", ImageID = "i", State = new ContainerState { Terminated = new ContainerStateTerminated { ExitCode = 137, Reason = "Error" } } }],
        };
        await PutAsync(world, left);

        await world.PassesAsync(3);

        BrokerCluster cluster = await world.ClusterAsync("a", "Ready", "True");
        (await world.Client.GetAsync<Pod>(left.Name(), OperatorWorld.Ns))!.Status!.Phase.Should().Be("Failed");
        Conditions.Find(cluster.Status!.Conditions, "Degraded").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.AsExpected });
    }

    /// <summary>What <c>kubectl debug --copy-to --keep-labels</c> makes has no owner.</summary>
    [Fact]
    public async Task Reconcile_CopyOfANameServer_IsNotAskedAndRollsGoOn()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Admin.Differing["10.9.9.9:9876"] = null;
        await PutAsync(world, Serving(await CopyAsync(world, "a-nameserver-0", "look-into-it")));

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });

        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Restarts is { Count: > 0 }, "the broker has restarted");
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>A copy of a broker whose group has left since.</summary>
    [Fact]
    public async Task Reconcile_CopyOfABrokerOfAGroupThatHasGone_NobodyWaitsForIt()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        Pod copy = Serving(await CopyAsync(world, "a-0-0", "look-into-it"));
        copy.Metadata.Labels![ClusterLabels.Group] = "a-1";
        await PutAsync(world, copy);

        await world.PassesAsync(3);

        (await world.ClusterAsync("a", "Ready", "True")).Status!.Operations.Should().BeNullOrEmpty();
    }

    private static Pod Serving(Pod pod)
    {
        pod.Status = new PodStatus { Phase = "Running", PodIP = "10.9.9.9", Conditions = [new PodCondition { Type = "Ready", Status = "True" }] };
        return pod;
    }

    private static async Task<Pod> CopyAsync(OperatorWorld world, string name, string copy)
    {
        Pod pod = (await world.Client.GetAsync<Pod>(name, OperatorWorld.Ns))!;
        return new Pod
        {
            Metadata = new ObjectMeta { Name = copy, Namespace = OperatorWorld.Ns, Labels = new(pod.Metadata.Labels!, StringComparer.Ordinal) },
            Spec = pod.Spec,
        };
    }

    private static async Task PutAsync(OperatorWorld world, Pod pod)
    {
        // With its end before its owner, who would take one that may still run away.
        (PodStatus? status, List<OwnerReference>? owners) = (pod.Status, pod.Metadata.OwnerReferences);
        pod.Metadata.OwnerReferences = null;
        Pod made = await world.Client.CreateAsync(pod);
        made.Status = status;
        made = await world.Client.ReplaceStatusAsync(made);
        made.Metadata.OwnerReferences = owners;
        await world.Client.ReplaceAsync(made);
    }
}
