using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Clusters.Status;

/// <summary>A restart is listed when another pod is there than the status knows of, once and with what the status knew.</summary>
public sealed class RestartListTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Build_AnotherPod_ListsWhatHadChanged() =>
        Build(Status("one", "configuration"), "two").Should().BeEquivalentTo([new RestartStatus { Pod = "a-0-0", Time = Noon, Reason = RestartReason.Outdated, Changed = "configuration" }]);

    /// <summary>By an eviction, say.</summary>
    [Fact]
    public void Build_AnotherPodAndNothingHadChanged_SaysReplaced() =>
        Build(Status("one"), "two").Should().BeEquivalentTo([new RestartStatus { Pod = "a-0-0", Time = Noon, Reason = RestartReason.Replaced }]);

    /// <summary>The first pod, one that is the same, and one of a status that an operator wrote which noted none.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("two")]
    public void Build_NoPodBeforeOrTheSame_ListsNothing(string? before) => Build(Status(before, "configuration"), "two").Should().BeNull();

    [Fact]
    public void Build_PodThatIsAway_WaitsForTheNext()
    {
        BrokerClusterStatus before = Status("one", "image (a to b)");

        RestartList.Build(before, Observation("two", made: null), before.Groups!).Should().BeNull();
    }

    [Fact]
    public void Build_CacheShowsThePodBefore_ListsNothingTwice()
    {
        BrokerClusterStatus before = Status("two");
        before.Restarts = [new RestartStatus { Pod = "a-0-0", Time = Noon.AddSeconds(1) }];

        Build(before, "one").Should().ContainSingle().Which.Time.Should().Be(Noon.AddSeconds(1));
    }

    [Fact]
    public void Build_MoreThanFit_TheOldestGo()
    {
        BrokerClusterStatus before = Status("one");
        before.Restarts = [.. Enumerable.Range(1, 10).Select(static ago => new RestartStatus { Pod = "a-1-0", Time = Noon.AddHours(-ago) })];

        List<RestartStatus> restarts = Build(before, "two")!;

        restarts.Should().HaveCount(10);
        restarts[0].Pod.Should().Be("a-0-0");
        restarts[^1].Time.Should().Be(Noon.AddHours(-9));
    }

    private static List<RestartStatus>? Build(BrokerClusterStatus before, string uid) => RestartList.Build(before, Observation(uid, Noon), Status(uid).Groups!);

    private static BrokerClusterStatus Status(string? uid, string? outdatedBy = null) => new()
    {
        Groups = [new BrokerGroupStatus { Name = "a-0", Members = [new BrokerMemberStatus { Name = "a-0-0", PodUid = uid, OutdatedBy = outdatedBy }] }],
    };

    private static ClusterObservation Observation(string uid, DateTimeOffset? made) =>
        new(null, [], made is null ? [] : [new Pod { Metadata = new ObjectMeta { Name = "a-0-0", Uid = uid, CreationTimestamp = made } }], []);
}
