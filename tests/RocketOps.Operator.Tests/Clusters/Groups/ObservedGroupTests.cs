using FsCheck;
using FsCheck.Fluent;
using RocketOps.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Clusters.Groups;

public sealed class ObservedGroupTests
{
    /// <summary>Whoever is master: configuration, view and what is looked for at the name servers say the same, since all of them ask one place.</summary>
    [Fact]
    public void Of_AnyMaster_RoleIsTheLeadershipsAndNotTheOrdinals()
    {
        Gen<(int Members, int Master)> cases = from members in Gen.Choose(1, 9) from master in Gen.Choose(0, members - 1) select (members, master);

        Prop.ForAll(cases.ToArbitrary(), of =>
        {
            ClusterContext context = Context(of.Members, new Elected(of.Master));
            BrokerRegistrations registrations = Registrations(Enumerable.Range(0, of.Members).ToDictionary(ordinal => (long)context.Roles.RankOf("a-0", ordinal).BrokerId, ordinal => $"10.0.0.{ordinal}:10911"));

            ObservedGroup view = ObservedGroup.Of(context, "a-0", Observation(of.Members), registrations);

            return view.Master!.Ordinal == of.Master
                && view.Members.Count(static member => member.Role == BrokerMemberRole.Master) == 1
                && view.Members.All(static member => member.Registered == true)
                && view.Members.All(member => BrokerConfigFile.Render(context, "a-0", member.Ordinal).Contains(
                    member.Ordinal == of.Master ? "brokerId=0\nbrokerName=a-0\nbrokerRole=ASYNC_MASTER\n" : $"brokerId={member.Rank.BrokerId}\nbrokerName=a-0\nbrokerRole=SLAVE\n",
                    StringComparison.Ordinal));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Of_PodOfAnotherIncarnationOfTheSet_MemberNotThere()
    {
        ClusterObservation observation = Observation(1);
        observation.Pods[0].Metadata.OwnerReferences![0].Uid = "older";

        ObservedGroup view = ObservedGroup.Of(Context(1, new OrdinalRoles()), "a-0", observation, BrokerRegistrations.Unknown);

        view.Members.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Live = MemberPod.None, Settled = false, Registered = (bool?)null });
        view.Serves.Should().BeFalse();
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(2, 1, false)]
    public void Of_PodOfAnOlderRevision_OutdatedOnceTheSetsControllerHasSeenTheTemplate(long generation, long observed, bool expected)
    {
        ClusterObservation observation = Observation(1);
        observation.Sets[0].Metadata.Generation = generation;
        observation.Sets[0].Status = new StatefulSetStatus { ObservedGeneration = observed, UpdateRevision = "newer" };

        ObservedGroup view = ObservedGroup.Of(Context(1, new OrdinalRoles()), "a-0", observation, BrokerRegistrations.Unknown);

        view.Observed.Should().Be(expected);
        view.Outdated.Should().HaveCount(expected ? 1 : 0);
    }

    /// <summary>The pass that makes a group's set has no map of it in its cache that says that the group is closed.</summary>
    [Theory]
    [InlineData(false, true, null)]
    [InlineData(true, false, Reasons.MasterMissing)]
    public void Of_GroupHasJustCome_NobodyMissesIt(bool known, bool isNew, string? fault)
    {
        ClusterContext context = Context(1, new OrdinalRoles());
        context.Cluster.Status = new BrokerClusterStatus
        {
            Groups = [new BrokerGroupStatus { Name = "a-9", Members = [new BrokerMemberStatus { Name = "a-9-0", PodUid = "uid" }] }, .. known ? [new BrokerGroupStatus { Name = "a-0" }] : Array.Empty<BrokerGroupStatus>()],
        };

        ObservedGroup view = ObservedGroup.Of(context, "a-0", Observation(0), BrokerRegistrations.Unknown);

        (view.Set is not null, view.IsNew, view.Fault).Should().Be((true, isNew, fault));
    }

    /// <summary>Who holds an expired Lease is nobody's master any more, unless it says that it serves; its epoch stays.</summary>
    [Theory]
    [InlineData(null, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Master_LeaseExpired_OnlyWhoSaysThatItLeads(bool? leads, bool expected)
    {
        ObservedGroup view = Led(new GroupLease("a-0-1", 7, ["a-0-0", "a-0-1"], null, null) { Expired = true }, leads);

        (view.Master is not null, view.Serves, view.Leaderless is null).Should().Be((expected, expected, expected));
        (view.Holder!.Pod, view.Lease!.Epoch).Should().Be(("a-0-1", 7));
        view.Fault.Should().Be(expected ? null : Reasons.MasterMissing);
    }

    /// <summary>A Lease that cannot be read proves nothing against whoever held it: what he says himself counts, and without that nobody knows.</summary>
    [Theory]
    [InlineData(Known.Fresh, null, null)]
    [InlineData(Known.Fresh, true, null)]
    [InlineData(Known.Fresh, false, Reasons.MasterMissing)]
    [InlineData(Known.Ended, null, null)]
    [InlineData(Known.Ended, true, null)]
    [InlineData(Known.Ended, false, Reasons.ApiUnavailable)]
    [InlineData(Known.Expired, null, Reasons.MasterMissing)]
    [InlineData(Known.Expired, true, null)]
    [InlineData(Known.Expired, false, Reasons.MasterMissing)]
    [InlineData(Known.Nothing, null, Reasons.ApiUnavailable)]
    public void Fault_LeaseCannotBeRead_IsWhatIsKnown(Known known, bool? leads, string? expected)
    {
        GroupLease? lease = known == Known.Nothing ? null : Lease("a-0-1") with { Overdue = known is Known.Ended or Known.Expired, Expired = known == Known.Expired };
        ObservedGroup view = Led(lease, leads) with { LeaseUnread = new Problem(Reasons.ApiUnavailable, "Reading Lease a-0 failed.") };

        view.Fault.Should().Be(expected);
        view.IsLeadUnknown.Should().Be(expected == Reasons.ApiUnavailable);
        (view.Leaderless is not null).Should().Be(expected == Reasons.MasterMissing);
        view.TakesMessages.Should().Be(expected is null);
        view.ServesWithoutLease.Should().Be(known == Known.Expired && leads == true, "a Lease that cannot be read is not one that is not renewed");
        (view with { LeaseUnread = null }).IsLeadUnknown.Should().BeFalse();
    }

    /// <summary>What is known of a Lease that cannot be read now.</summary>
    public enum Known
    {
        /// <summary>It was renewed a moment ago.</summary>
        Fresh,

        /// <summary>It would have ended by now, unless it was renewed.</summary>
        Ended,

        /// <summary>It had ended, as the server said.</summary>
        Expired,

        /// <summary>It was never seen.</summary>
        Nothing,
    }

    [Fact]
    public void Leaderless_EachKind_SaysWhich()
    {
        Led(null, null).Leaderless.Should().Be("it has no Lease");
        Led(Lease(null), null).Leaderless.Should().Be("nobody holds its Lease");
        Led(Lease("stranger"), null).Leaderless.Should().Be("stranger holds its Lease and is no member");
        Led(Lease("a-0-1"), leads: false).Leaderless.Should().Be("a-0-1 holds its Lease and does not lead yet");
        Led(Lease("a-0-1"), leads: null).Leaderless.Should().BeNull("brokers of before did not say");
        (Led(Lease("a-0-1"), leads: true) with { IsElected = false }).Leaderless.Should().BeNull();
    }

    /// <summary>What the operator has asked for itself is nobody's fault; whatever else keeps messages out is.</summary>
    [Theory]
    [InlineData(true, MasterRefusals.Permission, null)]
    [InlineData(false, MasterRefusals.Permission, Reasons.NotWritable)]
    [InlineData(true, MasterRefusals.Disk, Reasons.DiskFull)]
    public void Fault_GroupThatTheOperatorKeepsClosed_NotItsPermission(bool isClosed, string word, string? expected)
    {
        ObservedGroup view = Led(Lease("a-0-1"), leads: true);
        view = view with { IsClosed = isClosed, Members = [view.Members[0], view.Members[1] with { Says = view.Members[1].Says with { SendsRefused = "why", RefusedBy = word } }] };

        view.Fault.Should().Be(expected);
        view.TakesMessages.Should().Be(expected is null);
    }

    private static GroupLease Lease(string? holder) => new(holder, 7, ["a-0-0", "a-0-1"], null, null);

    /// <summary>A group of two that serve, and what its second member says of itself.</summary>
    private static ObservedGroup Led(GroupLease? lease, bool? leads)
    {
        LeaseRoles roles = new(lease is null ? new Dictionary<string, GroupLease>() : new Dictionary<string, GroupLease> { ["a-0"] = lease });
        return new ObservedGroup(
            "a-0",
            Set: null,
            [.. Enumerable.Range(0, 2).Select(ordinal => new ObservedMember("a-0", $"a-0-{ordinal}", ordinal, roles.RankOf("a-0", ordinal), new MemberPod($"uid-{ordinal}", Ready: true, Outdated: false, Terminating: false), new MemberFigures(Leads: ordinal == 1 ? leads : null), Registered: null))],
            lease)
        {
            IsElected = true,
        };
    }

    private static ClusterContext Context(int members, IMemberRoles roles)
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default" } };
        cluster.Spec.Brokers.Replicas = members;
        return new ClusterContext(cluster, new OperatorImages("broker", "nameserver"), roles);
    }

    private static ClusterObservation Observation(int members)
    {
        StatefulSet set = new() { Metadata = new ObjectMeta { Name = "a-0", Uid = "set", Generation = 1 }, Status = new StatefulSetStatus { ObservedGeneration = 1, UpdateRevision = "current" } };
        return new ClusterObservation(null, [set], [.. Enumerable.Range(0, members).Select(Pod)], []);
    }

    private static Pod Pod(int ordinal) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = $"a-0-{ordinal}",
            Uid = $"pod-{ordinal}",
            Labels = new Dictionary<string, string> { ["controller-revision-hash"] = "current" },
            OwnerReferences = [new OwnerReference { ApiVersion = "apps/v1", Kind = "StatefulSet", Name = "a-0", Uid = "set", Controller = true }],
        },
        Status = new PodStatus { PodIP = $"10.0.0.{ordinal}", Conditions = [new PodCondition { Type = "Ready", Status = ConditionStatus.True }] },
    };

    private static BrokerRegistrations Registrations(Dictionary<long, string> addresses) =>
        new([new ClusterInfo { Brokers = new Dictionary<string, BrokerData> { ["a-0"] = new BrokerData { BrokerName = "a-0", Addresses = addresses } } }], []);

    private sealed class Elected(int master) : IMemberRoles
    {
        public MemberRank RankOf(string group, int ordinal) => ordinal == master
            ? new MemberRank(BrokerMemberRole.Master, 0)
            : new MemberRank(BrokerMemberRole.Slave, ordinal < master ? ordinal + 1 : ordinal);
    }
}
