using System.Globalization;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// What goes back and forth between unmodified Java clients and the master beside a test: transactions that their producer ends when it is asked about them, and requests that another client answers. Whoever leads has to know
/// producers and consumers by their connections for that.
/// </summary>
internal sealed class Exchanges : IAsyncDisposable
{
    private const string Transactions = "Transactions";
    private const string Requests = "Requests";

    /// <summary>
    /// The client's default. Who has his reply may send the next request before he has read that his connection ends behind it: that one fails with the connection, in 5.5.0 by NettyRemotingAbstract's "send a request command to
    /// channel failed", and is sent again by MQClientAPIImpl.onExceptionImpl.
    /// </summary>
    private static readonly string[] Attempts = ["--retry", "2"];

    private readonly MessageOracle _transactions;
    private readonly ForeignClient _answers;
    private readonly ForeignClient _requests;

    public Exchanges(string nameServer)
    {
        _transactions = new MessageOracle(
            [ForeignClient.Java("p_transactions", ["send", "--namesrv", nameServer, "--topic", Transactions, "--group", "p_transactions", "--keys", "t", "--transaction", "unknown", "--check", "commit", "--count", "1000000", "--pause", "100", .. Attempts])],
            ConsumerGroup.Java("g_transactions", nameServer, Transactions, 1));
        _answers = ForeignClient.Java("g_requests", ["reply", "--namesrv", nameServer, "--topic", Requests, "--group", "g_requests", "--count", "100000000", "--seconds", "3600", .. Attempts]);
        _requests = ForeignClient.Java("p_requests", ["request", "--namesrv", nameServer, "--topic", Requests, "--group", "p_requests", "--count", "100000000", "--timeout", "10000", .. Attempts]);
    }

    /// <summary>The topics they need, as objects of a cluster.</summary>
    public static string TopicsOf(string cluster) => $$"""
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: {{cluster}}-transactions, namespace: default }
        spec: { clusterRef: { name: {{cluster}} }, topicName: {{Transactions}} }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: {{cluster}}-requests, namespace: default }
        spec: { clusterRef: { name: {{cluster}} }, topicName: {{Requests}} }
        """;

    /// <summary>Halves are taken, and requests answered.</summary>
    public async Task ServedAsync(string when)
    {
        await _transactions.ServedAsync(when);
        await _requests.MoreAsync(100, "reply", when);
    }

    /// <summary>Halves that were not taken and requests that nobody answered so far, as the clients tell of them.</summary>
    public async Task<IReadOnlyList<string>> FailuresAsync()
    {
        (_, IReadOnlyList<string> halves) = await _transactions.CountAsync();
        return [.. halves, .. (await _requests.EventsAsync()).Where(static line => line.GetProperty("event").GetString() == "error").Select(static (line, i) => string.Create(CultureInfo.InvariantCulture, $"request, failure {i + 1}: {line}"))];
    }

    /// <summary>Fails when a half was not taken or a request not answered so far. Returns when each half that was taken is read as its producer ended it, with a sentence about all.</summary>
    public async Task<string> AllDoneAsync()
    {
        (await FailuresAsync()).Should().BeEmpty("every half is taken, and every request answered");
        int answered = (await _requests.EventsAsync()).Count;
        string received = await _transactions.AllReceivedAsync();
        return string.Create(CultureInfo.InvariantCulture, $"transactions: {received}; {answered} requests answered");
    }

    public async ValueTask DisposeAsync()
    {
        await _requests.DisposeAsync();
        await _answers.DisposeAsync();
        await _transactions.DisposeAsync();
    }
}
