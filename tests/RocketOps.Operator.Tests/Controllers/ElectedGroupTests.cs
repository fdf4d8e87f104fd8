using RocketOps.Embedded;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Clusters whose groups elect their master, with played members.</summary>
public sealed class ElectedGroupTests : ElectedGroupFixture
{
    [Fact]
    public async Task Created_WithAutomaticFailover_HasAddressesRightsAndAMaster()
    {
        await CreateAsync();

        BrokerCluster ready = await World.ClusterAsync("a", "Ready", "True");

        BrokerGroupStatus group = ready.Status!.Groups!.Single();
        group.Master.Should().Be(Members.Masters.Single());
        group.Epoch.Should().Be(1);
        group.InSync.Should().BeEquivalentTo("a-0-0", "a-0-1", "a-0-2");
        group.Members!.Select(static member => member.BrokerId).Should().Contain(0).And.OnlyHaveUniqueItems();
        Service master = await OfAsync<Service>("a-0-master");
        master.Spec!.Selector.Should().BeNull("whoever leads says where it leads");
        EndpointSlice slice = await OfAsync<EndpointSlice>("a-0-master");
        slice.AddressType.Should().Be("IPv4");
        slice.ControllerOwner()!.Uid.Should().Be(ready.Uid());
        string file = (await OfAsync<ConfigMap>(await World.ConfigurationAsync("a-0-1"))).Data!["a-0-1.conf"];
        file.Should().Contain($"masterIP1={master.Spec.ClusterIP}").And.Contain($"brokerIP1={(await OfAsync<Service>("a-0-1")).Spec!.ClusterIP}")
            .And.Contain("memberName=a-0-1").And.Contain("leaseStore=kubernetes:default/a-0").And.NotContain("brokerRole").And.NotContain("brokerId");
        (await OfAsync<Role>("a-0-member")).Rules!.Should().OnlyContain(static rule => rule.ResourceNames!.Count == 1, "a broker has no business with other objects");
        await World.AwaitAsync<Lease>("a-0", lease => lease.Metadata.OwnerReferences?.Exists(owner => owner.Uid == ready.Uid()) == true, "the Lease goes with its cluster");
    }

