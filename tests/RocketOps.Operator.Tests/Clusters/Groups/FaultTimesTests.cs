using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters.Groups;

/// <summary>What one look shows and what has lasted.</summary>
public sealed class FaultTimesTests
{
    private static readonly BrokerCluster Cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default" } };
    private static readonly BrokerRegistrations Answering = new([new ClusterInfo()], []);
    private static readonly TimeSpan Grace = new OperatorOptions().FaultGrace;

    private readonly FakeTimeProvider _time = new();
    private readonly FaultTimes _faults;

    public FaultTimesTests() => _faults = new FaultTimes(new OperatorOptions(), _time);

    [Fact]
    public void Measure_MasterDoesNotAnswer_CountsWhenItHasLasted()
    {
        Look(answers: false).Should().Be((false, null));
        _time.Advance(Grace - TimeSpan.FromSeconds(1));
        Look(answers: false).Should().Be((false, null));
        _time.Advance(TimeSpan.FromSeconds(1));

        Look(answers: false).Should().Be((true, "Unanswering"));

        Look(answers: true).Should().Be((false, null));
        _time.Advance(Grace);
        Look(answers: false).Should().Be((false, null), "it has answered in between");
    }

    /// <summary>Whoever waits for the cluster must not see it well for a moment because the operator was replaced in the middle of an outage.</summary>
    [Theory]
    [InlineData("Degraded", "True", true)]
    [InlineData("Available", "Unknown", true)]
    [InlineData("Available", "True", false)]
    public void Measure_FirstLookOfAnOperator_BelievesTheLastStatus(string condition, string status, bool lasts)
    {
        BrokerCluster cluster = new() { Metadata = Cluster.Metadata, Status = new BrokerClusterStatus { Conditions = [new Condition { Type = condition, Status = status }] } };

        ObservedGroup group = _faults.Measure(cluster, [new ObservedGroup("a-0", null, [Member(0, "m", answers: false)])], Answering).Groups.Single();

        (group.Fault, group.FaultLasts).Should().Be((lasts ? "Unanswering" : null, lasts));

        // Only what is at fault at that first look.
        _faults.Measure(cluster, [new ObservedGroup("a-0", null, [Member(0, "next", answers: false)])], Answering).Groups.Single().FaultLasts.Should().BeFalse();
    }

    /// <summary>An operator comes when a node is lost: the pod is ready for a minute, and the Lease ended before.</summary>
    [Theory]
    [InlineData(false, "Unanswering")]
    [InlineData(true, null)]
    public void Measure_LeaseHadEndedBeforeTheFirstLook_WhoDoesNotAnswerCountsAtOnce(bool answers, string? fault)
    {
        ObservedGroup group = new("a-0", null, [Member(0, "m", answers)], new GroupLease("a-0-0", 1, [], null, null) { Doubtful = true }) { IsElected = true };

        ObservedGroup measured = _faults.Measure(Cluster, [group], Answering).Groups.Single();

        (measured.Fault, measured.Serves, measured.IsHolderDoubted).Should().Be((fault, answers, !answers));
    }

    [Fact]
    public void Measure_AnotherPod_CountsAnew()
    {
        Look(answers: false);
        _time.Advance(Grace);

        Look(answers: false, uid: "next").Should().Be((false, null));
    }

    /// <summary>Of a slave the replication says that nobody knows how far it is.</summary>
    [Fact]
    public void Measure_SlaveDoesNotAnswer_IsNoFault()
    {
        ObservedGroup group = new("a-0", null, [Member(0, "m", answers: true), Member(1, "s", answers: false)]);
        _faults.Measure(Cluster, [group], Answering);
        _time.Advance(Grace);

        ObservedGroup measured = _faults.Measure(Cluster, [group], Answering).Groups.Single();

        (measured.Fault, measured.Members.Any(static member => member.Says.Unanswering)).Should().Be((null, false));
    }

    [Fact]
    public void Measure_NobodyLeads_LastsFromTheSecondLookOnAndAnExpiredLeaseAtOnce()
    {
        ObservedGroup free = new("a-0", null, [Member(1, "m", answers: true)], new GroupLease(null, 1, [], null, null)) { IsElected = true };
        ObservedGroup expired = new("a-1", null, [Member(1, "n", answers: true)], new GroupLease("gone", 1, [], null, null) { Expired = true }) { IsElected = true };

        Lasts().Should().Equal(false, true);
        _time.Advance(Grace);
        Lasts().Should().Equal(true, true);
        _faults.Forget(Cluster.Key());
        Lasts().Should().Equal(false, true);

        IEnumerable<bool> Lasts() => _faults.Measure(Cluster, [free, expired], Answering).Groups.Select(static group => group.FaultLasts);
    }

    [Fact]
    public void Measure_NameServersSilent_CountsWhenItHasLasted()
    {
        _faults.Measure(Cluster, [], new BrokerRegistrations([new ClusterInfo()], ["10.0.0.1:9876"])).NameServersSilent.Should().BeFalse();
        _time.Advance(Grace);
        _faults.Measure(Cluster, [], BrokerRegistrations.Unknown).NameServersSilent.Should().BeTrue();
        _faults.Measure(Cluster, [], Answering).NameServersSilent.Should().BeFalse();
    }

    private (bool Unanswering, string? Fault) Look(bool answers, string uid = "m")
    {
        ObservedGroup group = _faults.Measure(Cluster, [new ObservedGroup("a-0", null, [Member(0, uid, answers)])], Answering).Groups.Single();
        return (group.Members[0].Says.Unanswering, group.Fault);
    }

    private static ObservedMember Member(int ordinal, string uid, bool answers) =>
        new("a-0", $"a-0-{ordinal}", ordinal, new MemberRank(ordinal == 0 ? BrokerMemberRole.Master : BrokerMemberRole.Slave, ordinal), new MemberPod(uid, Ready: true, Outdated: false, Terminating: false), new MemberFigures(Answers: answers), Registered: null);
}
