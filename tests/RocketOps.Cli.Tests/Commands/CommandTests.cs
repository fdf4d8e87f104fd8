using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>The commands that talk to a running cluster or read a store, as a user types them.</summary>
public sealed class CommandTests(CommandTests.Servers servers) : IClassFixture<CommandTests.Servers>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Topic_CreateListDescribeDelete_SaysWhatIsThere()
    {
        (await RunAsync("topic", "create", "Made", "--queues", "4")).EnsureSuccess().Output.Should().Be("Made: 4 queues on broker-a\n");
        (await RunAsync("topic", "list")).EnsureSuccess().OutputLines.Should().Contain(static line => line.StartsWith("Made ", StringComparison.Ordinal));

        ProcessResult described = await RunAsync("topic", "describe", "Made", "-o", "json");
        using JsonDocument queues = JsonDocument.Parse(described.EnsureSuccess().Output);
        queues.RootElement.EnumerateArray().Select(static queue => (queue.GetProperty("queue").GetInt32(), queue.GetProperty("messages").GetInt64()))
            .Should().Equal((0, 0L), (1, 0L), (2, 0L), (3, 0L));

        (await RunAsync("topic", "delete", "Made")).EnsureSuccess().Output.Should().Be("Made: deleted on broker-a\n");
        (await RunAsync("topic", "list")).EnsureSuccess().OutputLines.Should().NotContain(static line => line.StartsWith("Made ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("describe")]
    [InlineData("delete")]
    public async Task Topic_Unknown_FailsAndSaysSo(string verb)
    {
        ProcessResult result = await RunAsync("topic", verb, "NeverMade");

        result.ExitCode.Should().Be(1);
        result.Output.Should().BeEmpty();
        result.Error.Should().Be("rocketops: The name servers know no topic NeverMade.\n");
    }

    [Fact]
    public async Task Cluster_Status_ListsTheMaster()
    {
        ProcessResult result = await RunAsync("cluster", "status", "-o", "json");

        using JsonDocument brokers = JsonDocument.Parse(result.EnsureSuccess().Output);
        JsonElement master = brokers.RootElement.EnumerateArray().Should().ContainSingle().Subject;
        master.GetProperty("broker").GetString().Should().Be("broker-a");
        master.GetProperty("role").GetString().Should().Be("master");
        master.GetProperty("address").GetString().Should().Be(servers.Cluster.BrokerAddress);
    }

    [Fact]
    public async Task Message_SendAndTail_ShowsWhatWasSentWithoutControlCharacters()
    {
        (await RunAsync("topic", "create", "Watched", "--queues", "1")).EnsureSuccess();
        await using ChildProcess tail = ChildProcess.Start(Program, ["message", "tail", "Watched", "-n", servers.Cluster.NameServerAddress]);
        // Whoever watches sees what comes after it has begun; when that is nobody says, so messages are sent until one is seen.
        await Eventually.TrueAsync(
            async () =>
            {
                (await RunAsync("message", "send", "Watched", "wörld\u001b[31m red", "--tag", "A", "--key", "k1")).EnsureSuccess();
                return tail.Output.Contains("wörld", StringComparison.Ordinal);
            },
            "the message is shown",
            Patience);

        tail.Output.Split('\n')[0].Should().EndWith(" A k1 wörld\uFFFD[31m red");
        tail.Terminate();
        (await tail.WaitAsync(Patience)).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task AnyCommand_NoNameServer_SaysWhichAddressRefused()
    {
        ProcessResult result = await ChildProcess.RunAsync(Program, ["topic", "list", "-n", "127.0.0.1:1"], Patience);

        result.ExitCode.Should().Be(1);
        result.Error.Should().StartWith("rocketops: no name server of \"127.0.0.1:1\" answers").And.Contain("Connection refused");
    }

    [Fact]
    public async Task AnyCommand_WrongOption_ExitsWithUsage()
    {
        ProcessResult result = await ChildProcess.RunAsync(Program, ["topic", "list", "--nope"], Patience);

        result.ExitCode.Should().Be(2);
        result.Error.Should().Contain("--nope");
    }

    [Fact]
    public async Task Store_DumpAndVerify_ReadTheRunningBrokersStore()
    {
        ProcessResult sent = await RunAsync("message", "send", "Dumped", "one", "-o", "json");
        using JsonDocument answer = JsonDocument.Parse(sent.EnsureSuccess().Output);
        string id = answer.RootElement[0].GetProperty("messageId").GetString()!;

        ProcessResult dump = await ChildProcess.RunAsync(Program, ["store", "dump", servers.Cluster.StoreDirectory], Patience);
        ProcessResult verify = await ChildProcess.RunAsync(Program, ["store", "verify", servers.Cluster.StoreDirectory], Patience);

        dump.EnsureSuccess().OutputLines.Should().Contain(line => line.Contains(id, StringComparison.Ordinal));
        // Of a running broker the index may still be in memory, which the next start would put right.
        verify.EnsureSuccess().Output.Should().MatchRegex("[1-9][0-9]* messages, ").And.NotContain("damaged: ");
    }

    [Fact]
    public async Task Store_NoSuchFolder_FailsAndSaysSo()
    {
        using TempDirectory folder = new("cli-");

        ProcessResult result = await ChildProcess.RunAsync(Program, ["store", "verify", folder.File("missing")], Patience);

        result.ExitCode.Should().Be(2);
        result.Error.Should().Contain("missing is no directory");
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "rocketops");

    private Task<ProcessResult> RunAsync(params string[] arguments) =>
        ChildProcess.RunAsync(Program, [.. arguments, "-n", servers.Cluster.NameServerAddress], Patience);

    /// <summary>One name server and one broker for all tests.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        public ServerUnderTest Cluster { get; } = new RocketOpsServer();

        public Task InitializeAsync() => Cluster.StartAsync();

        public async Task DisposeAsync() => await Cluster.DisposeAsync();
    }
}
