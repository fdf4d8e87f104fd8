using System.Globalization;
using System.Text.Json;
using RocketOps.Testing;

namespace RocketOps.Cluster.Tests;

/// <summary>Judges a cluster by what producers were told and what a consumer got: how many sends failed, that nothing acknowledged is missing, that each queue has the order in which it was produced.</summary>
internal sealed class MessageOracle(IReadOnlyList<ForeignClient> producers, ForeignClient consumer) : IAsyncDisposable
{

    /// <summary>Every producer's messages flow.</summary>
    public async Task ServedAsync(string when)
    {
        foreach (ForeignClient producer in producers)
        {
            await producer.MoreAsync(100, "sent", when);
        }
    }

    /// <summary>How many sends there were, and those that failed.</summary>
    public async Task<(int Sent, IReadOnlyList<string> Failures)> CountAsync()
    {
        int sent = 0;
        List<string> failures = [];
        foreach (ForeignClient producer in producers)
        {
            IReadOnlyList<JsonElement> attempts = await producer.EventsAsync();
            sent += attempts.Count;
            failures.AddRange(attempts.Where(static line => !IsAcknowledged(line)).Select(line => $"{producer.Name}: {line}"));
        }

        return (sent, failures);
    }

    /// <summary>Returns when the consumer has every acknowledged message, with a sentence about it; fails with those that do not come.</summary>
    public async Task<string> AllReceivedAsync()
    {
        HashSet<string> acknowledged = new(StringComparer.Ordinal);
        foreach (ForeignClient producer in producers)
        {
            acknowledged.UnionWith((await producer.EventsAsync()).Where(IsAcknowledged).Select(Key));
        }

        string[] missing = [.. acknowledged];
        await AwaitNoneAsync(async () => missing = [.. acknowledged.Except((await ReceivedAsync()).Select(Key), StringComparer.Ordinal)], acknowledged.Count);
        string[] received = [.. (await ReceivedAsync()).Select(Key)];
        return string.Create(CultureInfo.InvariantCulture, $"{acknowledged.Count} acknowledged, all received; {received.Length - received.Distinct(StringComparer.Ordinal).Count()} received more than once");
    }

    /// <summary>Every acknowledged message comes from the place that its producer was told, and those of one producer in one queue in the order in which they were sent. For a consumer that reads each queue in order.</summary>
    public async Task InOrderAsync()
    {
        foreach (ForeignClient producer in producers)
        {
            Dictionary<string, string> places = (await producer.EventsAsync()).Where(IsAcknowledged).ToDictionary(Key, Place, StringComparer.Ordinal);

            // A message whose first attempt was stored and not answered comes from there before it comes from where it was acknowledged.
            await AwaitNoneAsync(async () => [.. places.Values.Except((await ReceivedAsync()).Select(Place), StringComparer.Ordinal)], places.Count);
            HashSet<string> seen = new(StringComparer.Ordinal);
            foreach (IGrouping<string, JsonElement> queue in (await ReceivedAsync())
                .Where(line => places.TryGetValue(Key(line), out string? place) && place == Place(line) && seen.Add(place)).GroupBy(Queue, StringComparer.Ordinal))
            {
                queue.Select(Number).Should().BeInAscendingOrder($"{producer.Name} sent them to {queue.Key} in that order");
            }

            seen.Should().HaveCount(places.Count, "each place has the message that {0} was acknowledged there", producer.Name);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ForeignClient client in producers.Append(consumer))
        {
            await client.DisposeAsync();
        }
    }

    private static async Task AwaitNoneAsync(Func<Task<string[]>> findMissingAsync, int of)
    {
        string[] missing = [];
        try
        {
            await Eventually.TrueAsync(async () => (missing = await findMissingAsync()).Length == 0, "every acknowledged message is received", KubeCluster.Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{missing.Length} of {of} acknowledged messages did not come, {string.Join(", ", missing.Take(5))}", late);
        }
    }

    private async Task<IEnumerable<JsonElement>> ReceivedAsync() => (await consumer.EventsAsync()).Where(static line => line.GetProperty("event").GetString() == "message");

    private static bool IsAcknowledged(JsonElement line) => line.TryGetProperty("sendStatus", out JsonElement status) && status.GetString() == "SEND_OK";

    private static string Key(JsonElement line) => line.GetProperty("keys").ToString();

    private static int Number(JsonElement line) => int.Parse(Key(line)[(Key(line).LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture);

    private static string Queue(JsonElement line) => $"{line.GetProperty("brokerName").GetString()}/{line.GetProperty("queueId").GetInt32()}";

    private static string Place(JsonElement line) => $"{Queue(line)}/{line.GetProperty("queueOffset").GetInt64()}";
}
