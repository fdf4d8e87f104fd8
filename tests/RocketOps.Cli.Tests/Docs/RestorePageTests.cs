using RocketOps.Cli.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Docs;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Cli.Tests.Docs;

/// <summary>What docs/back-up-and-restore.md says about copies of folders, done with brokers.</summary>
public sealed class RestorePageTests
{
    private const string Page = "docs/back-up-and-restore.md";
    private const string Topic = "orders";
    private const string CopyCommand = "cp -r --sparse=always store copy";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly string[] Before = [.. Enumerable.Range(0, 400).Select(static i => $"before-{i}")];

    /// <summary>The page's own blocks, in its order, on the store of a broker that takes messages.</summary>
    [Fact]
    public async Task Blocks_OfThePage_MakeACopyThatIsSoundAndHasAllFromBefore()
    {
        IReadOnlyList<DocumentedBlock> blocks = DocumentedBlocks.Of(Page, "sh");
        DocumentedBlock copy = blocks.Single(static block => block.Text.Contains(CopyCommand, StringComparison.Ordinal));
        DocumentedBlock check = blocks.Single(static block => block.Text.Contains("store repair copy", StringComparison.Ordinal));
        await using RocketOpsServer server = await StartAsync();
        string store = await WhileProducingAsync(server, copy.Commands, []);

        await RunAsync(server.WorkDirectory, check.Commands);

        (await CliRun.RunAsync("store", "verify", store)).EnsureSuccess().OutputLines.Last().Should().Be("sound");
        await ShouldHaveAsync(store);
    }

    /// <summary>What is copied first is older than the rest: whatever it is, the next start finds out.</summary>
    [Theory]
    [InlineData("commitlog")]
    [InlineData("consumequeue")]
    [InlineData("index")]
    [InlineData("checkpoint inventory")]
    [InlineData("config")]
    public async Task Copy_InAnyOrder_HasAllFromBefore(string first)
    {
        await using RocketOpsServer server = await StartAsync();
        string store = await WhileProducingAsync(
            server,
            ["mkdir copy", .. first.Split(' ').Select(static name => $"cp -r --sparse=always store/{name} copy/")],
            [
                $"for name in store/*; do case \" {first} \" in *\" $(basename $name) \"*) ;; *) cp -r --sparse=always $name copy/ ;; esac; done",
            ]);

        await ShouldHaveAsync(store);
    }

    /// <summary>The table of folders: each is taken from a stopped store, and the broker starts with all of its messages, or says what is missing.</summary>
    [Theory]
    [InlineData("consumequeue")]
    [InlineData("index")]
    [InlineData("checkpoint")]
    [InlineData("inventory")]
    [InlineData("abort")]
    public async Task Folder_Missing_CostsNoMessage(string name)
    {
        await using RocketOpsServer server = await StartAsync();
        await server.KillBrokerAsync();
        await RunAsync(server.WorkDirectory, [$"mv store/{name} gone"]);

        await ShouldHaveAsync(server.StoreDirectory);
    }

    [Fact]
    public async Task Folder_OfTheLogMissing_RefusesTheStartAndNamesIt()
    {
        await using RocketOpsServer server = await StartAsync();
        await server.StopBrokerAsync();
        await RunAsync(server.WorkDirectory, ["mv store/commitlog gone"]);
        await File.WriteAllTextAsync(
            Path.Combine(server.WorkDirectory, "refused.conf"), $"storePathRootDir={server.StoreDirectory}\nlistenPort={LoopbackPorts.Find(0, 2, 3) + 2}\nbrokerIP1=127.0.0.1\n");

        ProcessResult broker = await ChildProcess.RunAsync(Programs.Broker, ["-c", Path.Combine(server.WorkDirectory, "refused.conf")], Patience);

        broker.ExitCode.Should().NotBe(0);
        (broker.Output + broker.Error).Should().Contain($"There is no commit log in {server.StoreDirectory}/commitlog (storePathCommitLog)");
        await RunAsync(server.WorkDirectory, ["if [ -d store/commitlog ]; then rmdir store/commitlog; fi", "mv gone store/commitlog"]);
        await ShouldHaveAsync(server.StoreDirectory);
    }

    /// <summary>A server whose store has all of <see cref="Before"/>, acknowledged.</summary>
    private static async Task<RocketOpsServer> StartAsync()
    {
        RocketOpsServer server = new(new ServerOptions());
        await server.StartAsync();
        (await CliRun.RunAsync("topic", "create", Topic, "--queues", "4", "-n", server.NameServerAddress)).EnsureSuccess();
        (await CliRun.RunAsync(["produce", Topic, .. Before, "-n", server.NameServerAddress])).EnsureSuccess();
        await Eventually.TrueAsync(() => Directory.Exists(Path.Combine(server.StoreDirectory, "index")), "keys are on the disk", Patience);
        return server;
    }

    /// <summary>Runs commands beside the store while messages come, the second ones when the broker has noted that its queues went on. Returns the copy's path.</summary>
    private static async Task<string> WhileProducingAsync(RocketOpsServer server, IEnumerable<string> first, string[] second)
    {
        using CancellationTokenSource copied = new();
        Task producing = Task.Run(async () =>
        {
            while (!copied.IsCancellationRequested)
            {
                (await CliRun.RunAsync(["produce", Topic, .. Before.Select(static body => $"later than {body}"), "-n", server.NameServerAddress])).EnsureSuccess();
            }
        });
        await RunAsync(server.WorkDirectory, first);
        if (second.Length > 0)
        {
            string checkpoint = Path.Combine(server.StoreDirectory, "checkpoint");
            byte[] before = await File.ReadAllBytesAsync(checkpoint);
            await Eventually.TrueAsync(() => producing.IsFaulted || !File.ReadAllBytes(checkpoint).AsSpan().SequenceEqual(before), "the broker has noted how far its queues are", Patience);
            await RunAsync(server.WorkDirectory, second);
        }

        await copied.CancelAsync();
        await producing;
        return Path.Combine(server.WorkDirectory, "copy");
    }

    private static async Task RunAsync(string folder, IEnumerable<string> commands)
    {
        string script = $"set -e\nrocketops() {{ '{Programs.RocketOps}' \"$@\"; }}\n{string.Join('\n', commands)}\n";
        ProcessResult result = await ChildProcess.RunAsync("/bin/sh", ["-c", script], Patience, new Dictionary<string, string>(StringComparer.Ordinal), folder);
        result.ExitCode.Should().Be(0, result.ToString());
    }

    /// <summary>A broker opens the store elsewhere, and has everything from before, each once.</summary>
    private static async Task ShouldHaveAsync(string store)
    {
        await using RocketOpsServer elsewhere = new(new ServerOptions { StoreDirectory = store });
        await elsewhere.StartAsync();
        CliRun read = (await CliRun.RunAsync("consume", Topic, "--exit", "--from", "beginning", "-o", "json", "-n", elsewhere.NameServerAddress)).EnsureSuccess();
        read.OutputLines.Where(static line => line.Contains("\"body\":\"before-", StringComparison.Ordinal)).Should().HaveCount(Before.Length).And.OnlyHaveUniqueItems();
    }
}
