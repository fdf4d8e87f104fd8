using System.Globalization;
using System.Text.Json;
using RocketOps.Testing;

namespace RocketOps.Cluster.Tests;

/// <summary>Judges a cluster by what producers were told and what consumers got: how many sends failed, that no group lacks anything acknowledged, that each queue has the order in which it was produced.</summary>
internal sealed class MessageOracle(IReadOnlyList<ForeignClient> producers, params IReadOnlyList<ConsumerGroup> groups) : IAsyncDisposable
{
    private readonly List<ForeignClient> _producers = [.. producers];

    public IReadOnlyList<ConsumerGroup> Groups => groups;

    /// <summary>Those that sent until now end, and another one sends on. What they were acknowledged still counts.</summary>
    public async Task GoOnWithAsync(ForeignClient next)
    {
        await EndSendsAsync();
        _producers.Add(next);
        await ServedAsync($"by {next.Name} alone");
    }

    /// <summary>The messages of every producer that sends flow.</summary>
    public async Task ServedAsync(string when)
    {
        foreach (ForeignClient producer in _producers.Where(static producer => !producer.HasEnded))
        {
            await producer.MoreAsync(100, "sent", when);
        }
    }

    /// <summary>How many sends there were, and those that failed.</summary>
    public async Task<(int Sent, IReadOnlyList<string> Failures)> CountAsync()
    {
        int sent = 0;
        List<string> failures = [];
        foreach (ForeignClient producer in _producers)
        {
            IReadOnlyList<JsonElement> attempts = [.. (await producer.EventsAsync()).Where(static line => !IsQuestion(line))];
            sent += attempts.Count;
            failures.AddRange(attempts.Where(static line => !IsAcknowledged(line)).Select(line => $"{producer.Name}: {line}"));
        }

        return (sent, failures);
    }

    /// <summary>How many messages the first group has got.</summary>
    public async Task<int> ReceivedAsync() => (await groups[0].ReceiptsAsync()).Count;

    /// <summary>The longest time between two messages that were stored one after the other, of those that the first group got behind the first <paramref name="received"/>, and that producers know of.</summary>
    public async Task<TimeSpan> LongestSilenceAsync(int received)
    {
        HashSet<string> acknowledged = await AcknowledgedAsync();
        long[] stored = [.. (await groups[0].ReceiptsAsync()).Skip(Math.Max(0, received - 1)).Where(receipt => acknowledged.Contains(receipt.Key)).Select(static receipt => receipt.StoredAt).Order()];
        return TimeSpan.FromMilliseconds(stored.Zip(stored.Skip(1), static (before, after) => after - before).DefaultIfEmpty(0).Max());
    }

    /// <summary>How often a producer began to fail that had been acknowledged something before; the most of all of them.</summary>
    public async Task<int> RelapsesAsync()
    {
        int most = 0;
        foreach (ForeignClient producer in _producers)
        {
            bool[] acknowledged = [.. (await producer.EventsAsync()).Select(IsAcknowledged)];
            most = Math.Max(most, acknowledged.Skip(1).Where((now, i) => !now && acknowledged[i]).Count());
        }

        return most;
    }

    /// <summary>Returns when every group has every acknowledged message, with a sentence about it; fails with those that do not come.</summary>
    public async Task<string> AllReceivedAsync()
    {
        HashSet<string> acknowledged = await AcknowledgedAsync();
        List<string> said = [];
        foreach (ConsumerGroup group in groups.Where(static group => group.Prints))
        {
            await AwaitNoneAsync(async () => [.. acknowledged.Except((await group.ReceiptsAsync()).Select(static receipt => receipt.Key), StringComparer.Ordinal)], acknowledged.Count, group);
            IReadOnlyList<Receipt> repeats = await group.RepeatsAsync();
            said.Add(string.Create(CultureInfo.InvariantCulture, $"{acknowledged.Count} acknowledged, all received by {group.Name}, {repeats.Count} more than once"));
        }

        return string.Join("; ", said);
    }

