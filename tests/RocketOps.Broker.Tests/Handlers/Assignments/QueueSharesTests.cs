using RocketOps.Broker.Handlers.Assignments;

namespace RocketOps.Broker.Tests.Handlers.Assignments;

public sealed class QueueSharesTests
{
    // What AllocateMessageQueueAveragely and AllocateMessageQueueAveragelyByCircle give.
    [Theory]
    [InlineData("AVG", 8, 3, "012|345|67")]
    [InlineData("AVG", 4, 2, "01|23")]
    [InlineData("AVG", 2, 3, "0|1|")]
    [InlineData("AVG_BY_CIRCLE", 8, 3, "036|147|25")]
    [InlineData("AVG_BY_CIRCLE", 2, 3, "0|1|")]
    public void Of_EachMember_HasItsShare(string strategy, int queues, int members, string shares)
    {
        int[] all = [.. Enumerable.Range(0, queues)];

        string.Join('|', Enumerable.Range(0, members).Select(index => string.Concat(QueueShares.Of(strategy, all, members, index)!))).Should().Be(shares);
    }

    [Theory]
    [InlineData("AVG")]
    [InlineData("AVG_BY_CIRCLE")]
    public void Of_NoMember_IsNothing(string strategy) => QueueShares.Of<int>(strategy, [1, 2, 3], 2, -1).Should().BeEmpty();

    [Theory]
    [InlineData("CONSISTENT_HASH")]
    [InlineData(null)]
    public void Of_AnotherStrategy_IsNotKnown(string? strategy) => QueueShares.Of<int>(strategy, [1, 2, 3], 2, 0).Should().BeNull();
}
