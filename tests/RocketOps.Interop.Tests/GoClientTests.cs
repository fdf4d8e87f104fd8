using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>
/// Apache's Go client. Its program sends, receives and judges by itself; messages cross between it and the other libraries all the same.
/// </summary>
public abstract partial class GoClientTests(ServerFixture fixture)
{
    private const int Messages = 12;

    // Below the hour of the delay that Receive_ByGo must not live to see.
    private static readonly TimeSpan LimitOfOneCase = TimeSpan.FromMinutes(10);

    [SkippableFact]
    public async Task Smoke_EveryCaseOfNormalTagOrderedRetry_Passes()
    {
        Kit.Require(SharedKits.GoClient);
        GoClient go = new(fixture.Server.NameServerAddress, fixture.Server.BrokerAddress);

        (_, ProcessResult result) = await go.RunAsync("GoSmoke", "normal,tag,ordered,retry", Messages, LimitOfOneCase);

        result.OutputLines.Where(line => line.StartsWith("PASS ", StringComparison.Ordinal)).Should().HaveCount(4, result.ToString());
        result.ExitCode.Should().Be(0);
    }

    [SkippableFact]
    public async Task Send_ByGo_ReceivedByEveryOtherLibraryUnchanged()
    {
        Kit.Require(SharedKits.GoClient);
        ServerUnderTest server = fixture.Server;
        GoClient go = new(server.NameServerAddress, server.BrokerAddress);

        (string prefix, ProcessResult sent) = await go.RunAsync("GoSends", "normal,tag", Messages, LimitOfOneCase);
        sent.EnsureSuccess();

        string topic = prefix + GoClient.NormalSuffix;
        string run = await RunOfAsync(server, topic);
        List<string> expected = [];
        string[] tags = ["red", "green", "blue"];
        for (int i = 0; i < Messages; i++)
        {
            string tag = tags[i % tags.Length];
            expected.Add(string.Create(CultureInfo.InvariantCulture, $"tag= keys=k{i} {Sha256($"{run}/normal/{i}")}"));
            expected.Add(string.Create(CultureInfo.InvariantCulture, $"tag={tag} keys= {Sha256($"{run}/tag{tag}/{i}")}"));
        }

        foreach (IForeignClient receiver in OtherClients(server))
        {
            IReadOnlyList<ClientMessage> received =
                await receiver.ReceiveAsync(topic, $"g_go_{receiver.Name.Replace('.', '_')}", expected.Count);

            received.Select(message => $"tag={message.Tag} keys={message.Keys} {message.BodySha256}").Should().BeEquivalentTo(expected, receiver.Name);
        }
    }

    /// <summary>
    /// The Go program counts distinct bodies that start with its run's number. In its case "delay" it sends N messages that come after an hour
    /// (see <see cref="ServerFixture"/>) and waits for a sixth of that for N messages: it can only pass with what others send to the same topic in the meantime.
    /// </summary>
    [SkippableFact]
    public async Task Receive_ByGo_MessagesOfEveryOtherLibrary()
    {
        Kit.Require(SharedKits.GoClient);
        ServerUnderTest server = fixture.Server;
        List<IForeignClient> senders = OtherClients(server);
        GoClient go = new(server.NameServerAddress, server.BrokerAddress);

        await using ChildProcess program = await go.StartAsync("GoReceives", "normal,delay", senders.Count, LimitOfOneCase);
        await Eventually.TrueAsync(() => program.Output.Contains("PASS normal", StringComparison.Ordinal), "the Go client's first case", LimitOfOneCase);
        string run = await RunOfAsync(server, "GoReceives" + GoClient.NormalSuffix);
        foreach (IForeignClient sender in senders)
        {
            await sender.SendTextAsync("GoReceives" + GoClient.DelaySuffix, $"{run}/delay/{sender.Name}");
        }

        ProcessResult result = await program.WaitAsync(2 * LimitOfOneCase);

        result.OutputLines.Should().Contain(line => line.StartsWith("PASS delay", StringComparison.Ordinal), result.ToString());
        result.ExitCode.Should().Be(0);
        IReadOnlyList<string> waiting = await WaitingAsync(server);
        waiting.Should().Contain(Enumerable.Range(0, senders.Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{run}/delay/{i}")), "its own wait in their delay level");
    }

    /// <summary>Bodies of what waits in the level that the Go client uses.</summary>
    private static async Task<IReadOnlyList<string>> WaitingAsync(ServerUnderTest server)
    {
        const int queueOfLevel = 1;
        List<string> bodies = [];
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        RawFrame answer = await RawBroker.PullAsync(broker, "SCHEDULE_TOPIC_XXXX", queueOfLevel, 0);
        while (answer.Code == RawBroker.Success)
        {
            IReadOnlyList<RawMessage> page = RawMessage.DecodeAll(answer.Body);
            bodies.AddRange(page.Select(static message => Encoding.UTF8.GetString(message.Body.Span)));
            answer = await RawBroker.PullAsync(broker, "SCHEDULE_TOPIC_XXXX", queueOfLevel, page[^1].QueueOffset + 1);
        }

        return bodies;
    }

    /// <summary>The number that starts every body of one run, taken from the messages of its case "normal".</summary>
    private static async Task<string> RunOfAsync(ServerUnderTest server, string topic)
    {
        const int queues = 8;
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        for (int queue = 0; queue < queues; queue++)
        {
            RawFrame answer = await RawBroker.PullAsync(broker, topic, queue, 0);
            foreach (RawMessage message in answer.Code == RawBroker.Success ? RawMessage.DecodeAll(answer.Body) : [])
            {
                Match match = NormalBody().Match(Encoding.UTF8.GetString(message.Body.Span));
                if (match.Success)
                {
                    return match.Groups["run"].Value;
                }
            }
        }

        throw new InvalidOperationException($"no message of the Go client in {topic}");
    }

    [GeneratedRegex("^(?<run>[0-9a-f]{12,})/normal/[0-9]+", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NormalBody();

    private static string Sha256(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));

    private static List<IForeignClient> OtherClients(ServerUnderTest server)
    {
        string? noNode = SharedKits.WhyMissing(Path.Combine(NodeClient.Folder, "node_modules"));
        Kit.RequireWhat(noNode is null ? null : $"{noNode}: npm ci in tests/interop-node installs it");
        return
        [
            new JavaMatrixClient(ApacheServer.Version4, server.NameServerAddress),
            new JavaMatrixClient(ApacheServer.Version5, server.NameServerAddress),
            new NodeClient(server.NameServerAddress),
            new OurClient(server.NameServerAddress),
        ];
    }
}
