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

/// <summary>Leases of groups that cannot be read or written, or are somebody else's.</summary>
public sealed class LeaseTroubleTests : ElectedGroupFixture
{
    public static TheoryData<int> Answers => [500, 403, 0];

    private static Func<ApiCall, ApiFault?> Refusing(int answer) => call => call is { Verb: "get", Resource: "leases", Name: "a-0" } ? answer == 0 ? ApiFault.Drop : ApiFault.Fail(answer) : null;

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task LeaseCannotBeRead_ItIsToldAndAllElseIsDone(int answer)
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        World.Workloads.Started.Clear();
        World.OperatorFault = Refusing(answer);

        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });

        BrokerCluster told = await World.ClusterAsync("a", "Ready", "False", Reasons.ApiUnavailable);
        await World.SaysAsync(told, "Ready", said => said.Should().StartWith("Looking after the brokers' pods failed, and is tried again: "));
        told.Status!.Groups!.Single().Should().Match<BrokerGroupStatus>(group => group.Ready && group.Master == Members.Masters.Single(), "the watch has seen it");
        await World.AwaitAsync<StatefulSet>("a-0", static set => set.Status!.UpdateRevision != set.Status.CurrentRevision || set.Metadata.Generation > 1, "the set was changed");
        await World.EndedPassesAsync(2);
        World.Workloads.Started.Should().BeEmpty("nobody restarts while it is not known who leads");

        World.OperatorFault = null;
        await World.ClusterAsync("a", "Ready", "True");
        World.Workloads.Started.Should().HaveCount(2);
        Undisturbed();
    }

    /// <summary>Neither a watch that says nothing nor a request that fails makes a Lease one that its holder does not renew.</summary>
    [Theory]
    [MemberData(nameof(Answers))]
    public async Task LeaseCannotBeReadWhenItWouldHaveEnded_IsToldForWhatItIs(int answer)
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        string master = Members.Masters.Single();
        World.Admin.Leading = MemberFiguresStep.AddressOf((await OfAsync<Pod>(master)).Status!.PodIP!);
        World.OperatorFault = Refusing(answer);

        await World.ChangeAsync<Lease>("a-0", static lease => (lease.Spec!.LeaseDurationSeconds, lease.Spec.RenewTime) = (1, DateTimeOffset.UnixEpoch));

        BrokerCluster serves = await World.ClusterAsync("a", "Ready", "False", Reasons.ApiUnavailable);
        await World.SaysAsync(serves, "Ready", said => said.Should().StartWith("Reading Lease a-0 failed, and is tried again: "));
        Conditions.Find(serves.Status!.Conditions, "Degraded").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.AsExpected });
        Conditions.IsTrue(serves.Status.Conditions, "Available").Should().BeTrue("the master says that it serves");
        serves.Status.Groups!.Single().Should().Match<BrokerGroupStatus>(group => group.Ready && group.Master == master);

        World.Admin.Leading = "nobody";

        BrokerCluster unknown = await World.ClusterAsync("a", "Available", "Unknown", Reasons.ApiUnavailable);
        await World.SaysAsync(unknown, "Available", said => said.Should().StartWith("Who leads a-0 is not known. Reading Lease a-0 failed, and is tried again: "));
        Conditions.Find(unknown.Status!.Conditions, "Degraded").Should().BeEquivalentTo(new { Status = "Unknown", Reason = Reasons.ApiUnavailable });
        await Eventually.TrueAsync(() => World.Metrics.Contains("rocketops_cluster_groups_not_ready{namespace=\"default\",cluster=\"a\",reason=\"ApiUnavailable\"} 1\n", StringComparison.Ordinal), "its alert knows why");
        foreach (string pod in (string[])["a-0-0", "a-0-1"])
        {
            (await OfAsync<Pod>(pod)).Label(ClusterLabels.Role).Should().Be(pod == master ? ClusterLabels.MasterRole : ClusterLabels.SlaveRole, "nobody knows better");
        }

        World.OperatorFault = null;

        // The server says now that nobody has renewed it.
        await World.ClusterAsync("a", "Degraded", "True", Reasons.MasterMissing);
        World.OperatorFault = Refusing(answer);
        await World.ClusterAsync("a", "Ready", "False", Reasons.ApiUnavailable);
        await World.EndedPassesAsync(2);
        BrokerCluster expired = await OfAsync<BrokerCluster>("a");
        Conditions.Find(expired.Status!.Conditions, "Available").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.MasterMissing, Message = $"No serving master: a-0 ({master} does not renew its Lease)." });
        Conditions.IsTrue(expired.Status.Conditions, "Degraded").Should().BeTrue("what was known is not forgotten");
        (await EventsAsync()).Should().NotContain(Reasons.LeaseNotRenewed);
        World.OperatorFault = null;
        World.Admin.Leading = null;
        await World.ChangeAsync<Lease>("a-0", static lease => (lease.Spec!.LeaseDurationSeconds, lease.Spec.RenewTime) = (null, DateTimeOffset.UnixEpoch.AddDays(1)));
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>A node is lost while no operator is there: its pod is ready for a minute, and what the next operator sees first is a Lease that ended long ago. Whoever answers is believed instead: clocks may differ.</summary>
    [Fact]
    public async Task OperatorComesWhenTheLeaseHasEnded_OnlyAHolderThatAnswersIsTheMaster()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        string master = Members.Masters.Single();
        await World.StopOperatorAsync();
        await Members.CutOffAsync();
        await World.ChangeAsync<Lease>("a-0", static lease => (lease.Spec!.LeaseDurationSeconds, lease.Spec.RenewTime) = (600, DateTimeOffset.UnixEpoch));
        await World.StartOperatorAsync();
        await World.PassesAsync(2);
        BrokerCluster serves = await OfAsync<BrokerCluster>("a");
        Conditions.IsTrue(serves.Status!.Conditions, "Ready").Should().BeTrue();
        serves.Status.Groups!.Single().Master.Should().Be(master);
        await World.StopOperatorAsync();
        string address = MemberFiguresStep.AddressOf((await OfAsync<Pod>(master)).Status!.PodIP!);
        World.Admin.Silent[address] = true;

        await World.StartOperatorAsync(static options => options with { FaultGrace = TimeSpan.FromHours(1) });

        BrokerCluster unknown = await World.ClusterAsync("a", "Available", "Unknown", Reasons.Unanswering);
        unknown.Status!.Groups!.Single().Should().Match<BrokerGroupStatus>(static group => group.Master == null && !group.Ready);
        await Eventually.TrueAsync(() => World.Metrics.Contains("rocketops_cluster_groups_not_ready{namespace=\"default\",cluster=\"a\",reason=\"Unanswering\"} 1\n", StringComparison.Ordinal), "its alert knows why");

        World.Admin.Silent.Clear();
        await World.ChangeAsync<Lease>("a-0", static lease => lease.Spec!.RenewTime = DateTimeOffset.UnixEpoch.AddDays(1));
        await World.ClusterAsync("a", "Ready", "True");
        (await OfAsync<BrokerCluster>("a")).Status!.Groups!.Single().Master.Should().Be(master);
    }

    /// <summary>Nobody has seen it yet: that there is none is not known.</summary>
    [Theory]
    [MemberData(nameof(Answers))]
    public async Task LeaseCannotBeRead_WasNeverSeen_NobodyKnowsWhoLeads(int answer)
    {
        World.OperatorFault = Refusing(answer);
        await CreateAsync(2);

        BrokerCluster unknown = await World.ClusterAsync("a", "Available", "Unknown", Reasons.ApiUnavailable);

        Conditions.Find(unknown.Status!.Conditions, "Ready")!.Reason.Should().Be(Reasons.ApiUnavailable);
        Conditions.IsTrue(unknown.Status.Conditions, "Degraded").Should().BeFalse();
        World.OperatorFault = null;
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>Somebody takes its labels off, by which the watch goes: who led is still the best guess, and nothing is made of it.</summary>
    [Fact]
    public async Task LeaseCannotBeRead_TheWatchHasLostIt_MasterAndRolesStayAsTheyWere()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        string master = Members.Masters.Single();
        World.OperatorFault = Refusing(500);

        await World.ChangeAsync<Lease>("a-0", static lease => lease.Metadata.Labels = null);

        BrokerCluster unknown = await World.ClusterAsync("a", "Available", "Unknown", Reasons.ApiUnavailable);
        unknown.Status!.Groups!.Single().Should().Match<BrokerGroupStatus>(group => group.Master == master && !group.Ready);
        await World.EndedPassesAsync(2);
        foreach (string pod in (string[])["a-0-0", "a-0-1"])
        {
            (await OfAsync<Pod>(pod)).Label(ClusterLabels.Role).Should().Be(pod == master ? ClusterLabels.MasterRole : ClusterLabels.SlaveRole, "a Service selects by it");
        }

        await Eventually.TrueAsync(() => World.Metrics.Contains("rocketops_cluster_groups_without_master{namespace=\"default\",cluster=\"a\"} 0\n", StringComparison.Ordinal), "nobody is called for a master that is not missing");
        World.OperatorFault = null;
        await World.ClusterAsync("a", "Ready", "True");
        Undisturbed();
    }

    [Fact]
    public async Task LeaseCannotBeMadeTheClusters_ItIsToldAndAllElseIsDone()
    {
        World.OperatorFault = static call => call is { Verb: "patch", Resource: "leases" } ? ApiFault.Fail(403, "Forbidden") : null;
        await CreateAsync(2);

        await World.AwaitAsync<BrokerCluster>(
            "a", static cluster => Conditions.Find(cluster.Status?.Conditions, "Ready") is { Reason: Reasons.ApiUnavailable } ready && ready.Message.StartsWith("Making Lease a-0 the cluster's failed", StringComparison.Ordinal), "it is told");

        // Its pod may be seen to serve a little later than the Lease that it holds.
        await World.AwaitAsync<BrokerCluster>(
            "a", static cluster => Conditions.Find(cluster.Status?.Conditions, "Ready") is { Reason: Reasons.ApiUnavailable } && cluster.Status!.Groups!.Single().Master is not null, "who leads is told too");
        World.OperatorFault = null;
        await World.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Paused_TheLeaseIsNotTouched()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { [ClusterAnnotations.Paused] = "true" });
        await World.ClusterAsync("a", "Paused", "True");
        await World.ChangeAsync<Lease>("a-0", static lease => (lease.Metadata.OwnerReferences, lease.Metadata.Labels) = (null, null));

        await World.EndedPassesAsync(3);

        (await OfAsync<Lease>("a-0")).Metadata.OwnerReferences.Should().BeNullOrEmpty();
        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = null);
        await World.AwaitAsync<Lease>("a-0", static lease => lease.Metadata.OwnerReferences is { Count: 1 } && lease.Label(ClusterLabels.Group) == "a-0", "it is the cluster's again");
    }

    /// <summary>Programs elect their leaders by Leases of names of their own choice.</summary>
    [Theory]
    [InlineData(false, "Lease a-0 is needed by group a-0 of a but was not made by a member of that group. Remove or rename one of them.")]
    [InlineData(true, "Lease a-0 is needed by group a-0 of a but belongs to Deployment app. Remove or rename one of them.")]
    public async Task LeaseOfSomebodyElse_IsLeftAloneAndTold(bool owned, string message)
    {
        Lease foreign = new Lease
        {
            Metadata = new ObjectMeta { Name = "a-0", Namespace = OperatorWorld.Ns },
            Spec = new LeaseSpec { HolderIdentity = "app-1", LeaseDurationSeconds = 15, LeaseTransitions = 7 },
        };
        if (owned)
        {
            Deployment app = await World.Client.CreateAsync(new Deployment
            {
                Metadata = new ObjectMeta { Name = "app", Namespace = OperatorWorld.Ns },
                Spec = new DeploymentSpec
                {
                    Replicas = 0,
                    Selector = new LabelSelector { MatchLabels = new() { ["app"] = "app" } },
                    Template = new PodTemplateSpec { Metadata = new ObjectMeta { Labels = new() { ["app"] = "app" } }, Spec = new PodSpec { Containers = [new Container { Name = "app", Image = "app" }] } },
                },
            });
            foreign.Metadata.OwnerReferences = [app.AsControllerReference()];
            foreign.Metadata.Annotations = new() { ["rocketops.io/in-sync"] = "app-1/1" };
        }

        Lease made = await World.Client.CreateAsync(foreign);
        await CreateAsync(2);

        BrokerCluster stalled = await World.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);

        await World.SaysAsync(stalled, "Stalled", said => said.Should().Be(message));
        stalled.Status!.Groups!.Single().Should().Match<BrokerGroupStatus>(static group => !group.Ready && group.Master == null && group.Epoch == null);
        (await OfAsync<Lease>("a-0")).Metadata.ResourceVersion.Should().Be(made.Metadata.ResourceVersion, "nobody has written it");

        await World.Client.DeleteAsync<Lease>("a-0", OperatorWorld.Ns);
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>Also where the label names a cluster that there is.</summary>
    [Theory]
    [InlineData("b")]
    [InlineData(null)]
    public async Task LabelsEditedByHand_ArePutBack(string? label)
    {
        await World.CreateClusterAsync("b");
        await CreateAsync(2);
        BrokerCluster cluster = await World.ClusterAsync("a", "Ready", "True");
        await World.AwaitAsync<Lease>("a-0", static lease => lease.Label(ClusterLabels.Cluster) == "a", "it is the cluster's");

        await World.ChangeAsync<Lease>("a-0", lease => lease.Metadata.Labels = label is null ? null : new(lease.Metadata.Labels!, StringComparer.Ordinal) { [ClusterLabels.Cluster] = label });

        await World.AwaitAsync<Lease>(
            "a-0", lease => lease.Label(ClusterLabels.Cluster) == "a" && lease.Label(ClusterLabels.Group) == "a-0" && lease.Metadata.OwnerReferences!.Single().Uid == cluster.Uid(), "it is the cluster's again");
        (await World.ClusterAsync("a", "Ready", "True")).Status!.Groups!.Single().Master.Should().NotBeNull();
        (await EventsAsync()).Should().NotContain(Reasons.ResourceConflict);
    }

    /// <summary>Somebody took it from a namespace where a cluster has the same name: of another group, by its owner and by its id.</summary>
    [Fact]
    public async Task LeaseOfACluster_OfThisNameInAnotherNamespace_IsLeftAloneUntilItIsGone()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        await World.AwaitAsync<Lease>("a-0", static lease => lease.Metadata.OwnerReferences is { Count: 1 } && lease.Label(ClusterLabels.Group) == "a-0", "it is the cluster's");
        await Members.CutOffAsync();
        Lease own = await OfAsync<Lease>("a-0");
        await World.Client.DeleteAsync<Lease>("a-0", OperatorWorld.Ns);
        await World.ClusterAsync("a", "Ready", "False", Reasons.MasterMissing);
        Lease copy = new()
        {
            Metadata = new ObjectMeta
            {
                Name = "a-0",
                Namespace = OperatorWorld.Ns,
                Labels = own.Metadata.Labels,

                // The collector takes it away at once otherwise.
                Finalizers = ["tests.rocketops.io/kept"],
                Annotations = new(own.Metadata.Annotations!, StringComparer.Ordinal) { [GroupLease.GroupIdAnnotation] = "theirs" },
                OwnerReferences = [new OwnerReference { ApiVersion = own.Metadata.OwnerReferences![0].ApiVersion, Kind = BrokerCluster.KindName, Name = "a", Uid = Guid.NewGuid().ToString() }],
            },
            Spec = own.Spec,
        };

        await World.Client.CreateAsync(copy);
        Lease made = await World.AwaitAsync<Lease>("a-0", static lease => lease.IsDeleting(), "it has no owner here");

        BrokerCluster waits = await World.AwaitAsync<BrokerCluster>(
            "a", static cluster => Conditions.Find(cluster.Status!.Conditions, "Ready") is { Reason: Reasons.Updating } ready && ready.Message.StartsWith("Lease a-0 belongs to another BrokerCluster a than this one", StringComparison.Ordinal), "it is told");
        Conditions.IsTrue(waits.Status!.Conditions, "Stalled").Should().BeFalse("it goes by itself");
        waits.Status.Groups!.Single().Should().Match<BrokerGroupStatus>(group => group.Master == null && group.GroupId == Members.GroupId);
        await World.EndedPassesAsync(2);
        (await OfAsync<Lease>("a-0")).Metadata.ResourceVersion.Should().Be(made.Metadata.ResourceVersion, "nobody has written it");

        await World.ChangeAsync<Lease>("a-0", static lease => lease.Metadata.Finalizers = null);
        Members.AreCutOff = false;
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>By hand, or by somebody's cleanup: its members make another one, which knows nothing of the cluster.</summary>
    [Fact]
    public async Task LeaseDeleted_TheOneThatMembersMakeAgainIsTheClustersToo()
    {
        await CreateAsync(2);
        BrokerCluster cluster = await World.ClusterAsync("a", "Ready", "True");
        Lease before = await World.AwaitAsync<Lease>("a-0", lease => lease.Metadata.OwnerReferences?.Exists(owner => owner.Uid == cluster.Uid()) == true, "it is the cluster's");

        await World.Client.DeleteAsync<Lease>("a-0", OperatorWorld.Ns);

        await World.AwaitAsync<Lease>(
            "a-0",
            lease => lease.Uid() != before.Uid() && lease.Metadata.OwnerReferences?.Exists(owner => owner.Uid == cluster.Uid()) == true && lease.Label(ClusterLabels.Cluster) == "a" && lease.Label(ClusterLabels.Group) == "a-0",
            "it goes with the cluster, and the watch sees it");
        BrokerCluster after = await World.ClusterAsync("a", "Ready", "True");
        Conditions.IsTrue(after.Status!.Conditions, "Stalled").Should().BeFalse();
        after.Status.Groups!.Single().Master.Should().NotBeNull();
        (await EventsAsync()).Should().NotContain(Reasons.ResourceConflict);
        World.Workloads.Started.Should().HaveCount(2, "nobody restarts for it");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("b-0-0/1,b-0-1/1")]
    public async Task LeaseDeleted_SomebodyElseMakesOneOfItsName_IsLeftAloneAndTold(string? inSync)
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        await World.AwaitAsync<PersistentVolumeClaim>("data-a-0-0", claim => claim.Annotation("rocketops.io/group-id") == Members.GroupId, "its group is noted");
        await Members.CutOffAsync();
        await World.Client.DeleteAsync<Lease>("a-0", OperatorWorld.Ns);
        await World.ClusterAsync("a", "Ready", "False", Reasons.MasterMissing);

        Lease made = await World.Client.CreateAsync(new Lease
        {
            Metadata = new ObjectMeta { Name = "a-0", Namespace = OperatorWorld.Ns, Annotations = inSync is null ? null : new() { ["rocketops.io/in-sync"] = inSync, ["rocketops.io/group-id"] = "theirs" } },
            Spec = new LeaseSpec { HolderIdentity = "app-1", LeaseDurationSeconds = 15, LeaseTransitions = 7 },
        });

        BrokerCluster stalled = await World.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);
        await World.SaysAsync(stalled, "Stalled", said => said.Should().Be("Lease a-0 is needed by group a-0 of a but was not made by a member of that group. Remove or rename one of them."));
        await World.EndedPassesAsync(2);
        (await OfAsync<Lease>("a-0")).Metadata.ResourceVersion.Should().Be(made.Metadata.ResourceVersion, "nobody has written it");
        (await OfAsync<PersistentVolumeClaim>("data-a-0-0")).Annotation("rocketops.io/group-id").Should().Be(Members.GroupId);

        await World.Client.DeleteAsync<Lease>("a-0", OperatorWorld.Ns);
        Members.AreCutOff = false;
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>Nobody knows who leads the one group, and what of it may go.</summary>
    [Fact]
    public async Task LeaseOfOneGroupIsSomebodyElses_ThatOneStaysAsItIsAndTheOtherRolls()
    {
        await using ElectedMembers others = new(World.Client, "a-1", pulse: World.Pulse);
        World.Workloads.Registration = (pod, token) => pod.StartsWith("a-1-", StringComparison.Ordinal) ? others.RegistrationAsync(pod, token) : Members.RegistrationAsync(pod, token);
        await World.CreateClusterAsync("a", static spec => (spec.Brokers.Groups, spec.Brokers.Replicas, spec.Replication.Failover) = (2, 2, FailoverMode.Automatic));
        await World.ClusterAsync("a", "Ready", "True");
        await Members.CutOffAsync();
        await World.Client.DeleteAsync<Lease>("a-0", OperatorWorld.Ns);
        await World.Client.CreateAsync(new Lease { Metadata = new ObjectMeta { Name = "a-0", Namespace = OperatorWorld.Ns }, Spec = new LeaseSpec { HolderIdentity = "app-1", LeaseDurationSeconds = 15, LeaseTransitions = 7 } });
        await World.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);
        World.Workloads.Started.Clear();

        await World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });

        // One set may be seen to have outdated pods before the other is.
        await Eventually.TrueAsync(() => World.Workloads.Started.Count >= 2, "both members of the other restart");
        await World.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => cluster.Status!.Groups![1].Members!.TrueForAll(static member => member.Ready && member.Outdated is null)
                && cluster.Status.Operations?.Exists(static operation => operation.Group == "a-0" && operation.Message == "Pods of a-0 are outdated; they restart when what Ready says of the group is set right.") == true,
            "the other has it, and this one waits");
        await World.EndedPassesAsync(2);
        World.Workloads.Started.Should().BeEquivalentTo("a-1-0", "a-1-1");
        await World.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);

        await World.Client.DeleteAsync<Lease>("a-0", OperatorWorld.Ns);
        Members.AreCutOff = false;
        await World.ClusterAsync("a", "Ready", "True");
        World.Workloads.Started.Should().Contain("a-0-0").And.Contain("a-0-1");
    }
}
