using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>What the queues of a topic have, read by plain frames.</summary>
internal static class StoredQueues
{
    private const int PageSize = 256;

    /// <summary>Messages of a queue from an offset on; none when the broker has none to give.</summary>
    public static async Task<IReadOnlyList<RawRecord>> PullAsync(RawConnection broker, string topic, int queue, long offset)
    {
        RawFrame answer = await RawBroker.PullAsync(broker, topic, queue, offset, maxMessages: PageSize);
        return answer.Code == RawBroker.Success ? RawRecord.DecodeAll(answer.Body) : [];
    }

    /// <summary>Every message of every queue, from offset 0 to where the broker says there is no more.</summary>
    public static Task<IReadOnlyList<Reading>> ReadAllAsync(string address, string topic, int queues) =>
        ReadAllAsync(address, topic, queues, Reading.Of);

    /// <summary>The same, of each what somebody wants of it.</summary>
    public static async Task<IReadOnlyList<T>> ReadAllAsync<T>(string address, string topic, int queues, Func<RawRecord, T> read)
    {
        List<T> all = [];
        await using RawConnection broker = await RawConnection.ConnectAsync(address);
        for (int queue = 0; queue < queues; queue++)
        {
            IReadOnlyList<RawRecord> page;
            for (long next = 0; (page = await PullAsync(broker, topic, queue, next)).Count > 0; next = page[^1].QueueOffset + 1)
            {
                all.AddRange(page.Select(read));
            }
        }

        return all;
    }

    /// <summary>
    /// All messages once there are so many: one just acknowledged reaches its queue a moment later, and a slave forgets a group that only
    /// it knows. When time runs out, those that are there: whoever checks them names what is missing.
    /// </summary>
    public static async Task<IReadOnlyList<Reading>> ReadAtLeastAsync(
        string address, string topic, int queues, long count, TimeSpan patience)
    {
        IReadOnlyList<Reading> stored = [];
        try
        {
            await Eventually.TrueAsync(
                async () => (stored = await ReadAllAsync(address, topic, queues)).Count >= count,
                "every acknowledged message is in a queue",
                patience);
        }
        catch (TimeoutException)
        {
            // See above.
        }

        return stored;
    }
}
