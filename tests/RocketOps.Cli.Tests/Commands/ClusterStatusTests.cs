using System.Globalization;
using System.Text.Json;
using RocketOps.Cli.Tests.Support;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>What <c>rocketops cluster status</c> makes of what brokers say of themselves.</summary>
public sealed class ClusterStatusTests
{
    private const string Nobody = "brokerPermission is 4, which lets nobody write; set it to 6";
    private const string Alone = "fewer copies are in sync than minInSyncReplicas asks for";
    private const string Parted = "its log has another record at the end than the master's; store diverged says what was cut off";

    [Theory]
    [InlineData("DISK", "the disk is full: no room for queues and index")]
    [InlineData("STORE", "the store cannot be written")]
    [InlineData("COPIES", Alone)]
    [InlineData("PERMISSION", Nobody)]
    [InlineData("NOT_LEADING", "it has not begun its epoch yet")]
    public async Task Status_MasterRefuses_SaysWhyAndEndsWithOne(string word, string sentence)
    {
        Dictionary<string, string> master = new(StringComparer.Ordinal) { ["rocketOpsSendsRefused"] = sentence, ["rocketOpsSendsRefusedBy"] = word };

        CliRun run = await RunAsync([], master, Slave("true"));
        JsonElement[] rows = Rows(await RunAsync(["-o", "json"], master, Slave("true")));

        run.ExitCode.Should().Be(1);
        run.OutputLines.First().Should().EndWith("PROBLEM");
        run.OutputLines.ElementAt(1).Should().Contain(" master ").And.EndWith(sentence);
        run.OutputLines.ElementAt(2).Should().Contain(" slave ").And.EndWith(" -");
        rows[0].GetProperty("problem").GetString().Should().Be(sentence);
        rows[0].GetProperty("refusedBy").GetString().Should().Be(word);
        rows[1].GetProperty("refusedBy").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task Status_SlaveDoesNotFollow_SaysWhyAndEndsWithOne()
    {
        CliRun run = await RunAsync(["-o", "json"], Figures(), Slave("false", Parted));

        run.ExitCode.Should().Be(1);
        JsonElement[] rows = Rows(run);
        rows[0].GetProperty("problem").ValueKind.Should().Be(JsonValueKind.Null);
        rows[0].GetProperty("follows").ValueKind.Should().Be(JsonValueKind.Null, "a master follows nobody");
        rows[1].GetProperty("problem").GetString().Should().Be(Parted);
        rows[1].GetProperty("follows").GetBoolean().Should().BeFalse();
    }

    [Fact]
    public async Task Status_BrokersClaimOneName_SaysWhichAndEndsWithOne()
    {
        const string Claim = "two brokers register as broker-a with id 0: h:1 and h:2";
        await using FakePeer broker = await FakePeer.StartAsync((RequestCode.GetBrokerRuntimeInfo, FakePeer.Body(JsonSerializer.Serialize(new { table = Figures() }))));
        Func<RemotingCommand, RemotingCommand?> known = FakePeer.Body($$$"""{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"{{{broker.Address}}}"},"brokerName":"broker-a","cluster":"C"}},"clusterAddrTable":{"C":["broker-a"]}}""");
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetBrokerClusterInfo, request => known(request)!.Set("conflicts", $"broker-a\t{Claim}\nother\tof another")));

        CliRun run = await CliRun.RunAsync("cluster", "status", "-o", "json", "-n", nameServer.Address);

        run.ExitCode.Should().Be(1);
        Rows(run)[0].GetProperty("problem").GetString().Should().Be(Claim);
    }

    [Fact]
    public async Task Status_SlaveFollows_IsFine()
    {
        CliRun run = await RunAsync(["-o", "json"], Figures(), Slave("true"));

        run.EnsureSuccess();
        Rows(run)[1].GetProperty("follows").GetBoolean().Should().BeTrue();
    }

    /// <summary>They have none of our keys.</summary>
    [Fact]
    public async Task Status_ApachesBrokers_HaveNoProblem()
    {
        CliRun run = await RunAsync(["-o", "json"], Figures(), Figures());

        run.EnsureSuccess();
        Rows(run).Should().OnlyContain(static row => row.GetProperty("problem").ValueKind == JsonValueKind.Null && row.GetProperty("follows").ValueKind == JsonValueKind.Null && row.GetProperty("refusedBy").ValueKind == JsonValueKind.Null);
    }

    [Fact]
    public async Task Status_OnlySlavesAreKnown_NobodyTakesMessages()
    {
        CliRun run = await RunAsync([], null, Slave("true"));

        run.ExitCode.Should().Be(1);
        run.OutputLines.Should().HaveCount(2);
        run.OutputLines.Last().Should().EndWith("broker-a has no master, so nobody takes messages for it");
    }

    /// <summary>A program that wants to know it has the time itself.</summary>
    [Fact]
    public async Task Status_BrokersThatSaySo_HaveTheirUptimeInTablesAlone()
    {
        Dictionary<string, string> master = Figures();
        master["bootTimestamp"] = DateTimeOffset.UtcNow.AddHours(-75.5).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

        CliRun table = await RunAsync([], master, Figures());
        JsonElement[] rows = Rows(await RunAsync(["-o", "json"], master, Figures()));

        table.OutputLines.First().Should().EndWith(" UPTIME   PROBLEM");
        table.OutputLines.ElementAt(1).Should().MatchRegex(" 3d3h +-$");
        table.OutputLines.ElementAt(2).Should().MatchRegex(" - +-$");
        rows[0].TryGetProperty("uptime", out _).Should().BeFalse();
        rows[0].GetProperty("startTime").GetString().Should().StartWith("20");
    }

    private static Dictionary<string, string> Figures() => new(StringComparer.Ordinal) { ["brokerVersionDesc"] = "V5_3_3", ["putTps"] = "0.0 0.0 0.0", ["commitLogMaxOffset"] = "0" };

    private static Dictionary<string, string> Slave(string follows, string? why = null)
    {
        Dictionary<string, string> figures = Figures();
        figures["rocketOpsFollows"] = follows;
        if (why is not null)
        {
            figures["rocketOpsNotFollowing"] = why;
        }

        return figures;
    }

    private static JsonElement[] Rows(CliRun run) => [.. JsonSerializer.Deserialize<JsonElement>(run.Output).EnumerateArray()];

    /// <summary>Against a name server that knows these brokers as 0 and 1 of a group, and brokers that say this of themselves; null for one that is not there.</summary>
    private static async Task<CliRun> RunAsync(string[] options, params Dictionary<string, string>?[] members)
    {
        List<FakePeer> peers = [];
        try
        {
            List<string> addresses = [];
            for (int id = 0; id < members.Length; id++)
            {
                if (members[id] is { } figures)
                {
                    peers.Add(await FakePeer.StartAsync((RequestCode.GetBrokerRuntimeInfo, FakePeer.Body(JsonSerializer.Serialize(new { table = figures })))));
                    addresses.Add($"{id}:\"{peers[^1].Address}\"");
                }
            }

            string known = $$$"""{"brokerAddrTable":{"broker-a":{"brokerAddrs":{{{{string.Join(',', addresses)}}}},"brokerName":"broker-a","cluster":"C"}},"clusterAddrTable":{"C":["broker-a"]}}""";
            peers.Add(await FakePeer.StartAsync((RequestCode.GetBrokerClusterInfo, FakePeer.Body(known))));
            return await CliRun.RunAsync(["cluster", "status", .. options, "-n", peers[^1].Address]);
        }
        finally
        {
            foreach (FakePeer peer in peers)
            {
                await peer.DisposeAsync();
            }
        }
    }
}
