using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Clusters whose groups elect their master, with played members.</summary>
public sealed class ElectedGroupTests : IAsyncLifetime
{
    private OperatorWorld _world = null!;
    private ElectedMembers _members = null!;

    public async Task InitializeAsync()
    {
        _world = await OperatorWorld.StartAsync();
        Elect();
    }

    public async Task DisposeAsync()
    {
        await _members.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task Created_WithAutomaticFailover_HasAddressesRightsAndAMaster()
    {
        await CreateAsync();

        BrokerCluster ready = await _world.ClusterAsync("a", "Ready", "True");

        BrokerGroupStatus group = ready.Status!.Groups!.Single();
        group.Master.Should().Be(_members.Masters.Single());
        group.Epoch.Should().Be(1);
        group.InSync.Should().BeEquivalentTo("a-0-0", "a-0-1", "a-0-2");
        group.Members!.Select(static member => member.BrokerId).Should().Contain(0).And.OnlyHaveUniqueItems();
        Service master = await OfAsync<Service>("a-0-master");
        master.Spec!.Selector.Should().BeNull("whoever leads says where it leads");
        EndpointSlice slice = await OfAsync<EndpointSlice>("a-0-master");
        slice.AddressType.Should().Be("IPv4");
        slice.ControllerOwner()!.Uid.Should().Be(ready.Uid());
        string file = (await OfAsync<ConfigMap>(await _world.ConfigurationAsync("a-0-1"))).Data!["a-0-1.conf"];
        file.Should().Contain($"masterIP1={master.Spec.ClusterIP}").And.Contain($"brokerIP1={(await OfAsync<Service>("a-0-1")).Spec!.ClusterIP}")
            .And.Contain("memberName=a-0-1").And.Contain("leaseStore=kubernetes:default/a-0").And.NotContain("brokerRole").And.NotContain("brokerId");
        (await OfAsync<Role>("a-0-member")).Rules!.Should().OnlyContain(static rule => rule.ResourceNames!.Count == 1, "a broker has no business with other objects");
        await _world.AwaitAsync<Lease>("a-0", lease => lease.Metadata.OwnerReferences?.Exists(owner => owner.Uid == ready.Uid()) == true, "the Lease goes with its cluster");
    }

    [Fact]
    public async Task Rolled_MastersHandOverBeforeTheyGo()
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");
        string before = await _world.ConfigurationAsync("a-0-0");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new Dictionary<string, string> { ["flushDiskType"] = "SYNC_FLUSH" });

