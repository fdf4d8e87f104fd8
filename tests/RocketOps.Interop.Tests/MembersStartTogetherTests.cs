using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Interop.Tests;

/// <summary>
/// Three Java clients of one group start at the same moment, as the copies of an application do, while messages come. What comes before each has its share may come twice with any broker: whoever had a queue first
/// has messages of it in hand when it hears of the others, and commits when it gives the queue up, while the next one asks where to begin. From the first message of the last one on each comes once, unless a client was
/// told late of the others and goes on with queues that are theirs. This shows what programs see, and cannot prove it: a start may be clean by chance, too. That each is told before the newcomer is answered is asserted where the clock stands still
/// (HeartbeatTests).
/// </summary>
public abstract partial class MembersStartTogetherTests(ServerFixture fixture, ITestOutputHelper output)
{
    private const int GetConsumerList = 38;
    private const int GetConsumerRunningInfo = 307;
    private const int Members = 3;
    private const int QueuesEach = 3;
    private const int Queues = Members * QueuesEach;

    // A thread of a client that gets no processor for a while gives its queues up late, whatever it was told. Who is told late is late each time.
    private const int Starts = 8;

    // As long as a late notice would do harm, several times: rounds of one message for each queue.
    private const int RoundsAfter = 60;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // Between rounds: some hundred messages a second.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    [SkippableTheory]
    [InlineData(ApacheServer.Version4)]
    [InlineData(ApacheServer.Version5)]
    public async Task Receive_ByMembersThatStartTogetherWhileMessagesCome_EachHasItsShareAndFromThenOnEachMessageComesOnce(string version)
    {
        List<string> twice = [];
        for (int start = 0; start < Starts; start++)
        {
            string[] repeated = await StartTogetherAsync(version, string.Create(CultureInfo.InvariantCulture, $"StartTogether{version.Replace('.', '_')}_{start}"));
            if (repeated.Length == 0)
            {
                return;
            }

            twice.Add(string.Join(", ", repeated));
        }

        twice.Should().BeEmpty("{0}: in none of {1} starts each message came once after all members had their shares", fixture.Server.Name, Starts);
    }

    /// <summary>The messages that came more than once although they were stored when each of the three had its share.</summary>
    private async Task<string[]> StartTogetherAsync(string version, string topic)
    {
        ServerUnderTest server = fixture.Server;
        string group = $"g_{topic}";
        await Topics.CreateAsync(server, topic, Queues);
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        await using Flow flow = await Flow.BeginAsync(server.BrokerAddress, topic);
        await Eventually.TrueAsync(() => flow.Sent >= Queues, "messages come", Patience);

        JavaClient java = new(version, server.NameServerAddress);
        Task<JavaRun>[] starting = [.. Enumerable.Range(0, Members).Select(_ => java.StartAsync("receive", topic, "--group", group, "--from", "first", "--body", "text", "--seconds", "3600"))];
        JavaRun[] members = await Task.WhenAll(starting);
        try
        {
            await Eventually.TrueAsync(() => Array.TrueForAll(members, static member => member.Output.Contains("\"event\":\"message\"", StringComparison.Ordinal)), "each has had a message", Patience);
            int enough = flow.Sent + (RoundsAfter * Queues);
            await Eventually.TrueAsync(() => flow.Sent >= enough, "messages go on", Patience);
            await Eventually.TrueAsync(() => ShareAsync(broker, topic, group), "each member has its share of the queues", Patience);
            int sent = await flow.EndAsync();
            await Eventually.TrueAsync(() => Enumerable.Range(0, sent).Select(Text).ToHashSet(StringComparer.Ordinal).IsSubsetOf(members.SelectMany(Received).Select(static message => message.Body)), "all came", Patience);
            return Repeated([.. members.Select(static member => Received(member).ToArray())]);
        }
        finally
        {
            foreach (JavaRun member in members)
            {
                await member.DisposeAsync();
            }
        }
    }

