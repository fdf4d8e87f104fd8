using RocketOps.Cli.Tests.Support;
using RocketOps.Testing.Servers;

namespace RocketOps.Cli.Tests.Store;

/// <summary>A broker's store whose folders were lost or moved: found, told, and mended only when a person says so.</summary>
public sealed class RepairCommandTests : IAsyncLifetime
{
    private readonly RocketOpsServer _server = new(new ServerOptions());
    private const string Topic = "repaired";
    private static readonly string[] Bodies = [.. Enumerable.Range(0, 40).Select(static i => $"body-{i}")];

    private string Store => _server.StoreDirectory;

    public async Task InitializeAsync()
    {
        await _server.StartAsync();
        (await OnClusterAsync("topic", "create", Topic, "--queues", "2")).EnsureSuccess();
        (await OnClusterAsync(["produce", Topic, .. Bodies])).EnsureSuccess();
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Repair_QueuesLost_PlansAsksAndMends()
    {
        await _server.StopBrokerAsync();
        Directory.Delete(Path.Combine(Store, "consumequeue"), recursive: true);

        CliRun verify = (await CliRun.RunAsync("store", "verify", Store)).EnsureSuccess();
        CliRun unasked = await CliRun.RunAsync("store", "repair", Store);

        verify.Output.Should().MatchRegex(@"to be recovered: queue 0 of repaired: is missing; it ended at \d+ at the last stop").And.Contain("or by \"rocketops store repair\"");
        unasked.ExitCode.Should().Be(1);
        unasked.Output.Should().Contain("plan: queue 0 of repaired: is missing").And.Contain($"plan: read the log in {Path.Combine(Store, "commitlog")} from 0 on");
        unasked.Error.Should().Contain($"Repair {Store}? There is no terminal to ask at: give --yes to do it.");
        Directory.Exists(Path.Combine(Store, "consumequeue")).Should().BeFalse();

        CliRun repair = (await CliRun.RunAsync("store", "repair", Store, "--yes")).EnsureSuccess();

        repair.Output.Should().Contain("done: Recovered after a clean stop: read the log from 0");
        (await CliRun.RunAsync("store", "verify", Store)).EnsureSuccess().OutputLines.Last().Should().Be("sound");
        (await CliRun.RunAsync("store", "repair", Store)).EnsureSuccess().Output.Should().StartWith("nothing to repair: ");
        await _server.StartBrokerAsync();
        CliRun read = (await OnClusterAsync("consume", Topic, "--exit", "--from", "beginning", "-o", "json")).EnsureSuccess();
        read.OutputLines.Should().HaveCount(Bodies.Length);
    }

    [Fact]
    public async Task Verify_LogElsewhere_IsNeverCalledSoundWithoutIt()
    {
        await _server.StopBrokerAsync();
        string log = Path.Combine(_server.WorkDirectory, "log");
        Directory.Move(Path.Combine(Store, "commitlog"), log);

        CliRun without = await CliRun.RunAsync("store", "verify", Store);
        CliRun repair = await CliRun.RunAsync("store", "repair", Store, "--yes");
        CliRun with = await CliRun.RunAsync("store", "verify", Store, "--commit-log", log);
        CliRun missing = await CliRun.RunAsync("store", "verify", Store, "--commit-log", log + "x");

        without.ExitCode.Should().Be(1);
        without.Output.Should().Contain("damaged: next start: is refused: There is no commit log in").And.Contain("give its folder as --commit-log").And.Contain("1 place damaged");
        repair.ExitCode.Should().Be(1);
        repair.Output.Should().Contain("refused: There is no commit log in").And.Contain("nothing was changed");
        with.EnsureSuccess().Output.Should().MatchRegex("[1-9][0-9]* messages, ").And.Contain("sound");
        missing.Should().Match<CliRun>(static run => run.ExitCode == 2 && run.Error.Contains("is no directory", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Repair_WhileABrokerRuns_IsRefused()
    {
        CliRun repair = await CliRun.RunAsync("store", "repair", Store, "--yes");

        repair.ExitCode.Should().Be(2);
        repair.Error.Should().Contain($"{Store} (storePathRootDir) is in use");
    }

    private Task<CliRun> OnClusterAsync(params string[] arguments) => CliRun.RunAsync([.. arguments, "-n", _server.NameServerAddress]);
}