        await _world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation && cluster.Status?.Groups?[0].Members?.TrueForAll(static member => member.Ready && member.Outdated is null) == true && cluster.Status.Groups[0].Epoch > 1, "rolled");
        for (int i = 0; i < 3; i++)
        {
            (await _world.ConfigurationAsync($"a-0-{i}")).Should().NotBe(before);
        }

        _members.Deposed.Should().BeEmpty("no master's pod went while it led");
        _members.Masters.Should().HaveCountGreaterThan(1);
        _world.Workloads.MostAway.Should().Be(1);
        await Eventually.TrueAsync(async () => (await EventsAsync()).IsSupersetOf(["HandOver", "MasterChanged", "PodRestarted"]), "events tell of it");
    }

    [Fact]
    public async Task ApiOutageChanges_MembersAreRestartedWithItOneAfterAnother()
    {
        await _world.CreateClusterAsync("a", static spec => (spec.Brokers.Replicas, spec.Replication.Failover) = (2, FailoverMode.Automatic));
        await _world.ClusterAsync("a", "Ready", "True");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Replication.ApiOutage = ApiOutageMode.Serve);

        await _world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation && cluster.Status?.Groups?[0].Members?.TrueForAll(static member => member.Ready && member.Outdated is null) == true && cluster.Status.Groups[0].Epoch > 1, "rolled");
        foreach (string pod in (string[])["a-0-0", "a-0-1"])
        {
            (await OfAsync<ConfigMap>(await _world.ConfigurationAsync(pod))).Data![$"{pod}.conf"].Should().Contain("apiOutage=Serve");
        }

        _members.Deposed.Should().BeEmpty("no master's pod went while it led");
        _world.Workloads.MostAway.Should().Be(1);
    }

    /// <summary>A master hands over for a restart of its own, and for nothing else.</summary>
    [Fact]
    public async Task RestartsPausedBeforeTheMastersTurn_NoHandOver()
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");
        string master = _members.Masters.Single();
        _world.Workloads.Started.Clear();
        _members.CatchesUp = pod => _world.Workloads.Started.LastOrDefault() != pod || _world.Workloads.Started.Count < 2;
        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });
        await Eventually.TrueAsync(() => _world.Workloads.Started.Count == 2, "both slaves have restarted");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { [ClusterAnnotations.Paused] = "restarts" });
        await _world.ClusterAsync("a", "Paused", "True");
        _members.CatchesUp = static _ => true;

        await _world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups!.Single() is { InSync.Count: 3 }, "all are in sync");
        await _world.PassesAsync(10);
        _members.Masters.Should().Equal(master);
        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = null);
        await _world.ClusterAsync("a", "Ready", "True");
        _members.Masters.Should().HaveCount(2);
    }

    /// <summary>Asked at their pods: the address that follows the master is that of one of them alone.</summary>
    [Fact]
    public async Task LiveKeyChanges_EveryMemberIsToldAndNobodyHandsOver()
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");
        string[] addresses = await Task.WhenAll(Enumerable.Range(0, 3).Select(async i => $"{(await OfAsync<Pod>($"a-0-{i}")).Status!.PodIP}:10911"));

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["maxParkedPulls"] = "200" });

        await Eventually.TrueAsync(() => addresses.All(address => Shown(address) == "200"), "all members show it");
        await _world.Admin.UpdateBrokerConfigAsync(addresses[1], new Dictionary<string, string>(StringComparer.Ordinal) { ["maxParkedPulls"] = "1" });
        await Eventually.TrueAsync(() => Shown(addresses[1]) == "200", "what somebody set there is put back");
        await _world.ClusterAsync("a", "Ready", "True");
        _members.Masters.Should().ContainSingle();
        _world.Workloads.Started.Should().HaveCount(3, "nobody restarts");

        string? Shown(string address) => _world.Admin.Configurations.GetValueOrDefault(address)?.GetValueOrDefault("maxParkedPulls");
    }

    [Fact]
    public async Task MasterLost_TheStatusNamesTheNextOne()
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");
        string master = _members.Masters.Single();

        await _world.Client.DeleteAsync<Pod>(master, OperatorWorld.Ns, new DeleteOptions { GracePeriodSeconds = 0 });

        BrokerCluster after = await _world.AwaitAsync<BrokerCluster>("a", cluster => cluster.Status?.Groups?[0] is { Epoch: > 1, Master: { } next } && next != master, "another leads");
        after.Status!.Groups![0].Members!.Single(member => member.Name == master).Role.Should().Be(BrokerMemberRole.Slave);
        await _world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task MoreMembers_ComeOnceAllKnowThem_AndAreDoneInSync()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        string before = await _world.ConfigurationAsync("a-0-0");
        _members.CatchesUp = static pod => pod != "a-0-2";
        _world.Workloads.Healthy = pod => pod.Name() != "a-0-0" || OperatorWorld.Configuration(pod) == before;

        await ResizeAsync(3);

        BrokerCluster announcing = await OperationAsync(OperationType.ScaleOut, OperationPhase.Announcing);
        announcing.Status!.Operations!.Single().Message.Should().Be("The members of a-0 restart one at a time to learn of a-0-2.");
        Conditions.Find(announcing.Status.Conditions, "Ready")!.Reason.Should().Be(Reasons.ScalingOut);
        await Eventually.TrueAsync(async () => await _world.Client.GetAsync<Pod>("a-0-0", OperatorWorld.Ns) is { } pod && OperatorWorld.Configuration(pod) != before, "the last one restarts");
        await _world.PassesAsync(3);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Replicas.Should().Be(2, "nobody comes whom one of the others may not know");
        _world.Workloads.Started.Should().NotContain("a-0-2");

        _world.Workloads.Healthy = static _ => true;
        BrokerCluster joining = await OperationAsync(OperationType.ScaleOut, OperationPhase.Joining);
        joining.Status!.Operations!.Single().Message.Should().StartWith("a-0-2 in a-0");
        Conditions.IsTrue(joining.Status.Conditions, "Ready").Should().BeFalse();

        _members.CatchesUp = static _ => true;
        BrokerCluster ready = await _world.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        ready.Status.Groups![0].InSync.Should().BeEquivalentTo("a-0-0", "a-0-1", "a-0-2");
        await _world.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation("rocketops.io/joining-from") is null, "no note is left");
        Undisturbed();
    }

    [Fact]
    public async Task MoreMembers_TakenBackWhileTheyAreAnnounced_NobodyComes()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        string before = await _world.ConfigurationAsync("a-0-0");
        _world.Workloads.Healthy = pod => OperatorWorld.Configuration(pod) == before;
        await ResizeAsync(3);
        await Eventually.TrueAsync(async () => (await ListsAsync()).Contains(3), "one restarts with the longer list");

        await ResizeAsync(2);

        await _world.ClusterAsync("a", "Ready", "True");
        (await ListsAsync()).Should().Equal(2, 2);
        await _world.GoneAsync<Service>("a-0-2");
        _world.Workloads.Started.Should().NotContain("a-0-2");
    }

    /// <summary>All are announced together, so that nobody restarts twice; then one comes after the other.</summary>
    [Fact]
    public async Task MoreMembers_Two_TheSecondComesWhenTheFirstIsInSync()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        _members.CatchesUp = static pod => pod != "a-0-2";

        await ResizeAsync(4);

        BrokerCluster joining = await OperationAsync(OperationType.ScaleOut, OperationPhase.Joining);
        joining.Status!.Operations!.Single().Message.Should().Be("a-0-2 in a-0: what the others have is copied until the Lease names them in sync. After that: a-0-3.");
        Conditions.Find(joining.Status.Conditions, "Ready")!.Reason.Should().Be(Reasons.ScalingOut);
        await _world.PassesAsync(5);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Replicas.Should().Be(3, "one at a time");

        _members.CatchesUp = static _ => true;
        BrokerCluster ready = await _world.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        ready.Status.Groups![0].InSync.Should().BeEquivalentTo("a-0-0", "a-0-1", "a-0-2", "a-0-3");
        (await ListsAsync()).Should().Equal(4, 4, 4, 4);
        string[] started = [.. _world.Workloads.Started];
        started[^2..].Should().Equal("a-0-2", "a-0-3");
        started[..^2].Should().BeEquivalentTo(["a-0-0", "a-0-1", "a-0-0", "a-0-1"], "each has restarted once");
        await _world.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation("rocketops.io/joining-from") is null, "no note is left");
        Undisturbed();
    }

    [Fact]
    public async Task MoreMembers_FewerAskedForHalfWay_TheFirstLeavesAndTheSecondNeverComes()
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");
        _members.CatchesUp = static pod => pod != "a-0-3";
        await ResizeAsync(5);
        await OperationAsync(OperationType.ScaleOut, OperationPhase.Joining);

        await ResizeAsync(3);

        BrokerCluster ready = await _world.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        _world.Workloads.Left.Should().Equal("a-0-3");
        _world.Workloads.Started.Should().NotContain("a-0-4");
        (await ListsAsync()).Should().Equal(3, 3, 3);
        await _world.GoneAsync<Service>("a-0-3");
        await _world.GoneAsync<Service>("a-0-4");
        Undisturbed();
    }

    [Fact]
    public async Task MoreMembers_StillMoreAskedForHalfWay_AreAnnouncedAndCome()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        _members.CatchesUp = static pod => pod != "a-0-2";
        await ResizeAsync(3);
        await OperationAsync(OperationType.ScaleOut, OperationPhase.Joining);

        string before = await _world.ConfigurationAsync("a-0-0");
        await ResizeAsync(4);
        await Eventually.TrueAsync(async () => (await _world.ConfigurationMapsAsync("a-0")).Single() != before, "the longer list is there");
        await _world.PassesAsync(5);
        (await ListsAsync()).Should().Equal([3, 3, 3], "nobody restarts while one is not in sync");
        _members.CatchesUp = static _ => true;

        await _world.ClusterAsync("a", "Ready", "True");
        (await ListsAsync()).Should().Equal(4, 4, 4, 4);
        Undisturbed();
    }

    /// <summary>The second waits until the Lease has forgotten the first. The others are given the shorter list when both have gone.</summary>
    [Fact]
    public async Task FewerMembers_Two_LeaveOneAfterTheOtherAndAreForgottenTogether()
    {
        await CreateAsync(5);
        await _world.ClusterAsync("a", "Ready", "True");
        await LeadAsync("a-0-4");
        _members.LetsGo = static pod => pod != "a-0-4";

        await ResizeAsync(3);

        await Eventually.TrueAsync(() => !_world.Workloads.Left.IsEmpty, "the last one leaves");
        BrokerCluster waiting = await OperationAsync(OperationType.ScaleIn, OperationPhase.Waiting);
        waiting.Status!.Operations!.Single().Message.Should().Be("a-0 has more members than asked for; a-0-3 goes next and waits for the Lease not to name a-0-4 any more, which has left.");
        await _world.PassesAsync(5);
        _world.Workloads.Left.Should().Equal("a-0-4");
        _members.Masters[^1].Should().Be("a-0-0", "it has handed over");
        (await ListsAsync()).Should().Equal([5, 5, 5, 5], "nobody is forgotten before");

        _members.LetsGo = static _ => true;
        BrokerCluster ready = await _world.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        _world.Workloads.Left.Should().Equal("a-0-4", "a-0-3");
        (await ListsAsync()).Should().Equal(3, 3, 3);
        _world.Workloads.Started.Count(static pod => pod == "a-0-1").Should().Be(2, "one round of restarts");
        Undisturbed();
    }

    [Fact]
    public async Task FewerMembers_MasterHandsOverAndIsForgottenOnceTheLeaseForgetsIt()
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");
        await LeadAsync("a-0-2");
        _members.CatchesUp = static pod => pod != "a-0-1";
        _members.LetsGo = static pod => pod != "a-0-2";
        await _world.AwaitAsync<Lease>("a-0", static lease => !lease.Annotation("rocketops.io/in-sync")!.Contains("a-0-1", StringComparison.Ordinal), "one is behind");

        await ResizeAsync(2);

        BrokerCluster waiting = await OperationAsync(OperationType.ScaleIn, OperationPhase.Waiting);
        waiting.Status!.Operations!.Single().Message.Should().EndWith("waits for a-0-1 to be in sync.");
        await _world.PassesAsync(3);
        _world.Workloads.Left.Should().BeEmpty();
        _members.Masters[^1].Should().Be("a-0-2", "nothing changes before");

        _members.CatchesUp = static _ => true;
        BrokerCluster left = await OperationAsync(OperationType.ScaleIn, OperationPhase.Announcing);
        left.Status!.Operations!.Single().Message.Should().Contain("until the Lease does not name it any more");
        _members.Masters[^1].Should().Be("a-0-0");
        _world.Workloads.Left.Should().Equal("a-0-2");
        await _world.PassesAsync(3);
        (await ListsAsync()).Should().Equal([3, 3], "it may be the only one that has everything");
        await OfAsync<Service>("a-0-2");

        _members.LetsGo = static _ => true;
        BrokerCluster ready = await _world.ClusterAsync("a", "Ready", "True");
        ready.Status!.Operations.Should().BeNull();
        ready.Status.Groups![0].Members.Should().HaveCount(2);
        (await ListsAsync()).Should().Equal(2, 2);
        await _world.GoneAsync<Service>("a-0-2");
        (await OfAsync<PersistentVolumeClaim>("data-a-0-2")).IsDeleting().Should().BeFalse("what it had may be looked at");
        Undisturbed();
    }

    [Fact]
    public async Task FewerMembers_TakenBackWhenOneHasLeft_ItComesAgain()
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");
        _members.LetsGo = static pod => pod != "a-0-2";
        await ResizeAsync(2);
        await OperationAsync(OperationType.ScaleIn, OperationPhase.Announcing);

        await ResizeAsync(3);

        await _world.ClusterAsync("a", "Ready", "True");
        (await ListsAsync()).Should().Equal(3, 3, 3);
        _world.Workloads.Started.Count(static pod => pod == "a-0-0").Should().Be(1, "the others knew it all the time");
        Undisturbed();
    }

    /// <summary>How many members it has follows from the set that was seen.</summary>
    [Fact]
    public async Task SetOfMembers_WrittenBySomebodyWhoSawAnOlderOne_IsRefused()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.StopOperatorAsync();
        StatefulSet seen = await OfAsync<StatefulSet>("a-0");
        await _world.ChangeAsync<StatefulSet>("a-0", static set => set.Spec!.Replicas = 3);
        StatefulSet desired = await OfAsync<StatefulSet>("a-0");
        desired.Spec!.Replicas = 2;

        Func<Task> writing = () => new ServerSideApplier(_world.Client, new ServerSideApplierOptions { FieldManager = "late", HashAnnotation = "late" }).ApplyUnchangedAsync(desired, seen, CancellationToken.None);

        (await writing.Should().ThrowAsync<KubernetesException>()).Which.IsConflict.Should().BeTrue();
        (await OfAsync<StatefulSet>("a-0")).Spec!.Replicas.Should().Be(3);
    }

    /// <summary>A node is lost: its pods are ready for as long as the node controller waits, and nothing happens that would bring a pass.</summary>
    [Fact]
    public async Task LeaseNotRenewed_IsNotAvailableUntilSomebodyLeads()
    {
        await _world.StopOperatorAsync();
        await _world.StartOperatorAsync(static options => options with { ResyncInterval = TimeSpan.FromHours(1), ProgressInterval = TimeSpan.FromHours(1) });
        await CreateAsync(2);
        await Eventually.TrueAsync(
            async () =>
            {
                // Nothing else wakes it for what comes without an event: a registration.
                await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { ["looked-at"] = Guid.NewGuid().ToString("N") });
                return Conditions.IsTrue((await OfAsync<BrokerCluster>("a")).Status?.Conditions, "Ready");
            },
            "it is ready");
        string master = _members.Masters.Single();

        // The last renewal there is. Its time is that of a clock that is an hour ahead.
        await RenewAsync(TimeSpan.FromHours(1));

        BrokerCluster away = await _world.ClusterAsync("a", "Available", "False", Reasons.MasterMissing);
        Conditions.Find(away.Status!.Conditions, "Available")!.Message.Should().Be($"No serving master: a-0 ({master} does not renew its Lease).");
        away.Status.Groups!.Single().Ready.Should().BeFalse();
        away.Status.Groups!.Single().Members.Should().OnlyContain(static member => member.Ready, "all pods are as they were");
        Conditions.Find(away.Status.Conditions, "Ready")!.Should().Match<Condition>(static ready => ready.Status == "False" && ready.Reason == Reasons.MasterMissing);

        await RenewAsync(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1), seconds: 3600);

        await _world.ClusterAsync("a", "Available", "True");
        (await _world.ClusterAsync("a", "Ready", "True")).Status!.Groups!.Single().Ready.Should().BeTrue();
        _members.Masters.Should().ContainSingle();
    }

    /// <summary>Its node does not reach the API server, and every copy in sync follows it.</summary>
    [Fact]
    public async Task LeaseNotRenewed_TheMasterSaysThatItServes_IsAvailableAndDegraded()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        string master = _members.Masters.Single();
        _world.Admin.Leading = MemberFiguresStep.AddressOf((await OfAsync<Pod>(master)).Status!.PodIP!);

        await RenewAsync(TimeSpan.FromHours(1));

        BrokerCluster serves = await _world.ClusterAsync("a", "Degraded", "True", Reasons.LeaseNotRenewed);
        Conditions.Find(serves.Status!.Conditions, "Degraded")!.Message.Should().StartWith($"{master} leads a-0 and does not renew its Lease: it takes messages for as long as every copy in sync follows it");
        Conditions.IsTrue(serves.Status.Conditions, "Available").Should().BeTrue();
        serves.Status.Groups!.Single().Ready.Should().BeTrue();

        _world.Admin.Leading = "nobody";

        await _world.ClusterAsync("a", "Available", "False", Reasons.MasterMissing);
    }

    [Fact]
    public async Task NobodyHoldsTheLease_IsNotReady()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");

        await _world.ChangeAsync<Lease>("a-0", static lease => lease.Spec!.HolderIdentity = null);

        BrokerCluster away = await _world.ClusterAsync("a", "Ready", "False", Reasons.MasterMissing);
        Conditions.Find(away.Status!.Conditions, "Ready")!.Message.Should().Be("No serving master: a-0 (nobody holds its Lease).");
    }

    /// <summary>The Lease and what was on the volumes are lost, the cluster's object is not.</summary>
    [Fact]
    public async Task FoundedAnew_TheStatusCountsWithTheNewGroup()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.ChangeAsync<Lease>("a-0", static lease => lease.Spec!.LeaseTransitions = 57);
        await _world.AwaitAsync<BrokerCluster>("a", cluster => cluster.Status!.Groups!.Single() is { Epoch: 57 } group && group.GroupId == _members.GroupId, "the status says what the Lease says");

        _members.GroupId = "another";
        await _world.Client.DeleteAsync<Lease>("a-0", OperatorWorld.Ns);

        await _world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups!.Single() is { Epoch: 1, GroupId: "another" }, "epochs of the group before say nothing of this one's");
        await _world.AwaitAsync<PersistentVolumeClaim>("data-a-0-1", static claim => claim.Annotation("rocketops.io/group-id") == "another", "its claims are the new group's");
        await Eventually.TrueAsync(async () => (await EventsAsync()).Contains("GroupFounded"), "an event tells it");
        (await EventsAsync()).Should().NotContain("LeaseSetBack");
    }

    [Fact]
    public async Task LeaseSetBack_IsTold()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.ChangeAsync<Lease>("a-0", static lease => lease.Spec!.LeaseTransitions = 57);
        await _world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups!.Single().Epoch == 57, "it has come that far");

        await _world.ChangeAsync<Lease>("a-0", static lease => lease.Spec!.LeaseTransitions = 40);

        await Eventually.TrueAsync(async () => (await EventsAsync()).Contains("LeaseSetBack"), "an event tells it");
        (await EventsAsync()).Should().NotContain("GroupFounded");
    }

    [Fact]
    public async Task Running_TheClaims_SayThatTheirGroupElectsItsMaster()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        await NotedAsync();

        // As an operator of before there was a note has left them.
        await _world.ChangeAsync<PersistentVolumeClaim>("data-a-0-1", static claim => claim.Metadata.Annotations = null);

        await NotedAsync();
        int writes = _world.Writes.Count(static write => write.StartsWith("patch persistentvolumeclaims", StringComparison.Ordinal));
        await _world.PassesAsync(3);
        _world.Writes.Count(static write => write.StartsWith("patch persistentvolumeclaims", StringComparison.Ordinal)).Should().Be(writes, "what is there is not written again");
    }

    [Fact]
    public async Task AppliedAgainWithFixedRoles_OnTheClaimsOfTheGroup_NothingIsMadeAndTheyAreNamed()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        await NotedAsync();
        await DeleteElectedAsync();
        _world.Workloads.Started.Clear();

        await _world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);

        BrokerCluster stalled = await _world.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        Conditions.Find(stalled.Status!.Conditions, "Stalled")!.Message.Should()
            .Contain("data-a-0-0, data-a-0-1").And.Contain(_members.GroupId).And.Contain("replication.failover: Automatic").And.Contain("From fixed roles, and back").And.Contain("rocketops.io/failover");
        await _world.EndedPassesAsync(3);
        (await _world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns)).Should().BeNull();
        _world.Workloads.Started.Should().BeEmpty();

        // The first way out: as it was.
        await _world.ChangeAsync<BrokerCluster>("a", static cluster => (cluster.Spec.Replication.Failover, cluster.Spec.Replication.Mode, cluster.Spec.Replication.MinInSync) = (FailoverMode.Automatic, ReplicationMode.Sync, 2));
        await _world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task AppliedAgainWithFixedRoles_TheNoteIsTakenFromTheClaims_IsMade()
    {
        await CreateAsync(2);
        await _world.ClusterAsync("a", "Ready", "True");
        await NotedAsync();
        await DeleteElectedAsync();
        await _world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await _world.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        _world.Workloads.Registration = null;

        foreach (string claim in (string[])["data-a-0-0", "data-a-0-1"])
        {
            await _world.ChangeAsync<PersistentVolumeClaim>(claim, static live => live.Metadata.Annotations!.Remove("rocketops.io/failover"));
        }

        await _world.ClusterAsync("a", "Ready", "True");
        (await OfAsync<StatefulSet>("a-0")).Spec!.Template!.Spec!.ServiceAccountName.Should().Be("a-broker");
    }

    /// <summary>What runs with fixed roles goes on; nobody new takes up such a claim.</summary>
    [Theory]
    [InlineData("data-a-0-1", 1, 2)]
    [InlineData("data-a-1-0", 2, 1)]
    public async Task GrownWithFixedRoles_OntoSuchAClaim_IsRefusedAndWhatRunsGoesOn(string name, int groups, int replicas)
    {
        _world.Workloads.Registration = null;
        await _world.CreateClusterAsync("a");
        await _world.ClusterAsync("a", "Ready", "True");
        PersistentVolumeClaim left = await OfAsync<PersistentVolumeClaim>("data-a-0-0");
        await _world.Client.CreateAsync(new PersistentVolumeClaim
        {
            Metadata = new ObjectMeta { Name = name, Namespace = OperatorWorld.Ns, Labels = new(left.Metadata.Labels!, StringComparer.Ordinal), Annotations = new(StringComparer.Ordinal) { ["rocketops.io/failover"] = "Automatic" } },
            Spec = left.Spec,
        });

        await _world.ChangeAsync<BrokerCluster>("a", cluster => (cluster.Spec.Brokers.Groups, cluster.Spec.Brokers.Replicas) = (groups, replicas));

        BrokerCluster stalled = await _world.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        Conditions.Find(stalled.Status!.Conditions, "Stalled")!.Message.Should().Contain(name);
        await _world.PassesAsync(3);
        _world.Workloads.Started.Should().Equal("a-0-0");
        Conditions.IsTrue((await OfAsync<BrokerCluster>("a")).Status!.Conditions, "Available").Should().BeTrue();
    }

    /// <summary>Members may begin with stores that had fixed roles.</summary>
    [Fact]
    public async Task AppliedAgainWithAutomaticFailover_OnClaimsOfFixedRoles_IsMadeAndTheClaimsSaySo()
    {
        await _members.DisposeAsync();
        _world.Workloads.Registration = null;
        await _world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await _world.ClusterAsync("a", "Ready", "True");
        (await OfAsync<PersistentVolumeClaim>("data-a-0-0")).Annotation("rocketops.io/failover").Should().BeNull();
        await DeleteAsync();
        Elect();

        await CreateAsync(2);

        await _world.ClusterAsync("a", "Ready", "True");
        await NotedAsync();
    }

    [Theory]
    [InlineData("replicas", Reasons.InvalidSpec)]
    [InlineData("minInSync", Reasons.InvalidSpec)]
    [InlineData("failover", Reasons.Immutable)]
    public async Task Changed_ToWhatCannotBe_IsRefusedAndTheGroupGoesOn(string field, string reason)
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");

        await _world.ChangeAsync<BrokerCluster>("a", cluster =>
        {
            cluster.Spec.Brokers.Replicas = field switch { "replicas" => 1, "minInSync" => 2, _ => 3 };
            cluster.Spec.Replication.MinInSync = field == "minInSync" ? 3 : 2;
            cluster.Spec.Replication.Failover = field == "failover" ? FailoverMode.None : FailoverMode.Automatic;
        });

        await _world.ClusterAsync("a", "Stalled", "True", reason);
        await _world.PassesAsync(3);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Replicas.Should().Be(3);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Template!.Spec!.ServiceAccountName.Should().Be("a-0-member");
        _world.Workloads.MostAway.Should().Be(0);
    }

    private Task RenewAsync(TimeSpan ahead, int seconds = 1) => _world.ChangeAsync<Lease>("a-0", lease =>
    {
        lease.Spec!.RenewTime = DateTimeOffset.UtcNow + ahead;
        lease.Spec.LeaseDurationSeconds = seconds;
    });

    private void Elect()
    {
        _members = new ElectedMembers(_world.Client, "a-0", pulse: _world.Pulse);
        _world.Workloads.Registration = _members.RegistrationAsync;
    }

    private async Task NotedAsync()
    {
        foreach (string claim in (string[])["data-a-0-0", "data-a-0-1"])
        {
            await _world.AwaitAsync<PersistentVolumeClaim>(claim, noted => noted.Annotation("rocketops.io/failover") == "Automatic" && noted.Annotation("rocketops.io/group-id") == _members.GroupId, "its group is noted");
        }
    }

    private async Task DeleteAsync()
    {
        await _world.Client.DeleteAsync<BrokerCluster>("a", OperatorWorld.Ns);
        await _world.GoneAsync<BrokerCluster>("a");
        await _world.GoneAsync<StatefulSet>("a-0");
        foreach (string pod in (string[])["a-0-0", "a-0-1"])
        {
            await _world.GoneAsync<Pod>(pod);
        }
    }

    /// <summary>What pods were started with may be gone before they are, which is nothing that members could play: others come when all are gone.</summary>
    private async Task DeleteElectedAsync()
    {
        _members.Failure.Should().BeNull();
        await _members.DisposeAsync();
        await DeleteAsync();
        Elect();
    }

    private Task ResizeAsync(int members) => _world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.Brokers.Replicas = members);

    private Task<BrokerCluster> OperationAsync(OperationType type, OperationPhase phase) => _world.AwaitAsync<BrokerCluster>(
        "a",
        cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation && cluster.Status?.Operations?.Exists(operation => operation.Type == type && operation.Phase == phase && operation.Group == "a-0") == true,
        $"{type} is {phase}");

    private async Task LeadAsync(string pod)
    {
        await _world.ChangeAsync<Lease>("a-0", lease => lease.Metadata.Annotations!["rocketops.io/hand-over-to"] = pod);
        await _world.AwaitAsync<BrokerCluster>("a", cluster => cluster.Status?.Groups?[0].Master == pod, $"{pod} leads");
    }

    /// <summary>How many members each pod counts among its group.</summary>
    private async Task<int[]> ListsAsync()
    {
        IEnumerable<Pod> pods = (await _world.Client.ListAsync<Pod>(new ListOptions { Namespace = OperatorWorld.Ns, LabelSelector = "rocketops.io/group=a-0" })).Items.OrderBy(static pod => pod.Name(), StringComparer.Ordinal);
        return await Task.WhenAll(pods.Select(async pod => (await OfAsync<ConfigMap>(OperatorWorld.Configuration(pod))).Data!.Count));
    }

    private void Undisturbed()
    {
        _members.Deposed.Should().BeEmpty("no master's pod went while it led");
        _members.Forgetful.Should().BeEmpty("who is in sync counts for everybody");
        _members.Failure.Should().BeNull();
        _world.Workloads.MostAway.Should().BeLessThanOrEqualTo(1);
    }

    private Task<BrokerCluster> CreateAsync(int members = 3) => _world.CreateClusterAsync("a", spec =>
    {
        spec.Brokers.Replicas = members;
        spec.Replication.Mode = ReplicationMode.Sync;
        spec.Replication.MinInSync = 2;
        spec.Replication.Failover = FailoverMode.Automatic;
    });

    private async Task<T> OfAsync<T>(string name)
        where T : class, IKubernetesObject =>
        await _world.Client.GetAsync<T>(name, OperatorWorld.Ns) ?? throw new InvalidOperationException($"There is no {typeof(T).Name} {name}.");

    private async Task<HashSet<string>> EventsAsync() => [.. (await _world.Client.ListAsync<Event>()).Items.Select(static happened => happened.Reason ?? string.Empty)];
}
