using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.RocketOps;

/// <summary>Three Java clients of one group start at the same moment, as the copies of an application do. That each is told of the others at once is asserted where the clock stands still (HeartbeatTests).</summary>
[Collection(RocketOpsCollection.Name)]
public sealed partial class MembersStartTogetherTests(RocketOpsFixture fixture)
{
    private const string Topic = "StartTogether";
    private const string Group = "start_together";
    private const int GetConsumerList = 38;
    private const int GetConsumerRunningInfo = 307;
    private const int Members = 3;
    private const int QueuesEach = 3;
    private const int Messages = 90;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableFact]
    public async Task Receive_ByMembersThatStartTogether_EachHasItsShareAndEachMessageComesOnce()
    {
        ServerUnderTest server = fixture.Server;
        await Topics.CreateAsync(server, Topic, queues: Members * QueuesEach);
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        JavaClient java = new(ApacheServer.Version4, server.NameServerAddress);
        await using JavaRun first = await StartAsync(java);
        await using JavaRun second = await StartAsync(java);
        await using JavaRun third = await StartAsync(java);
        await Eventually.TrueAsync(() => ShareAsync(broker), "each member has its share of the queues", Patience);

        string[] sent = [.. Enumerable.Range(0, Messages).Select(static i => string.Create(CultureInfo.InvariantCulture, $"message {i}"))];
        for (int i = 0; i < sent.Length; i++)
        {
            (await RawBroker.SendAsync(broker, Topic, i % (Members * QueuesEach), Encoding.UTF8.GetBytes(sent[i]))).Code.Should().Be(RawBroker.Success);
        }

        await Eventually.TrueAsync(() => sent.All(Received().Contains), "all came", Patience);
        Received().Should().BeEquivalentTo(sent, "each comes to one member, once");

        List<string> Received() => [.. Bodies(first), .. Bodies(second), .. Bodies(third)];
    }

    private static Task<JavaRun> StartAsync(JavaClient java) => java.StartAsync("receive", Topic, "--group", Group, "--from", "first", "--body", "text", "--seconds", "3600");

    private static IEnumerable<string> Bodies(JavaRun member) =>
        JsonLines.Parse(member.Output[..(member.Output.LastIndexOf('\n') + 1)]).Where(static line => line.GetProperty("event").GetString() == "message").Select(static line => line.GetProperty("body").GetString()!);

    /// <summary>Whether all are members, and each says that it reads its share, no two of them the same queue.</summary>
    private static async Task<bool> ShareAsync(RawConnection broker)
    {
        RawFrame list = await broker.RequestAsync(GetConsumerList, Fields());
        if (list.Code != RawBroker.Success)
        {
            return false;
        }

        using JsonDocument body = JsonDocument.Parse(list.Body);
        HashSet<string> queues = new(StringComparer.Ordinal);
        foreach (JsonElement clientId in body.RootElement.GetProperty("consumerIdList").EnumerateArray())
        {
            RawFrame info = await broker.RequestAsync(GetConsumerRunningInfo, Fields(("clientId", clientId.GetString()!), ("jstackEnable", "false")));
            string[] own = [.. QueueOfTopic().Matches(Encoding.UTF8.GetString(info.Body.Span)).Select(static match => match.Groups["id"].Value).Distinct(StringComparer.Ordinal)];
            if (own.Length != QueuesEach)
            {
                return false;
            }

            queues.UnionWith(own);
        }

        return queues.Count == Members * QueuesEach;
    }

    private static Dictionary<string, string> Fields(params (string Name, string Value)[] more)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal) { ["consumerGroup"] = Group };
        foreach ((string name, string value) in more)
        {
            fields[name] = value;
        }

        return fields;
    }

    /// <summary>A queue as a key of the table of what is read: Apache's JSON has objects for names.</summary>
    [GeneratedRegex($$"""\{"brokerName":"[^"]*","queueId":(?<id>\d+),"topic":"{{Topic}}"\}:""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex QueueOfTopic();
}
