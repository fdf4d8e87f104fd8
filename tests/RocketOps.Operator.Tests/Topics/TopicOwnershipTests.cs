using RocketOps.Operator.Entities;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Tests.Topics;

public sealed class TopicOwnershipTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Winner_OlderObject_HasTheTopic()
    {
        Topic older = Topic("z", Noon);
        Topic younger = Topic("a", Noon.AddSeconds(1));

        TopicOwnership.Winner(younger, [older, younger]).Should().BeSameAs(older);
        TopicOwnership.Winner(older, [older, younger]).Should().BeNull();
    }

    [Fact]
    public void Winner_SameSecond_TheOneThatManagesItKeepsIt()
    {
        Topic first = Topic("z", Noon, holds: true);
        Topic second = Topic("a", Noon);

        TopicOwnership.Winner(second, [first, second]).Should().BeSameAs(first);
        TopicOwnership.Winner(first, [first, second]).Should().BeNull();
    }

    [Fact]
    public void Winner_SameSecondAndNothingElse_BothSidesDecideAlike()
    {
        Topic low = Topic("a", Noon);
        Topic high = Topic("b", Noon);

        TopicOwnership.Winner(low, [low, high]).Should().BeNull();
        TopicOwnership.Winner(high, [low, high]).Should().BeSameAs(low);
    }

    [Fact]
    public void Winner_OtherClusterOrBeingDeleted_NoRival()
    {
        Topic topic = Topic("b", Noon);
        Topic elsewhere = Topic("a", Noon.AddDays(-1));
        elsewhere.Spec.ClusterRef.Name = "other";
        Topic leaving = Topic("c", Noon.AddDays(-1));
        leaving.Metadata.DeletionTimestamp = Noon;

        TopicOwnership.Winner(topic, [topic, elsewhere, leaving]).Should().BeNull();
    }

    private static Topic Topic(string uid, DateTimeOffset created, bool holds = false)
    {
        Topic topic = new() { Metadata = new() { Name = "object-" + uid, Namespace = "default", Uid = uid, CreationTimestamp = created } };
        topic.Spec.ClusterRef.Name = "cluster";
        topic.Spec.TopicName = "SAME";
        topic.Status = holds ? new TopicStatus { TopicName = "SAME" } : null;
        return topic;
    }
}
