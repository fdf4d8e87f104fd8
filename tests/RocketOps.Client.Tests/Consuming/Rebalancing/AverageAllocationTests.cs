using FsCheck;
using FsCheck.Fluent;
using RocketOps.Client.Consuming.Rebalancing;

namespace RocketOps.Client.Tests.Consuming.Rebalancing;

public sealed class AverageAllocationTests
{
    [Fact]
    public void Allocate_AnyQueuesAndMembers_GivesEveryQueueToExactlyOne()
    {
        Gen<(int Queues, int Clients)> sizes = from queues in Gen.Choose(0, 64) from clients in Gen.Choose(1, 20) select (queues, clients);

        Prop.ForAll(sizes.ToArbitrary(), size =>
        {
            MessageQueue[] queues = [.. Enumerable.Range(0, size.Queues).Select(id => new MessageQueue("T", "b" + (id % 3), id))];
            string[] clients = [.. Enumerable.Range(0, size.Clients).Select(static id => "client" + id)];

            IReadOnlyList<MessageQueue>[] shares = [.. clients.Select(client => Allocate(queues, clients, client))];

            shares.SelectMany(static share => share).Order(Comparer<MessageQueue>.Create(static (one, other) => one.QueueId.CompareTo(other.QueueId))).Should().Equal(queues);
            (shares.Max(static share => share.Count) - shares.Min(static share => share.Count)).Should().BeLessThanOrEqualTo(1);
        }).QuickCheckThrowOnFailure();
    }

    // What AllocateMessageQueueAveragely gives for 8 queues: 3, 3, 2.
    [Theory]
    [InlineData("c1", 0, 1, 2)]
    [InlineData("c2", 3, 4, 5)]
    [InlineData("c3", 6, 7)]
    public void Allocate_EightQueuesOverThree_GivesBlocksInOrder(string client, params int[] expected)
    {
        MessageQueue[] queues = [.. Enumerable.Range(0, 8).Reverse().Select(static id => new MessageQueue("T", "b", id))];

        AverageAllocation.Allocate(queues, ["c3", "c1", "c2"], client).Select(static queue => queue.QueueId).Should().Equal(expected);
    }

    [Fact]
    public void Allocate_NotAMember_GetsNothing()
    {
        AverageAllocation.Allocate([new MessageQueue("T", "b", 0)], ["other"], "me").Should().BeEmpty();
    }

    private static IReadOnlyList<MessageQueue> Allocate(MessageQueue[] queues, string[] clients, string client)
    {
        // Every member sees the lists in an order of its own.
        MessageQueue[] seenQueues = [.. queues];
        string[] seenClients = [.. clients];
        Random random = new(client.GetHashCode(StringComparison.Ordinal));
        random.Shuffle(seenQueues);
        random.Shuffle(seenClients);
        return AverageAllocation.Allocate(seenQueues, seenClients, client);
    }
}
