using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Members that come to a group that elects its master, and leave it.</summary>
public sealed class ElectedMembersChangeTests : ElectedGroupFixture
{
    [Fact]
    public async Task MoreMembers_ComeOnceAllKnowThem_AndAreDoneInSync()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        string before = await World.ConfigurationAsync("a-0-0");
        Members.CatchesUp = static pod => pod != "a-0-2";
        World.Workloads.Sick = KubeletWords.Starting;
        World.Workloads.Healthy = pod => pod.Name() != "a-0-0" || OperatorWorld.Configuration(pod) == before;

        await ResizeAsync(3);

        BrokerCluster announcing = await OperationAsync(OperationType.ScaleOut, OperationPhase.Announcing);
        announcing.Status!.Operations!.Single(static one => one.Type == OperationType.ScaleOut).Message.Should().Be("The members of a-0 restart one at a time to learn of a-0-2.");
        Conditions.Find(announcing.Status.Conditions, "Ready")!.Reason.Should().Be(Reasons.ScalingOut);
        await Eventually.TrueAsync(async () => await World.Client.GetAsync<Pod>("a-0-0", OperatorWorld.Ns) is { } pod && OperatorWorld.Configuration(pod) != before, "the last one restarts");
        await World.PassesAsync(3);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Replicas.Should().Be(2, "nobody comes whom one of the others may not know");
        World.Workloads.Started.Should().NotContain("a-0-2");

        World.Workloads.Healthy = static _ => true;
        BrokerCluster joining = await OperationAsync(OperationType.ScaleOut, OperationPhase.Joining);
        joining.Status!.Operations!.Single(static one => one.Type == OperationType.ScaleOut).Message.Should().StartWith("a-0-2 in a-0");
        Conditions.IsTrue(joining.Status.Conditions, "Ready").Should().BeFalse();