    [Fact]
    public async Task Rolled_MastersHandOverBeforeTheyGo()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        string before = await World.ConfigurationAsync("a-0-0");

        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new Dictionary<string, string> { ["flushDiskType"] = "SYNC_FLUSH" });

        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation && cluster.Status?.Groups?[0].Members?.TrueForAll(static member => member.Ready && member.Outdated is null) == true && cluster.Status.Groups[0].Epoch > 1, "rolled");
        for (int i = 0; i < 3; i++)
        {
            (await World.ConfigurationAsync($"a-0-{i}")).Should().NotBe(before);
        }

        Members.Deposed.Should().BeEmpty("no master's pod went while it led");
        Members.Masters.Should().HaveCountGreaterThan(1);
        World.Workloads.MostAway.Should().Be(1);
        await Eventually.TrueAsync(async () => (await EventsAsync()).IsSupersetOf(["HandOver", "MasterChanged", "PodRestarted"]), "events tell of it");
    }

    [Fact]
    public async Task ApiOutageChanges_MembersAreRestartedWithItOneAfterAnother()
    {
        await World.CreateClusterAsync("a", static spec => (spec.Brokers.Replicas, spec.Replication.Failover) = (2, FailoverMode.Automatic));
        await World.ClusterAsync("a", "Ready", "True");

        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Replication.ApiOutage = ApiOutageMode.Serve);

        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation && cluster.Status?.Groups?[0].Members?.TrueForAll(static member => member.Ready && member.Outdated is null) == true && cluster.Status.Groups[0].Epoch > 1, "rolled");
        foreach (string pod in (string[])["a-0-0", "a-0-1"])
        {
            (await OfAsync<ConfigMap>(await World.ConfigurationAsync(pod))).Data![$"{pod}.conf"].Should().Contain("apiOutage=Serve");
        }

        Members.Deposed.Should().BeEmpty("no master's pod went while it led");
        World.Workloads.MostAway.Should().Be(1);
    }

    /// <summary>A master hands over for a restart of its own, and for nothing else.</summary>
    [Fact]
    public async Task RestartsPausedBeforeTheMastersTurn_NoHandOver()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        string master = Members.Masters.Single();
        World.Workloads.Started.Clear();
        Members.CatchesUp = pod => World.Workloads.Started.LastOrDefault() != pod || World.Workloads.Started.Count < 2;
        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });
        await Eventually.TrueAsync(() => World.Workloads.Started.Count == 2, "both slaves have restarted");

        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { [ClusterAnnotations.Paused] = "restarts" });
        await World.ClusterAsync("a", "Paused", "True");
        Members.CatchesUp = static _ => true;

        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups!.Single() is { InSync.Count: 3 }, "all are in sync");
        await World.PassesAsync(10);
        Members.Masters.Should().Equal(master);
        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = null);
        await World.ClusterAsync("a", "Ready", "True");
        Members.Masters.Should().HaveCount(2);
    }

    /// <summary>Asked at their pods: the address that follows the master is that of one of them alone.</summary>
    [Fact]
    public async Task LiveKeyChanges_EveryMemberIsToldAndNobodyHandsOver()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        string[] addresses = await Task.WhenAll(Enumerable.Range(0, 3).Select(async i => $"{(await OfAsync<Pod>($"a-0-{i}")).Status!.PodIP}:10911"));

        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["maxParkedPulls"] = "200" });

        await Eventually.TrueAsync(() => addresses.All(address => Shown(address) == "200"), "all members show it");
        await World.Admin.UpdateBrokerConfigAsync(addresses[1], new Dictionary<string, string>(StringComparer.Ordinal) { ["maxParkedPulls"] = "1" });
        await Eventually.TrueAsync(() => Shown(addresses[1]) == "200", "what somebody set there is put back");
        await World.ClusterAsync("a", "Ready", "True");
        Members.Masters.Should().ContainSingle();
        World.Workloads.Started.Should().HaveCount(3, "nobody restarts");

        string? Shown(string address) => World.Admin.Configurations.GetValueOrDefault(address)?.GetValueOrDefault("maxParkedPulls");
    }

    [Fact]
    public async Task MasterLost_TheStatusNamesTheNextOne()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        string master = Members.Masters.Single();

        await World.Client.DeleteAsync<Pod>(master, OperatorWorld.Ns, new DeleteOptions { GracePeriodSeconds = 0 });

        BrokerCluster after = await World.AwaitAsync<BrokerCluster>("a", cluster => cluster.Status?.Groups?[0] is { Epoch: > 1, Master: { } next } && next != master, "another leads");
        after.Status!.Groups![0].Members!.Single(member => member.Name == master).Role.Should().Be(BrokerMemberRole.Slave);
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>A node is lost: its pods are ready for as long as the node controller waits, and nothing happens that would bring a pass.</summary>
    [Fact]
    public async Task LeaseNotRenewed_IsNotAvailableUntilSomebodyLeads()
    {
        await World.StopOperatorAsync();
        await World.StartOperatorAsync(static options => options with { ResyncInterval = TimeSpan.FromHours(1), ProgressInterval = TimeSpan.FromHours(1) });
        await CreateAsync(2);
        await Eventually.TrueAsync(
            async () =>
            {
                // Nothing else wakes it for what comes without an event: a registration.
                await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { ["looked-at"] = Guid.NewGuid().ToString("N") });
                return Conditions.IsTrue((await OfAsync<BrokerCluster>("a")).Status?.Conditions, "Ready");
            },
            "it is ready");
        string master = Members.Masters.Single();

        // The last renewal there is. Its time is that of a clock that is an hour ahead.
        await RenewAsync(TimeSpan.FromHours(1));

        BrokerCluster away = await World.ClusterAsync("a", "Available", "False", Reasons.MasterMissing);
        await World.SaysAsync(away, "Available", said => said.Should().Be($"No serving master: a-0 ({master} does not renew its Lease)."));
        away.Status!.Groups!.Single().Should().BeEquivalentTo(new { Ready = false, Master = (string?)null, Epoch = 1L });
        away.Status.Groups!.Single().Members.Should().OnlyContain(static member => member.Role == BrokerMemberRole.Slave);
        await Eventually.TrueAsync(
            () => World.Metrics.Contains("rocketops_cluster_groups_without_master{namespace=\"default\",cluster=\"a\"} 1\n", StringComparison.Ordinal)
                && World.Metrics.Contains("rocketops_cluster_groups_not_ready{namespace=\"default\",cluster=\"a\",reason=\"MasterMissing\"} 1\n", StringComparison.Ordinal),
            "the alert for groups without a master has what it needs");
        away.Status.Groups!.Single().Members.Should().OnlyContain(static member => member.Ready, "all pods are as they were");
        Conditions.Find(away.Status.Conditions, "Ready")!.Should().Match<Condition>(static ready => ready.Status == "False" && ready.Reason == Reasons.MasterMissing);

        await RenewAsync(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1), seconds: 3600);

        await World.ClusterAsync("a", "Available", "True");
        (await World.ClusterAsync("a", "Ready", "True")).Status!.Groups!.Single().Ready.Should().BeTrue();
        Members.Masters.Should().ContainSingle();
    }

    /// <summary>Its node does not reach the API server, and every copy in sync follows it.</summary>
    [Fact]
    public async Task LeaseNotRenewed_TheMasterSaysThatItServes_IsAvailableAndDegraded()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        string master = Members.Masters.Single();
        World.Admin.Leading = MemberFiguresStep.AddressOf((await OfAsync<Pod>(master)).Status!.PodIP!);

        await RenewAsync(TimeSpan.FromHours(1));

        BrokerCluster serves = await World.ClusterAsync("a", "Degraded", "True", Reasons.LeaseNotRenewed);
        await World.SaysAsync(serves, "Degraded", said => said.Should().StartWith($"{master} leads a-0 and does not renew its Lease: it takes messages for as long as every copy in sync follows it"));
        Conditions.IsTrue(serves.Status!.Conditions, "Available").Should().BeTrue();
        serves.Status.Groups!.Single().Ready.Should().BeTrue();

        World.Admin.Leading = "nobody";

        await World.ClusterAsync("a", "Available", "False", Reasons.MasterMissing);
    }

    /// <summary>As in every planned change of master: whoever has taken the Lease begins its epoch first.</summary>
    [Fact]
    public async Task HolderDoesNotLeadYet_IsNotReadyAndNobodyIsWarned()
    {
        await World.StopOperatorAsync();
        await World.StartOperatorAsync(static options => options with { FaultGrace = TimeSpan.FromHours(1) });
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");

        World.Admin.Leading = "nobody";

        BrokerCluster changing = await World.ClusterAsync("a", "Ready", "False", Reasons.MasterMissing);
        await World.SaysAsync(changing, "Ready", said => said.Should().Be($"No serving master: a-0 ({Members.Masters.Single()} holds its Lease and does not lead yet)."));
        (changing.Status!.ReadyGroups, changing.Status.Groups!.Single().Master).Should().Be((0, null));
        await World.PassesAsync(5);
        Conditions.Find((await OfAsync<BrokerCluster>("a")).Status!.Conditions, "Degraded").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.AsExpected });
        World.Admin.Leading = null;
        await World.ClusterAsync("a", "Ready", "True");
        (await World.Client.ListAsync<Event>()).Items.Should().NotContain(static happened => happened.Type == "Warning");
    }

    /// <summary>The master is asked nothing of it: it names whom it was told of until it has reason to write another list.</summary>
    [Fact]
    public async Task CopyLost_TheStatusDoesNotCallItInSync()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        Members.LetsGo = static _ => false;

        World.Workloads.Healthy = static pod => pod.Name() != "a-0-2";

        BrokerCluster lost = await World.ClusterAsync("a", "Replicated", "False", Reasons.SlavesUnknown);
        lost.Status!.Groups!.Single().InSync.Should().BeEquivalentTo("a-0-0", "a-0-1");
        (await OfAsync<Lease>("a-0")).Annotation("rocketops.io/in-sync").Should().Contain("a-0-2", "else nothing was looked at");
    }

    [Fact]
    public async Task NobodyHoldsTheLease_IsNotReady()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");

        await World.ChangeAsync<Lease>("a-0", static lease => lease.Spec!.HolderIdentity = null);

        BrokerCluster away = await World.ClusterAsync("a", "Ready", "False", Reasons.MasterMissing);
        await World.SaysAsync(away, "Ready", said => said.Should().Be("No serving master: a-0 (nobody holds its Lease)."));
    }

    /// <summary>The Lease and what was on the volumes are lost, the cluster's object is not.</summary>
    [Fact]
    public async Task FoundedAnew_TheStatusCountsWithTheNewGroup()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        await World.ChangeAsync<Lease>("a-0", static lease => lease.Spec!.LeaseTransitions = 57);
        await World.AwaitAsync<BrokerCluster>("a", cluster => cluster.Status!.Groups!.Single() is { Epoch: 57 } group && group.GroupId == Members.GroupId, "the status says what the Lease says");

        Members.GroupId = "another";
        await World.Client.DeleteAsync<Lease>("a-0", OperatorWorld.Ns);

        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups!.Single() is { Epoch: 1, GroupId: "another" }, "epochs of the group before say nothing of this one's");
        await World.AwaitAsync<PersistentVolumeClaim>("data-a-0-1", static claim => claim.Annotation("rocketops.io/group-id") == "another", "its claims are the new group's");
        await Eventually.TrueAsync(async () => (await EventsAsync()).Contains("GroupFounded"), "an event tells it");
        (await EventsAsync()).Should().NotContain("LeaseSetBack");
    }

    /// <summary>The members found it, and a cluster that is applied again may find one: its status says nothing of before.</summary>
    [Theory]
    [InlineData(null, 1)]
    [InlineData(31, 31)]
    public async Task NewCluster_WhoLeadsIsTold(int? transitions, int epoch)
    {
        if (transitions is not null)
        {
            Dictionary<string, string> notes = new(StringComparer.Ordinal) { ["rocketops.io/in-sync"] = "a-0-0/31,a-0-1/31", ["rocketops.io/group-id"] = Members.GroupId, ["rocketops.io/history"] = "As it was." };
            await World.Client.CreateAsync(new Lease
            {
                Metadata = new ObjectMeta { Name = "a-0", Namespace = OperatorWorld.Ns, Annotations = notes },
                Spec = new LeaseSpec { HolderIdentity = "a-0-0", LeaseTransitions = transitions, LeaseDurationSeconds = 600, RenewTime = DateTimeOffset.UtcNow },
            });
        }

        await CreateAsync(2);

        string told = $"a-0-0 is the master of a-0 in epoch {epoch}. As {(transitions is null ? "played" : "it was")}.";
        await Eventually.TrueAsync(async () => (await World.Client.ListAsync<Event>()).Items.Any(happened => happened.Reason == "MasterChanged" && happened.Note == told), told);
    }

    [Fact]
    public async Task LeaseSetBack_IsTold()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        await World.ChangeAsync<Lease>("a-0", static lease => lease.Spec!.LeaseTransitions = 57);
        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups!.Single().Epoch == 57, "it has come that far");

        await World.ChangeAsync<Lease>("a-0", static lease => lease.Spec!.LeaseTransitions = 40);

        await Eventually.TrueAsync(async () => (await EventsAsync()).Contains("LeaseSetBack"), "an event tells it");
        (await EventsAsync()).Should().NotContain("GroupFounded");
    }

    [Fact]
    public async Task Running_TheClaims_SayThatTheirGroupElectsItsMaster()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        await NotedAsync();

        // As an operator of before there was a note has left them.
        await World.ChangeAsync<PersistentVolumeClaim>("data-a-0-1", static claim => claim.Metadata.Annotations = null);

        await NotedAsync();
        await World.QuietAsync();
        int writes = World.Writes.Count(static write => write.StartsWith("patch persistentvolumeclaims", StringComparison.Ordinal));
        await World.PassesAsync(3);
        World.Writes.Count(static write => write.StartsWith("patch persistentvolumeclaims", StringComparison.Ordinal)).Should().Be(writes, "what is there is not written again");
    }

    [Fact]
    public async Task AppliedAgainWithFixedRoles_OnTheClaimsOfTheGroup_NothingIsMadeAndTheyAreNamed()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        await NotedAsync();
        await DeleteElectedAsync();
        World.Workloads.Started.Clear();

        await World.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);

        BrokerCluster stalled = await World.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        await World.SaysAsync(stalled, "Stalled", said => said.Should()
            .Contain("data-a-0-0, data-a-0-1").And.Contain(Members.GroupId).And.Contain("This field cannot change: delete this BrokerCluster").And.Contain("From fixed roles, and back").And.Contain("rocketops.io/failover"));
        await World.EndedPassesAsync(3);
        (await World.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns)).Should().BeNull();
        World.Workloads.Started.Should().BeEmpty();

        // The first way out: as it was. The API server lets nobody change the field of the object that is there.
        await DeleteAsync();
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>Two members that had little would elect one of themselves, and say that all is well. Whoever has left in order is not missed.</summary>
    [Fact]
    public async Task AppliedAgainWithFewerMembers_WaitsForThoseThatNeverLeft()
    {
        await CreateAsync(3);
        await World.ClusterAsync("a", "Ready", "True");
        await NotedAsync();
        await NotedAsync("data-a-0-2");
        await DeleteElectedAsync();
        World.Workloads.Started.Clear();

        await CreateAsync(2);

        BrokerCluster stalled = await World.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        await World.SaysAsync(stalled, "Stalled", said => said.Should().Be(
            "brokers.replicas has to be at least 3: data-a-0-2 is of a member that has not left the group, and may have what was acknowledged and the others lack. "
            + "Apply the cluster with brokers.replicas 3, and lower it when it is Ready. Or delete the claim, with all that it has."));
        await World.EndedPassesAsync(3);
        World.Workloads.Started.Should().BeEmpty();

        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 3);
        await World.ClusterAsync("a", "Ready", "True");
        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 2);
        await World.AwaitAsync<PersistentVolumeClaim>("data-a-0-2", ElectedClaim.HasLeft, "its member has left in order");
        await World.ClusterAsync("a", "Ready", "True");
        await DeleteElectedAsync();
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");

        // Who comes back is a member again.
        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 3);
        await World.AwaitAsync<PersistentVolumeClaim>("data-a-0-2", static claim => !ElectedClaim.HasLeft(claim), "its member is back");
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>That the server does not say whether there are such claims is not that there are none.</summary>
    [Fact]
    public async Task AppliedWithFixedRoles_SuchAClaimIsNotSeenAndClaimsCannotBeListed_NothingIsMade()
    {
        World.Workloads.Registration = null;
        await World.CreateClusterAsync("b");
        await World.ClusterAsync("b", "Ready", "True");
        World.Workloads.Started.Clear();
        World.StandStill("persistentvolumeclaims");
        await World.Client.CreateAsync(new PersistentVolumeClaim
        {
            Metadata = new ObjectMeta { Name = "data-a-0-0", Namespace = OperatorWorld.Ns, Labels = ClusterLabels.ForGroup("a", "a-0"), Annotations = new(StringComparer.Ordinal) { ["rocketops.io/failover"] = "Automatic" } },
            Spec = new PersistentVolumeClaimSpec { AccessModes = ["ReadWriteOnce"], Resources = new ResourceRequirements { Requests = new(StringComparer.Ordinal) { ["storage"] = Quantity.Parse("10Gi") } } },
        });
        World.OperatorFault = static call => call is { Verb: "list", Resource: "persistentvolumeclaims" } ? ApiFault.Fail(500, "InternalError") : null;

        await World.CreateClusterAsync("a");

        await World.ClusterAsync("a", "Ready", "False", Reasons.ApiUnavailable);
        await World.EndedPassesAsync(3);
        (await World.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns)).Should().BeNull();
        World.OperatorFault = null;
        await World.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        World.Workloads.Started.Should().BeEmpty();
    }

    [Fact]
    public async Task AppliedAgainWithFixedRoles_TheNoteIsTakenFromTheClaims_IsMade()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        await NotedAsync();
        await DeleteElectedAsync();
        await World.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await World.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        World.Workloads.Registration = null;

        foreach (string claim in (string[])["data-a-0-0", "data-a-0-1"])
        {
            await World.ChangeAsync<PersistentVolumeClaim>(claim, static live => live.Metadata.Annotations!.Remove("rocketops.io/failover"));
        }

        await World.ClusterAsync("a", "Ready", "True");
        (await OfAsync<StatefulSet>("a-0")).Spec!.Template!.Spec!.ServiceAccountName.Should().Be("a-broker");
    }

    /// <summary>What runs with fixed roles goes on; nobody new takes up such a claim, also where the operator has not heard of it.</summary>
    [Theory]
    [InlineData("data-a-0-1", 1, 2)]
    [InlineData("data-a-1-0", 2, 1)]
    public async Task GrownWithFixedRoles_OntoSuchAClaim_IsRefusedAndWhatRunsGoesOn(string name, int groups, int replicas)
    {
        World.Workloads.Registration = null;
        await World.CreateClusterAsync("a");
        await World.ClusterAsync("a", "Ready", "True");
        World.StandStill("persistentvolumeclaims");
        PersistentVolumeClaim left = await OfAsync<PersistentVolumeClaim>("data-a-0-0");
        await World.Client.CreateAsync(new PersistentVolumeClaim
        {
            Metadata = new ObjectMeta { Name = name, Namespace = OperatorWorld.Ns, Labels = new(left.Metadata.Labels!, StringComparer.Ordinal), Annotations = new(StringComparer.Ordinal) { ["rocketops.io/failover"] = "Automatic" } },
            Spec = left.Spec,
        });

        await World.ChangeAsync<BrokerCluster>("a", cluster => (cluster.Spec.Brokers.Groups, cluster.Spec.Brokers.Replicas) = (groups, replicas));

        BrokerCluster stalled = await World.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        await World.SaysAsync(stalled, "Stalled", said => said.Should().Contain(name));
        await World.PassesAsync(3);
        World.GoOn("persistentvolumeclaims");
        await World.PassesAsync(3);
        World.Workloads.Started.Should().Equal("a-0-0");
        Conditions.IsTrue((await OfAsync<BrokerCluster>("a")).Status!.Conditions, "Available").Should().BeTrue();
    }

    /// <summary>That the server does not say whether there are such claims holds up who is new, and nobody else.</summary>
    [Fact]
    public async Task GrownWithFixedRoles_ClaimsCannotBeListed_NobodyIsMadeUntilTheyCan()
    {
        World.Workloads.Registration = null;
        await World.CreateClusterAsync("a");
        await World.ClusterAsync("a", "Ready", "True");
        World.OperatorFault = static call => call is { Verb: "list", Resource: "persistentvolumeclaims" } ? ApiFault.Fail(500, "InternalError") : null;

        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 2);

        await World.ClusterAsync("a", "Ready", "False", Reasons.ApiUnavailable);
        await World.EndedPassesAsync(3);
        World.Workloads.Started.Should().Equal("a-0-0");
        Conditions.IsTrue((await OfAsync<BrokerCluster>("a")).Status!.Conditions, "Available").Should().BeTrue();
        World.OperatorFault = null;
        await World.ClusterAsync("a", "Ready", "True");
        World.Workloads.Started.Should().Equal("a-0-0", "a-0-1");
    }

    /// <summary>Members may begin with stores that had fixed roles.</summary>
    [Fact]
    public async Task AppliedAgainWithAutomaticFailover_OnClaimsOfFixedRoles_IsMadeAndTheClaimsSaySo()
    {
        await Members.DisposeAsync();
        World.Workloads.Registration = null;
        await World.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await World.ClusterAsync("a", "Ready", "True");
        (await OfAsync<PersistentVolumeClaim>("data-a-0-0")).Annotation("rocketops.io/failover").Should().BeNull();
        await DeleteAsync();
        Elect();

        await CreateAsync(2);

        await World.ClusterAsync("a", "Ready", "True");
        await NotedAsync();
    }

    [Theory]
    [InlineData("replicas", Reasons.InvalidSpec)]
    [InlineData("minInSync", Reasons.InvalidSpec)]
    [InlineData("failover", Reasons.Immutable)]
    public async Task Changed_ToWhatCannotBe_IsRefusedAndTheGroupGoesOn(string field, string reason)
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");

        await World.ChangeAsync<BrokerCluster>("a", cluster =>
        {
            cluster.Spec.Brokers.Replicas = field switch { "replicas" => 1, "minInSync" => 2, _ => 3 };
            cluster.Spec.Replication.MinInSync = field == "minInSync" ? 3 : 2;
            cluster.Spec.Replication.Failover = field == "failover" ? FailoverMode.None : FailoverMode.Automatic;
        });

        await World.ClusterAsync("a", "Stalled", "True", reason);
        await World.PassesAsync(3);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Replicas.Should().Be(3);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Template!.Spec!.ServiceAccountName.Should().Be("a-0-member");
        World.Workloads.MostAway.Should().Be(0);
    }

    private Task RenewAsync(TimeSpan ahead, int seconds = 1) => World.ChangeAsync<Lease>("a-0", lease =>
    {
        lease.Spec!.RenewTime = DateTimeOffset.UtcNow + ahead;
        lease.Spec.LeaseDurationSeconds = seconds;
    });

    private async Task NotedAsync()
    {
        foreach (string claim in (string[])["data-a-0-0", "data-a-0-1"])
        {
            await NotedAsync(claim);
        }
    }

    private Task<PersistentVolumeClaim> NotedAsync(string claim) => World.AwaitAsync<PersistentVolumeClaim>(
        claim, noted => noted.Annotation("rocketops.io/failover") == "Automatic" && noted.Annotation("rocketops.io/group-id") == Members.GroupId, "its group is noted");

    private async Task DeleteAsync()
    {
        await World.Client.DeleteAsync<BrokerCluster>("a", OperatorWorld.Ns);
        await World.GoneAsync<BrokerCluster>("a");
        await World.GoneAsync<StatefulSet>("a-0");
        foreach (string pod in (string[])["a-0-0", "a-0-1", "a-0-2"])
        {
            await World.GoneAsync<Pod>(pod);
        }
    }

    /// <summary>What pods were started with may be gone before they are, which is nothing that members could play: others come when all are gone.</summary>
    private async Task DeleteElectedAsync()
    {
        Members.Failure.Should().BeNull();
        await Members.DisposeAsync();
        await DeleteAsync();
        Elect();
    }
}
