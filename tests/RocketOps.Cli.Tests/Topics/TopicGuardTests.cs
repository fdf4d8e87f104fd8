using RocketOps.Cli.Topics;
using RocketOps.Cli.Up;

namespace RocketOps.Cli.Tests.Topics;

/// <summary>Which object has a topic of a cluster. What the commands say of it is tried against a running <c>rocketops up</c> (UpTests).</summary>
public sealed class TopicGuardTests
{
    private static readonly TopicView[] Topics = [View("default/orders", "default/one", "ORDERS"), View("default/plain", "default/one", "plain"), View("other/plain", "other/two", "plain")];

    [Theory]
    [InlineData("ORDERS", "one", "default/orders")]
    [InlineData("plain", "one", "default/plain")]
    [InlineData("plain", "two", "other/plain")]
    [InlineData("orders", "one", null)]
    [InlineData("ORDERS", "two", null)]
    [InlineData("plain", "DefaultCluster", null)]
    public void OwnerAmong_TopicOfACluster_IsTheObjectOfThatCluster(string topic, string cluster, string? expected)
    {
        TopicGuard.OwnerAmong(Topics, topic, new HashSet<string>(StringComparer.Ordinal) { cluster })?.Key.Should().Be(expected);
    }

    private static TopicView View(string key, string cluster, string topic) => new(key, cluster, topic, IsReady: true, "UpToDate", "", 8, 8);
}