        Members.CatchesUp = static _ => true;
        BrokerCluster ready = await World.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        ready.Status.Groups![0].InSync.Should().BeEquivalentTo("a-0-0", "a-0-1", "a-0-2");
        await World.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation("rocketops.io/joining-from") is null, "no note is left");
        Undisturbed();
    }

    [Fact]
    public async Task MoreMembers_TakenBackWhileTheyAreAnnounced_NobodyComes()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        string before = await World.ConfigurationAsync("a-0-0");
        World.Workloads.Sick = KubeletWords.Starting;
        World.Workloads.Healthy = pod => OperatorWorld.Configuration(pod) == before;
        await ResizeAsync(3);
        await Eventually.TrueAsync(async () => (await ListsAsync()).Contains(3), "one restarts with the longer list");
        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Brokers == "1/2", "the operator has seen it");

        await ResizeAsync(2);

        await World.ClusterAsync("a", "Ready", "True");
        (await ListsAsync()).Should().Equal(2, 2);
        await World.GoneAsync<Service>("a-0-2");
        World.Workloads.Started.Should().NotContain("a-0-2");
    }

    /// <summary>All are announced together, so that nobody restarts twice; then one comes after the other.</summary>
    [Fact]
    public async Task MoreMembers_Two_TheSecondComesWhenTheFirstIsInSync()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        Members.CatchesUp = static pod => pod != "a-0-2";

        await ResizeAsync(4);

        BrokerCluster joining = await OperationAsync(OperationType.ScaleOut, OperationPhase.Joining);
        joining.Status!.Operations!.Single(static one => one.Type == OperationType.ScaleOut).Message.Should().Be("a-0-2 in a-0: what the others have is copied until the Lease names them in sync. After that: a-0-3.");
        Conditions.Find(joining.Status.Conditions, "Ready")!.Reason.Should().Be(Reasons.ScalingOut);
        await World.PassesAsync(5);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Replicas.Should().Be(3, "one at a time");

        Members.CatchesUp = static _ => true;
        BrokerCluster ready = await World.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        ready.Status.Groups![0].InSync.Should().BeEquivalentTo("a-0-0", "a-0-1", "a-0-2", "a-0-3");
        (await ListsAsync()).Should().Equal(4, 4, 4, 4);
        string[] started = [.. World.Workloads.Started];
        started[^2..].Should().Equal("a-0-2", "a-0-3");
        started[..^2].Should().BeEquivalentTo(["a-0-0", "a-0-1", "a-0-0", "a-0-1"], "each has restarted once");
        await World.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation("rocketops.io/joining-from") is null, "no note is left");
        Undisturbed();
    }

    [Fact]
    public async Task MoreMembers_FewerAskedForHalfWay_TheFirstLeavesAndTheSecondNeverComes()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        Members.CatchesUp = static pod => pod != "a-0-3";
        await ResizeAsync(5);
        await OperationAsync(OperationType.ScaleOut, OperationPhase.Joining);
        await World.AwaitAsync<Pod>("a-0-3", static pod => ClusterObservation.IsReady(pod), "the first has come");

        await ResizeAsync(3);

        BrokerCluster ready = await World.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        World.Workloads.Left.Should().Equal("a-0-3");
        World.Workloads.Started.Should().NotContain("a-0-4");
        (await ListsAsync()).Should().Equal(3, 3, 3);
        await World.GoneAsync<Service>("a-0-3");
        await World.GoneAsync<Service>("a-0-4");
        Undisturbed();
    }

    [Fact]
    public async Task MoreMembers_StillMoreAskedForHalfWay_AreAnnouncedAndCome()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        Members.CatchesUp = static pod => pod != "a-0-2";
        await ResizeAsync(3);
        await OperationAsync(OperationType.ScaleOut, OperationPhase.Joining);

        // It is told before the pod is made; one that is made later is given the longer list at once.
        await World.AwaitAsync<Pod>("a-0-2", static pod => ClusterObservation.IsReady(pod), "it has come");
        string before = await World.ConfigurationAsync("a-0-0");
        await ResizeAsync(4);
        await Eventually.TrueAsync(async () => (await World.ConfigurationMapsAsync("a-0")).Single() != before, "the longer list is there");
        await World.PassesAsync(5);
        (await ListsAsync()).Should().Equal([3, 3, 3], "nobody restarts while one is not in sync");
        Members.CatchesUp = static _ => true;

        await World.ClusterAsync("a", "Ready", "True");
        (await ListsAsync()).Should().Equal(4, 4, 4, 4);
        Undisturbed();
    }

    /// <summary>The second waits until the Lease has forgotten the first. The others are given the shorter list when both have gone.</summary>
    [Fact]
    public async Task FewerMembers_Two_LeaveOneAfterTheOtherAndAreForgottenTogether()
    {
        await CreateAsync(5);
        await World.ClusterAsync("a", "Ready", "True");
        await LeadAsync("a-0-4");
        Members.LetsGo = static pod => pod != "a-0-4";

        await ResizeAsync(3);

        await Eventually.TrueAsync(() => !World.Workloads.Left.IsEmpty, "the last one leaves");
        await World.GoneAsync<Pod>("a-0-4");
        await World.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => cluster.Status?.Operations is [{ Message: "a-0 has more members than asked for; a-0-3 goes next and waits for the Lease not to name a-0-4 any more, which has left." }],
            "the next one waits");
        await World.PassesAsync(5);
        World.Workloads.Left.Should().Equal("a-0-4");
        Members.Masters[^1].Should().Be("a-0-0", "it has handed over");
        (await ListsAsync()).Should().Equal([5, 5, 5, 5], "nobody is forgotten before");

        Members.LetsGo = static _ => true;
        BrokerCluster ready = await World.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        World.Workloads.Left.Should().Equal("a-0-4", "a-0-3");
        (await ListsAsync()).Should().Equal(3, 3, 3);
        World.Workloads.Started.Count(static pod => pod == "a-0-1").Should().Be(2, "one round of restarts");
        Undisturbed();
    }

    [Fact]
    public async Task FewerMembers_MasterHandsOverAndIsForgottenOnceTheLeaseForgetsIt()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        await LeadAsync("a-0-2");
        Members.CatchesUp = static pod => pod != "a-0-1";
        Members.LetsGo = static pod => pod != "a-0-2";
        await World.AwaitAsync<Lease>("a-0", static lease => !lease.Annotation("rocketops.io/in-sync")!.Contains("a-0-1", StringComparison.Ordinal), "one is behind");
        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups![0].InSync?.Contains("a-0-1", StringComparer.Ordinal) == false, "the operator has seen it");

        await ResizeAsync(2);

        await World.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation
                && cluster.Status?.Operations?.Exists(static one => one is { Type: OperationType.ScaleIn, Phase: OperationPhase.Waiting, Group: "a-0" } && one.Message?.EndsWith("waits for a-0-1 to be in sync.", StringComparison.Ordinal) == true) == true,
            "it waits for the one that is behind");
        await World.PassesAsync(3);
        World.Workloads.Left.Should().BeEmpty();
        Members.Masters[^1].Should().Be("a-0-2", "nothing changes before");

        Members.CatchesUp = static _ => true;
        BrokerCluster left = await OperationAsync(OperationType.ScaleIn, OperationPhase.Announcing);
        left.Status!.Operations!.Single(static one => one.Type == OperationType.ScaleIn).Message.Should().Contain("until the Lease does not name it any more");
        Members.Masters[^1].Should().Be("a-0-0");
        await World.GoneAsync<Pod>("a-0-2");
        World.Workloads.Left.Should().Equal("a-0-2");
        await World.PassesAsync(3);
        (await ListsAsync()).Should().Equal([3, 3], "it may be the only one that has everything");
        await OfAsync<Service>("a-0-2");

        Members.LetsGo = static _ => true;
        BrokerCluster ready = await World.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        ready.Status.Groups![0].Members.Should().HaveCount(2);
        (await ListsAsync()).Should().Equal(2, 2);
        await World.GoneAsync<Service>("a-0-2");
        (await OfAsync<PersistentVolumeClaim>("data-a-0-2")).IsDeleting().Should().BeFalse("what it had may be looked at");
        Undisturbed();
    }

    /// <summary>The watch of Leases may be behind all others: whoever leads now does not go, whoever led when it told something last.</summary>
    [Fact]
    public async Task FewerMembers_TheLastOneLeadsAndTheWatchDoesNotTell_IsNotTakenAway()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        await World.QuietAsync();
        World.StandStill("leases");
        await World.ChangeAsync<Lease>("a-0", static lease => lease.Metadata.Annotations!["rocketops.io/hand-over-to"] = "a-0-2");
        await World.AwaitAsync<Lease>("a-0", static lease => lease.Spec!.HolderIdentity == "a-0-2", "the last one leads");

        await ResizeAsync(2);

        // First for the name servers to know who leads now.
        await World.AwaitAsync<BrokerCluster>(
            "a", static cluster => cluster.Status?.Operations is [{ Type: OperationType.ScaleIn } operation] && operation.Message?.EndsWith("waits for a-0-0 to lead instead of it.", StringComparison.Ordinal) == true, "it says what for");
        await World.PassesAsync(3);
        World.Workloads.Left.Should().BeEmpty();

        World.GoOn("leases");
        await World.ClusterAsync("a", "Ready", "True");
        World.Workloads.Left.Should().Equal("a-0-2");
        Undisturbed();
    }

    [Fact]
    public async Task FewerMembers_TakenBackWhenOneHasLeft_ItComesAgain()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        Members.LetsGo = static pod => pod != "a-0-2";
        await ResizeAsync(2);
        await OperationAsync(OperationType.ScaleIn, OperationPhase.Announcing);
        await World.GoneAsync<Pod>("a-0-2");

        await ResizeAsync(3);

        // The operator may see the pod that has gone for a moment longer.
        await World.AwaitAsync<Pod>("a-0-2", static pod => ClusterObservation.IsReady(pod), "it has come");
        await World.ClusterAsync("a", "Ready", "True");
        (await ListsAsync()).Should().Equal(3, 3, 3);
        World.Workloads.Started.Count(static pod => pod == "a-0-0").Should().Be(1, "the others knew it all the time");
        Undisturbed();
    }

    /// <summary>How many members it has follows from the set that was seen.</summary>
    [Fact]
    public async Task SetOfMembers_WrittenBySomebodyWhoSawAnOlderOne_IsRefused()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        await World.StopOperatorAsync();
        StatefulSet seen = await OfAsync<StatefulSet>("a-0");
        await World.ChangeAsync<StatefulSet>("a-0", static set => set.Spec!.Replicas = 3);
        StatefulSet desired = await OfAsync<StatefulSet>("a-0");
        desired.Spec!.Replicas = 2;

        Func<Task> writing = () => new ServerSideApplier(World.Client, new ServerSideApplierOptions { FieldManager = "late", HashAnnotation = "late" }).ApplyAsync(desired, seen, CancellationToken.None);

        (await writing.Should().ThrowAsync<KubernetesException>()).Which.IsConflict.Should().BeTrue();
        (await OfAsync<StatefulSet>("a-0")).Spec!.Replicas.Should().Be(3);
    }
}