    /// <summary>Of what was stored after the last of them had its first message.</summary>
    private string[] Repeated(IReadOnlyList<(string Body, long Stored, long Received)[]> members)
    {
        long all = members.Max(static messages => messages[0].Received);
        List<(string Body, long Stored, long Received)> received = [.. members.SelectMany(static messages => messages)];
        string[] repeated = [.. received.Where(message => message.Stored > all).GroupBy(static message => message.Body, StringComparer.Ordinal).Where(static same => same.Count() > 1).Select(static same => same.Key)];
        received.Count(message => message.Stored > all).Should().BeGreaterThan(RoundsAfter, "messages go on when all have their shares");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{fixture.Server.Name}: first messages within {all - members.Min(static messages => messages[0].Received)} ms; {received.Count} came, {received.Count - received.DistinctBy(static message => message.Body).Count()} of them again, {repeated.Length} of those stored when all had their shares"));
        return repeated;
    }

    private static IEnumerable<(string Body, long Stored, long Received)> Received(JavaRun member) => JsonLines.Parse(member.Output)
        .Where(static line => line.GetProperty("event").GetString() == "message")
        .Select(static line => (line.GetProperty("body").GetString()!, line.GetProperty("storeTimestamp").GetInt64(), line.GetProperty("receivedTimestamp").GetInt64()));

    /// <summary>Whether all are members, and each says that it reads its share, no two of them the same queue.</summary>
    private static async Task<bool> ShareAsync(RawConnection broker, string topic, string group)
    {
        RawFrame list = await broker.RequestAsync(GetConsumerList, RawFields.Of(("consumerGroup", group)));
        if (list.Code != RawBroker.Success)
        {
            return false;
        }

        using JsonDocument body = JsonDocument.Parse(list.Body);
        HashSet<string> queues = new(StringComparer.Ordinal);
        foreach (JsonElement clientId in body.RootElement.GetProperty("consumerIdList").EnumerateArray())
        {
            RawFrame info = await broker.RequestAsync(GetConsumerRunningInfo, RawFields.Of(
                ("consumerGroup", group), ("clientId", clientId.GetString()!), ("jstackEnable", "false")));
            string[] own = [.. Queue().Matches(Encoding.UTF8.GetString(info.Body.Span)).Where(match => match.Groups["topic"].Value == topic).Select(static match => match.Groups["id"].Value).Distinct(StringComparer.Ordinal)];
            if (own.Length != QueuesEach)
            {
                return false;
            }

            queues.UnionWith(own);
        }

        return queues.Count == Queues;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A queue as a key of the table of what is read: Apache's JSON has objects for names.</summary>
    [GeneratedRegex("""\{"brokerName":"[^"]*","queueId":(?<id>\d+),"topic":"(?<topic>[^"]*)"\}:""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Queue();

    /// <summary>Messages that are sent to all queues in turn until it ends. Their bodies are numbers, from 0 on.</summary>
    private sealed class Flow : IAsyncDisposable
    {
        private readonly RawConnection _broker;
        private readonly string _topic;
        private readonly CancellationTokenSource _end = new();
        private readonly Task _work;
        private int _sent;

        private Flow(RawConnection broker, string topic)
        {
            _broker = broker;
            _topic = topic;
            _work = SendAsync();
        }

        /// <summary>How many were answered with success so far.</summary>
        public int Sent => Volatile.Read(ref _sent);

        public static async Task<Flow> BeginAsync(string broker, string topic) => new(await RawConnection.ConnectAsync(broker), topic);

        /// <summary>Sends no more; returns how many it were.</summary>
        public async Task<int> EndAsync()
        {
            await _end.CancelAsync();
            await _work;
            return Sent;
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                await EndAsync();
            }
            finally
            {
                await _broker.DisposeAsync();
                _end.Dispose();
            }
        }

        private async Task SendAsync()
        {
            while (!_end.IsCancellationRequested)
            {
                for (int queue = 0; queue < Queues; queue++)
                {
                    (await RawBroker.SendAsync(_broker, _topic, queue, Encoding.ASCII.GetBytes(Text(Sent)))).Code.Should().Be(RawBroker.Success);
                    Interlocked.Increment(ref _sent);
                }

                await Task.Delay(Pace);
            }
        }
    }
}
