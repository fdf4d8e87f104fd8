using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Clusters;

public sealed class ClusterPauseTests
{
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 8, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("true", true, false, false)]
    [InlineData("True", true, false, false)]
    [InlineData("restarts", false, true, false)]
    [InlineData("restarts, topics", false, true, true)]
    [InlineData("true,topics;", true, false, true)]
    public void Parse_WhatIsPaused(string value, bool cluster, bool restarts, bool topics) => ClusterPause.Parse(value).Should().Be(new ClusterPause(cluster, restarts, topics));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("false")]
    [InlineData("false; until=2026-12-01T08:00:00Z")]
    public void Parse_Nothing(string? value) => ClusterPause.Parse(value).Should().BeNull();

    [Theory]
    [InlineData("true; until=2026-12-01T09:00:00+01:00; reason=a; b=c", "a; b=c")]
    [InlineData("true;UNTIL=2026-12-01T08:00:00.000Z;reason=", null)]
    public void Parse_EndAndReason(string value, string? reason) => ClusterPause.Parse(value).Should().Be(new ClusterPause(true, false, false, Now, reason));

    [Theory]
    [InlineData("yes", "\"yes\" is not true, false, restarts or topics")]
    [InlineData("restarts,", "\"\" is not")]
    [InlineData("; until=2026-12-01T08:00:00Z", "\"\" is not")]
    [InlineData("true; until=tomorrow", "\"until=tomorrow\" has no time")]
    [InlineData("true; until=2026-12-01T08:00:00", "has no time")]
    [InlineData("true; until=2026-12-01", "has no time")]
    [InlineData("restarts; for=2h", "\"for=2h\" is neither until=TIME nor reason=TEXT")]
    public void Parse_WhatCannotBeRead_PausesEverythingWithoutAnEnd(string value, string mistake)
    {
        ClusterPause pause = ClusterPause.Parse(value + "; reason=why")!;

        pause.Should().Match<ClusterPause>(static pause => pause.Cluster && pause.Restarts && pause.Topics && pause.Until == null && pause.Reason == "why");
        pause.Mistake.Should().Contain(mistake);
    }

    [Fact]
    public void Of_EndIsOver_NothingIsPaused()
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Annotations = new() { [ClusterAnnotations.Paused] = "true; until=2026-12-01T08:00:00Z" } } };

        ClusterPause.Of(cluster, Now - TimeSpan.FromSeconds(1)).Should().NotBeNull();
        ClusterPause.Of(cluster, Now).Should().BeNull();
    }

    [Theory]
    [InlineData("true", "The operator changes nothing while the annotation rocketops.io/paused is true.")]
    [InlineData("true; reason=nodes move", "The operator changes nothing while the annotation rocketops.io/paused is true (nodes move).")]
    [InlineData("restarts,topics; until=2026-12-01T09:00:00+01:00; reason=sale", "The operator restarts no broker and writes no topic and no consumer group until 2026-12-01T08:00:00Z (sale).")]
    [InlineData("topics", "The operator writes no topic and no consumer group while there is the annotation rocketops.io/paused.")]
    public void Describe_SaysWhatUntilWhenAndWhy(string value, string text) => ClusterPause.Parse(value)!.Describe().Should().Be(text);

    [Fact]
    public void Parse_LongReason_IsCut() => ClusterPause.Parse("true; reason=" + new string('x', 5000))!.Reason!.Length.Should().BeLessThan(300);
}
