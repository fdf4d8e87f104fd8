using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.NameServer.Tests;

public sealed class ProgramTests
{
    private static readonly string Program = Programs.NameServer;
    private static readonly TimeSpan Patience = Eventually.DefaultDeadline;

    [Fact]
    public async Task Start_ThenTerminated_SaysItServesAndEndsWithZero()
    {
        using TempDirectory directory = new();
        string file = directory.File("namesrv.conf");
        await File.WriteAllTextAsync(file, $"listenPort=0\nbindAddress=127.0.0.1\nkvConfigPath={directory.File("kvConfig.json")}\nserverWorkerThreads=8\nenableControllerInNamesrv=true\n");
        await using ChildProcess process = ChildProcess.Start(Program, ["-c", file], workingDirectory: directory.Path);

        await Eventually.TrueAsync(() => process.HasExited || process.Output.Contains("The Name Server boot success. serializeType=JSON, address 127.0.0.1:", StringComparison.Ordinal), "the name server serves", Patience);
        process.Terminate();
        ProcessResult result = await process.WaitAsync(Patience);

        result.ExitCode.Should().Be(0, "{0}", result);
        result.Output.Should().Contain($"{file}:5: enableControllerInNamesrv: not supported");
    }

    [Fact]
    public async Task Start_WrongConfiguration_ReportsEverythingAndRefuses()
    {
        using TempDirectory directory = new();
        string file = directory.File("namesrv.conf");
        await File.WriteAllTextAsync(file, "listenPrt=1\nlistenPort=99999\n");

        ProcessResult result = await ChildProcess.RunAsync(Program, ["-c", file, "--bindAddress=everywhere"], Patience);

        result.ExitCode.Should().Be(2);
        result.Error.Should().Contain($"{file}:1: listenPrt: unknown key; did you mean listenPort?")
            .And.Contain($"{file}:2: listenPort: \"99999\" is not allowed; allowed: a whole number from 0 to 65535 (default 9876)")
            .And.Contain("argument --bindAddress=everywhere: bindAddress: \"everywhere\" is not allowed: it is no IP address; allowed: an IP address of this machine, 0.0.0.0 or :: (default ::)");
    }

    [Fact]
    public async Task Start_PortTaken_SaysSo()
    {
        using System.Net.Sockets.TcpListener taken = new(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        int port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;

        ProcessResult result = await ChildProcess.RunAsync(Program, ["--bindAddress=127.0.0.1", $"--listenPort={port}"], Patience);

        result.ExitCode.Should().Be(1);
        result.Error.Should().Contain("address already in use");
    }
}