    /// <summary>Every acknowledged message comes from the place that its producer was told, and those of one producer in one queue in the order in which they were sent. For groups that read each queue in order.</summary>
    public async Task InOrderAsync()
    {
        foreach (ConsumerGroup group in groups)
        {
            foreach (ForeignClient producer in _producers)
            {
                Dictionary<string, string> places = (await producer.EventsAsync()).Where(IsAcknowledged).ToDictionary(Key, Place, StringComparer.Ordinal);

                // A message whose first attempt was stored and not answered comes from there before it comes from where it was acknowledged.
                await AwaitNoneAsync(async () => [.. places.Values.Except((await group.ReceiptsAsync()).Select(Place), StringComparer.Ordinal)], places.Count, group);
                HashSet<string> seen = new(StringComparer.Ordinal);
                foreach (IGrouping<string, Receipt> queue in (await group.ReceiptsAsync())
                    .Where(receipt => places.TryGetValue(receipt.Key, out string? place) && place == Place(receipt) && seen.Add(place)).GroupBy(static receipt => receipt.Queue, StringComparer.Ordinal))
                {
                    queue.Select(static receipt => Number(receipt.Key)).Should().BeInAscendingOrder($"{producer.Name} sent them to {queue.Key} in that order");
                }

                seen.Should().HaveCount(places.Count, "each place has the message that {0} was acknowledged there", producer.Name);
            }
        }
    }

    /// <summary>What the groups got again so far.</summary>
    public async Task<IReadOnlyList<Receipt>> RepeatsAsync()
    {
        List<Receipt> repeats = [];
        foreach (ConsumerGroup group in groups)
        {
            repeats.AddRange(await group.RepeatsAsync());
        }

        return repeats;
    }

    /// <summary>Nobody sends any more.</summary>
    public async Task EndSendsAsync()
    {
        foreach (ForeignClient producer in _producers)
        {
            await producer.EndAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable client in _producers.Concat<IAsyncDisposable>(groups))
        {
            await client.DisposeAsync();
        }
    }

    private async Task<HashSet<string>> AcknowledgedAsync()
    {
        HashSet<string> acknowledged = new(StringComparer.Ordinal);
        foreach (ForeignClient producer in _producers)
        {
            acknowledged.UnionWith((await producer.EventsAsync()).Where(IsAcknowledged).Select(Key));
        }

        return acknowledged;
    }

    private static async Task AwaitNoneAsync(Func<Task<string[]>> findMissingAsync, int of, ConsumerGroup group)
    {
        string[] missing = [];
        try
        {
            await Eventually.TrueAsync(async () => (missing = await findMissingAsync()).Length == 0, "every acknowledged message is received", KubeCluster.Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{missing.Length} of {of} acknowledged messages did not come to {group.Name}, {string.Join(", ", missing.Take(5))}", late);
        }
    }

    private static bool IsAcknowledged(JsonElement line) => line.TryGetProperty("sendStatus", out JsonElement status) && status.GetString() == "SEND_OK";

    /// <summary>A broker has asked the producer about a transaction.</summary>
    private static bool IsQuestion(JsonElement line) => line.TryGetProperty("event", out JsonElement kind) && kind.GetString() == "check";

    private static string Key(JsonElement line) => line.GetProperty("keys").ToString();

    private static int Number(string key) => int.Parse(key.AsSpan(key.LastIndexOf('-') + 1), CultureInfo.InvariantCulture);

    private static string Place(JsonElement line) => Place($"{line.GetProperty("brokerName").GetString()}/{line.GetProperty("queueId").GetInt32()}", line.GetProperty("queueOffset").GetInt64());

    private static string Place(Receipt receipt) => Place(receipt.Queue, receipt.Offset);

    private static string Place(string queue, long offset) => string.Create(CultureInfo.InvariantCulture, $"{queue}/{offset}");
}
