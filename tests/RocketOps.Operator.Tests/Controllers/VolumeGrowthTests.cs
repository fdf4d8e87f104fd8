using RocketOps.Embedded;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Larger volumes, as far as the API server and the volumes go along.</summary>
public sealed class VolumeGrowthTests
{
    [Fact]
    public async Task Larger_ClaimsThenTheSetAndNoPodRestarts()
    {
        await using OperatorWorld world = await StartAsync();
        string configuration = await world.ConfigurationAsync("a-0-0");
        world.Workloads.Started.Clear();
        world.Workloads.Grows = static _ => false;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));

        // What the message names changes while the set is made again.
        const string Waits = "The volumes of a-0 grow to 30Gi; data-a-0-0 waits for its storage class's driver.";
        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => cluster.Status is { Operations: [{ Type: OperationType.Grow, Phase: OperationPhase.Growing, Message: Waits }] } status
                && status.Effective?.StorageSize == Quantity.Parse("30Gi")
                && Conditions.Find(status.Conditions, "Ready") is { Reason: Reasons.Growing },
            $"the set is there again, and it says: {Waits}");
        world.Workloads.Grows = static _ => true;
        BrokerCluster done = await world.ClusterAsync("a", "Ready", "True");
        done.Status!.Operations.Should().BeNull();
        world.Workloads.Started.Should().BeEmpty("brokers run on");
        await world.AwaitAsync<Pod>("a-0-0", static pod => pod.Metadata.OwnerReferences is [{ Kind: "StatefulSet" }], "nobody else owns a pod once its set is there again");
        StatefulSet set = (await world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns))!;
        set.Spec!.VolumeClaimTemplates![0].Spec!.Resources!.Requests!["storage"].Should().Be(Quantity.Parse("30Gi"));
        (await world.ConfigurationAsync("a-0-0")).Should().Be(configuration);

        // Whoever comes later gets the new size, and files of the group's lengths.
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 3);
        await world.ClusterAsync("a", "Ready", "True");
        (await world.Client.GetAsync<PersistentVolumeClaim>("data-a-0-2", OperatorWorld.Ns))!.Spec!.Resources!.Requests!["storage"].Should().Be(Quantity.Parse("30Gi"));
        (await world.ConfigurationAsync("a-0-2")).Should().Be(configuration);
        world.Workloads.Started.Should().Equal("a-0-2");
    }

    /// <summary>What the operator alone does not own it could not take away: somebody who makes an object owns all of it.</summary>
    [Fact]
    public async Task Larger_WhatIsTakenOutOfTheSpecLaterGoes_AndWhatOthersAddedStays()
    {
        await using OperatorWorld world = await StartAsync();
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Pod = new PodOptions { Tolerations = [new Toleration { Key = "brokers", Operator = "Exists" }] });
        await world.AwaitAsync<Pod>("a-0-0", static pod => pod.Spec!.Tolerations?.Exists(static toleration => toleration.Key == "brokers") == true, "tolerates");
        await world.ClusterAsync("a", "Ready", "True");
        await world.ChangeAsync<StatefulSet>("a-0", static set => set.Metadata.Annotations!["theirs"] = "stays");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));
        await world.ClusterAsync("a", "Ready", "True");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Pod = null);

        StatefulSet set = await world.AwaitAsync<StatefulSet>("a-0", static set => set.Spec!.Template!.Spec!.Tolerations is null or [], "tolerates nothing any more");
        set.Annotation("theirs").Should().Be("stays");
        set.Spec!.VolumeClaimTemplates![0].Spec!.Resources!.Requests!["storage"].Should().Be(Quantity.Parse("30Gi"));
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>As the API server refuses it for a class that does not allow it.</summary>
    [Fact]
    public async Task Refused_KeepsTheSizeSaysWhyAndDoesTheRest()
    {
        await using OperatorWorld world = await StartAsync();
        world.Fault = static call => call is { Verb: "patch", Resource: "persistentvolumeclaims" } ? ApiFault.Fail(403, "Forbidden") : null;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => (cluster.Spec.Brokers.Storage.Size, cluster.Spec.Brokers.Groups) = (Quantity.Parse("30Gi"), 2));

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.Refused);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().StartWith("brokers.storage.size stays 10Gi: the API server refuses 30Gi for the claims of a-0: "));
        StatefulSet second = await world.AwaitAsync<StatefulSet>("a-1", static _ => true, "the new group is made all the same");
        second.Spec!.VolumeClaimTemplates![0].Spec!.Resources!.Requests!["storage"].Should().Be(Quantity.Parse("10Gi"), "all groups stay alike");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("10Gi"));
        BrokerCluster ready = await world.ClusterAsync("a", "Ready", "True");
        ready.Status!.Effective!.StorageSize.Should().Be(Quantity.Parse("10Gi"));
    }

    /// <summary>A class or a quota that says no says so for as long as nobody changes it, or the spec.</summary>
    [Fact]
    public async Task Refused_IsAskedAgainAtOnceOnlyWhenTheSpecChanges()
    {
        await using OperatorWorld world = await StartAsync(static options => options with { ResyncInterval = TimeSpan.FromHours(1) });
        int asked = 0;
        world.Fault = call => call is { Verb: "patch", Resource: "persistentvolumeclaims" } && Interlocked.Increment(ref asked) > 0 ? ApiFault.Fail(403, "Forbidden") : null;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));
        await world.ClusterAsync("a", "Stalled", "True", Reasons.Refused);
        for (int i = 0; i < 5; i++)
        {
            int questions = world.Admin.Questions;
            await world.ChangeAsync<Pod>("a-0-0", pod => pod.Metadata.Annotations = new(StringComparer.Ordinal) { ["news"] = $"{i}" });
            await Eventually.TrueAsync(() => world.Admin.Questions > questions, "a pass because of the pod");
        }

        asked.Should().Be(1);
        await world.ClusterAsync("a", "Stalled", "True", Reasons.Refused);

        world.Fault = null;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("20Gi"));

        (await world.ClusterAsync("a", "Ready", "True")).Status!.Effective!.StorageSize.Should().Be(Quantity.Parse("20Gi"));
    }

    /// <summary>Nobody owns the pods then but the cluster, and of all pods with its labels only those go with it that were the set's. It takes no operator.</summary>
    [Fact]
    public async Task ClusterDeleted_WhileItsSetIsMadeAgain_TheSetsPodsGoAndNoOthers()
    {
        await using OperatorWorld world = await StartAsync();
        world.Fault = static call => call is { Verb: "create", Resource: "statefulsets" } ? ApiFault.Fail(500, "InternalError") : null;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));
        await world.GoneAsync<StatefulSet>("a-0");
        Pod similar = await world.AwaitAsync<Pod>("a-0-0", static pod => pod.ControllerOwner() is null, "no set owns it");
        await world.Client.CreateAsync(new Pod { Metadata = new ObjectMeta { Name = "debug", Namespace = OperatorWorld.Ns, Labels = similar.Metadata.Labels }, Spec = similar.Spec });
        await world.StopOperatorAsync();

        await world.Client.DeleteAsync<BrokerCluster>("a", OperatorWorld.Ns);

        await world.GoneAsync<Pod>("a-0-0");
        await world.GoneAsync<Pod>("a-0-1");
        world.Fault = null;
        await world.StartOperatorAsync();
        await world.CreateClusterAsync("b");
        await world.ClusterAsync("b", "Ready", "True");
        (await world.Client.GetAsync<Pod>("debug", OperatorWorld.Ns)).Should().NotBeNull("it was somebody else's");
    }

    /// <summary>The set has gone, the cache does not know yet that it was saved, and the API server, asked, does not say: that is not the answer that nothing was saved.</summary>
    [Theory]
    [InlineData(500)]
    [InlineData(0)]
    public async Task SavedSetCannotBeRead_TheSetIsNotMadeWithoutIt(int answer)
    {
        await using OperatorWorld world = await StartAsync();
        await world.ChangeAsync<StatefulSet>("a-0", static set => set.Metadata.Annotations!["theirs"] = "stays");
        await world.QuietAsync();
        world.Workloads.Started.Clear();
        int refused = 0;
        world.OperatorFault = call =>
        {
            if (call is not { Verb: "get", Resource: "configmaps", Name: "a-0-saved-set" })
            {
                return null;
            }

            Interlocked.Increment(ref refused);
            return answer == 0 ? ApiFault.Drop : ApiFault.Fail(answer);
        };
        world.StandStill("configmaps");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));

        await world.GoneAsync<StatefulSet>("a-0");
        await Eventually.TrueAsync(() => Volatile.Read(ref refused) > 0, "the API server is asked for what was saved");
        await world.EndedPassesAsync(2);
        (await world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns)).Should().BeNull("what it is to be is not known");
        (await world.Client.GetAsync<ConfigMap>("a-0-saved-set", OperatorWorld.Ns)).Should().NotBeNull();

        world.OperatorFault = null;
        StatefulSet made = await world.AwaitAsync<StatefulSet>("a-0", static _ => true, "it is made");
        made.Annotation("theirs").Should().Be("stays", "it is made as it was saved");
        world.GoOn("configmaps");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().BeEmpty("brokers run on");
    }

    /// <summary>A group is there while its set is not: it is drained as any other.</summary>
    [Fact]
    public async Task FewerGroups_WhileTheSetOfOneIsMadeAgain_ItIsDrainedAndGoes()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Fault = static call => call is { Verb: "create", Resource: "statefulsets" } ? ApiFault.Fail(500, "InternalError") : null;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));
        await world.GoneAsync<StatefulSet>("a-1");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 1);
        await world.PassesAsync(2);
        world.Fault = null;

        await GoneAsync(world, "a-1");
    }

    /// <summary>Until its set has them all, its pods are the cluster's too, with which they would stay.</summary>
    [Fact]
    public async Task FewerGroups_BeforeTheSetMadeAgainHasItsPods_TheyGoWithIt()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.QuietAsync();
        world.StandStill("pods");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));
        await world.AwaitAsync<StatefulSet>("a-1", static set => set.Spec!.VolumeClaimTemplates![0].Spec!.Resources!.Requests!["storage"] == Quantity.Parse("30Gi"), "is made again");
        await world.AwaitAsync<Pod>("a-1-0", static pod => pod.Metadata.OwnerReferences is { Count: 2 } && pod.ControllerOwner() is not null, "is its set's");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 1);
        await world.PassesAsync(4);
        world.GoOn("pods");

        await GoneAsync(world, "a-1");
    }

    [Fact]
    public async Task FileSystemWaits_SaysSo()
    {
        await using OperatorWorld world = await StartAsync();
        world.Workloads.Grows = static _ => false;
        PersistentVolumeClaim claim = (await world.Client.GetAsync<PersistentVolumeClaim>("data-a-0-1", OperatorWorld.Ns))!;
        claim.Status!.Conditions = [new PersistentVolumeClaimCondition { Type = "FileSystemResizePending", Status = "True" }];
        await world.Client.ReplaceStatusAsync(claim);
        PersistentVolumeClaim other = (await world.Client.GetAsync<PersistentVolumeClaim>("data-a-0-0", OperatorWorld.Ns))!;
        other.Status!.Capacity = new(StringComparer.Ordinal) { ["storage"] = Quantity.Parse("30Gi") };
        await world.Client.ReplaceStatusAsync(other);

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));

        await world.AwaitAsync<BrokerCluster>(
            "a", static cluster => cluster.Status?.Operations?.Exists(static operation => operation.Message!.Contains("data-a-0-1 waits for the file system on it (FileSystemResizePending)", StringComparison.Ordinal)) == true, "it says what it waits for");
    }

    private static async Task GoneAsync(OperatorWorld world, string group)
    {
        await world.GoneAsync<Pod>($"{group}-0");
        await world.GoneAsync<StatefulSet>(group);
        await world.GoneAsync<ConfigMap>($"{group}-saved-set");
        await world.ClusterAsync("a", "Ready", "True");
    }

    private static async Task<OperatorWorld> StartAsync(Func<OperatorOptions, OperatorOptions>? configure = null)
    {
        OperatorWorld world = await OperatorWorld.StartAsync(configure);
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        return world;
    }
}
