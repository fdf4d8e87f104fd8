namespace RocketOps.Client.Consuming.Rebalancing;

/// <summary>
/// RocketMQ's default share-out (AllocateMessageQueueAveragely): sorted queues in blocks over sorted clients, the first ones taking one more when it does not come out even.
/// Every member computes it by itself, so it must give the same everywhere.
/// </summary>
internal static class AverageAllocation
{
    /// <summary>The queues of <paramref name="clientId"/>; none when it is not among the clients.</summary>
    public static IReadOnlyList<MessageQueue> Allocate(IReadOnlyList<MessageQueue> queues, IReadOnlyList<string> clientIds, string clientId)
    {
        string[] clients = [.. clientIds.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        int index = Array.IndexOf(clients, clientId);
        if (index < 0)
        {
            return [];
        }

        MessageQueue[] sorted = [.. queues.Order()];
        int each = sorted.Length / clients.Length;
        int more = sorted.Length % clients.Length;
        int start = (index * each) + Math.Min(index, more);
        int count = each + (index < more ? 1 : 0);
        return sorted.AsSpan(start, count).ToArray();
    }
}
