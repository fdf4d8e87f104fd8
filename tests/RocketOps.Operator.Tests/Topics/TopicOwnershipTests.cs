using RocketOps.Operator.Entities;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Tests.Topics;

public sealed class TopicOwnershipTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Winner_OlderObject_HasTheTopic()
    {
        var older = Topic("z", Noon);
        var younger = Topic("a", Noon.AddSeconds(1));

        TopicOwnership.Winner(younger, [older, younger]).Should().BeSameAs(older);
        TopicOwnership.Winner(older, [older, younger]).Should().BeNull();
    }

    [Fact]
    public void Winner_SameSecond_TheOneThatManagesItKeepsIt()
    {
        var first = Topic("z", Noon, holds: true);
        var second = Topic("a", Noon);

        TopicOwnership.Winner(second, [first, second]).Should().BeSameAs(first);
        TopicOwnership.Winner(first, [first, second]).Should().BeNull();
    }

    [Fact]
    public void Winner_SameSecondAndNothingElse_BothSidesDecideAlike()
    {
        var low = Topic("a", Noon);
        var high = Topic("b", Noon);

        TopicOwnership.Winner(low, [low, high]).Should().BeNull();
        TopicOwnership.Winner(high, [low, high]).Should().BeSameAs(low);
    }

    [Fact]
    public void Winner_OtherClusterOrBeingDeleted_NoRival()
    {
        var topic = Topic("b", Noon);
        var elsewhere = Topic("a", Noon.AddDays(-1));
        elsewhere.Spec.ClusterRef.Name = "other";
        var leaving = Topic("c", Noon.AddDays(-1));
        leaving.Metadata.DeletionTimestamp = Noon;

        TopicOwnership.Winner(topic, [topic, elsewhere, leaving]).Should().BeNull();
    }

    private static Topic Topic(string uid, DateTimeOffset created, bool holds = false)
    {
        var topic = new Topic { Metadata = new() { Name = "object-" + uid, Namespace = "default", Uid = uid, CreationTimestamp = created } };
        topic.Spec.ClusterRef.Name = "cluster";
        topic.Spec.TopicName = "SAME";
        topic.Status = holds ? new TopicStatus { TopicName = "SAME" } : null;
        return topic;
    }
}
