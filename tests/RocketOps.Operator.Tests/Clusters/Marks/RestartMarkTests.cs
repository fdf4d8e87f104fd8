using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Clusters.Marks;

public sealed class RestartMarkTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("  ", null)]
    [InlineData(" 2026-11-22T11:00:00Z ", "2026-11-22T11:00:00Z")]
    public void Asked_IsTheTrimmedValue(string? value, string? asked) => RestartMark.Asked(Cluster(value)).Should().Be(asked);

    [Theory]
    [InlineData(70, 64)]
    [InlineData(63, 63)]
    public void Asked_LongOrEndingInHalfACharacter_EndsBeforeIt(int letters, int counted) =>
        RestartMark.Asked(Cluster(new string('x', letters) + "\U0001F600y")).Should().Be(new string('x', counted));

    private static BrokerCluster Cluster(string? restartAt) => new()
    {
        Metadata = new ObjectMeta { Name = "a", Annotations = restartAt is null ? null : new() { [ClusterAnnotations.RestartAt] = restartAt } },
    };
}
