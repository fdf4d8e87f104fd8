using System.Globalization;
using System.Text;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.NameServers;
using RocketOps.NameServer.Hosting;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.RocketOps;

/// <summary>A static topic over two brokers is remapped while one of two name servers is away and comes back knowing nothing: Java consumers, one that is there and one that comes when it is back, get everything.</summary>
public sealed class StaticTopicRestartTests
{
    private const string Topic = "StaticRestart";
    private const string SecondBroker = "broker-b";
    private const int GetRouteInfoByTopic = 105;
    private const int Each = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableFact]
    public async Task Receive_WhileTheTopicIsRemappedAndANameServerRestarts_GetsEveryMessage()
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        int port = LoopbackPorts.Find(0);
        string restarting = Loopback(port);
        NameServerHost first = await OwnNameServer.StartAsync(port, directory.Path);
        try
        {
            int otherPort = LoopbackPorts.Find(0);
            string staying = Loopback(otherPort);
            await using NameServerHost other = await OwnNameServer.StartAsync(otherPort, directory.Path);
            string both = $"{restarting};{staying}";
            await using ServerUnderTest a = Broker(ServerUnderTest.BrokerName);
            await a.StartAsync();
            await using ServerUnderTest b = Broker(SecondBroker);
            await b.StartAsync();
            await KnowsBothAsync(restarting);
            await KnowsBothAsync(staying);
            JavaClient tools = new(ApacheServer.Version5, staying);
            (await tools.AdminAsync("updateStaticTopic", "-b", $"{ServerUnderTest.BrokerName},{SecondBroker}", "-t", Topic, "-qn", "4")).Should().NotContain("Exception");
            await Eventually.TrueAsync(() => Topics.HasRouteAsync(staying, Topic, ServerUnderTest.BrokerName, SecondBroker), $"both brokers have registered {Topic}");
            await using JavaRun there = await ReceiveAsync("there");
            await tools.RunAsync("send", Topic, "--count", Text(Each), "--keys", "before");
            await GotAsync(there, ["before"], "what is sent before comes");

            await first.DisposeAsync();
            (await tools.AdminAsync("remappingStaticTopic", "-b", SecondBroker, "-t", Topic)).Should().Contain(".after").And.NotContain("Exception");
            await tools.RunAsync("send", Topic, "--count", Text(Each), "--keys", "meanwhile");
            first = await OwnNameServer.StartAsync(port, directory.Path);
            await using JavaRun later = await ReceiveAsync("later");
            await tools.RunAsync("send", Topic, "--count", Text(Each), "--keys", "after");

            await GotAsync(there, ["before", "meanwhile", "after"], "everything comes to who was there");
            await GotAsync(later, ["before", "meanwhile", "after"], "everything comes to who came later");

            Task<JavaRun> ReceiveAsync(string group) => new JavaClient(ApacheServer.Version5, both).StartAsync("receive", Topic, "--group", $"g_{group}", "--from", "first", "--seconds", "3600");

            RocketOpsServer Broker(string name) => new(new ServerOptions
            {
                NameServerAddress = restarting,
                Broker = new Dictionary<string, string>(StringComparer.Ordinal) { ["brokerName"] = name, ["namesrvAddr"] = both },
            });

            Task KnowsBothAsync(string nameServer) => Eventually.TrueAsync(
                async () =>
                {
                    await using RawConnection connection = await RawConnection.ConnectAsync(nameServer);
                    RawFrame route = await connection.RequestAsync(GetRouteInfoByTopic, new Dictionary<string, string>(StringComparer.Ordinal) { ["topic"] = "TBW102" });
                    string text = Encoding.UTF8.GetString(route.Body.Span);
                    return text.Contains(a.BrokerAddress, StringComparison.Ordinal) && text.Contains(b.BrokerAddress, StringComparison.Ordinal);
                },
                $"{nameServer} knows both brokers",
                Patience);
        }
        finally
        {
            await first.DisposeAsync();
        }
    }

    /// <summary>Waits until all messages of these keys have come. Some may come twice: who begins with a name server that knows one of the brokers only reads the rest when it knows the other.</summary>
    private static async Task GotAsync(JavaRun member, string[] keys, string what)
    {
        HashSet<string> wanted = new(keys.SelectMany(static key => Enumerable.Range(0, Each).Select(number => string.Create(CultureInfo.InvariantCulture, $"{key}-{number}"))), StringComparer.Ordinal);
        try
        {
            await Eventually.TrueAsync(() => wanted.IsSubsetOf(Received(member)), what, Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; missing: {string.Join(' ', wanted.Except(Received(member), StringComparer.Ordinal))}", late);
        }
    }

    private static IEnumerable<string> Received(JavaRun member) => JsonLines.Parse(member.Output[..(member.Output.LastIndexOf('\n') + 1)])
        .Where(static line => line.GetProperty("event").GetString() == "message").Select(static line => line.GetProperty("keys").GetString()!);

    private static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
