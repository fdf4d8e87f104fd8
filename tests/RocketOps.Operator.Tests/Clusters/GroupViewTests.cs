using FsCheck;
using FsCheck.Fluent;
using RocketOps.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Tests.Clusters;

public sealed class GroupViewTests
{
    /// <summary>Whoever is master: configuration, view and what is looked for at the name servers say the same, since all of them ask one place.</summary>
    [Fact]
    public void Of_AnyMaster_RoleIsTheLeadershipsAndNotTheOrdinals()
    {
        Gen<(int Members, int Master)> cases = from members in Gen.Choose(1, 9) from master in Gen.Choose(0, members - 1) select (members, master);

        Prop.ForAll(cases.ToArbitrary(), of =>
        {
            ClusterContext context = Context(of.Members, new Elected(of.Master));
            BrokerRegistrations registrations = Registrations(Enumerable.Range(0, of.Members).ToDictionary(ordinal => (long)context.Leadership.RankOf("a-0", ordinal).BrokerId, ordinal => $"10.0.0.{ordinal}:10911"));

            GroupView view = GroupView.Of(context, "a-0", Observation(of.Members), registrations);

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

        GroupView view = GroupView.Of(Context(1, new OrdinalLeadership()), "a-0", observation, BrokerRegistrations.Unknown);

        view.Members.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Uid = (string?)null, Settled = false, Registered = (bool?)null });
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

        GroupView view = GroupView.Of(Context(1, new OrdinalLeadership()), "a-0", observation, BrokerRegistrations.Unknown);

        view.Observed.Should().Be(expected);
        view.Outdated.Should().HaveCount(expected ? 1 : 0);
    }

    private static ClusterContext Context(int members, IGroupLeadership leadership)
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default" } };
        cluster.Spec.Brokers.Replicas = members;
        return new ClusterContext(cluster, new OperatorImages("broker", "nameserver"), leadership);
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

    private sealed class Elected(int master) : IGroupLeadership
    {
        public MemberRank RankOf(string group, int ordinal) => ordinal == master
            ? new MemberRank(BrokerMemberRole.Master, 0)
            : new MemberRank(BrokerMemberRole.Slave, ordinal < master ? ordinal + 1 : ordinal);
    }
}
