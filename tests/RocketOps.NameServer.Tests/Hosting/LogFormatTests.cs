using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.NameServer.Tests.Hosting;

/// <summary>With <c>logFormat=json</c> whatever the program says, served or not, is an object a line.</summary>
public sealed class LogFormatTests
{
    private static readonly string Program = Programs.NameServer;
    private static readonly TimeSpan Patience = Eventually.DefaultDeadline;
    private static readonly Dictionary<string, string> Json = new(StringComparer.Ordinal) { ["ROCKETOPS_logFormat"] = "json" };

    [Fact]
    public async Task Served_EveryLineIsAnObject()
    {
        using TempDirectory directory = new();
        string file = directory.File("namesrv.conf");
        await File.WriteAllTextAsync(file, $"listenPort=0\nbindAddress=127.0.0.1\nkvConfigPath={directory.File("kvConfig.json")}\nenableControllerInNamesrv=true\n");
        await using ChildProcess process = ChildProcess.Start(Program, ["-c", file], Json, directory.Path);

        await Eventually.TrueAsync(() => process.HasExited || process.Output.Contains("boot success", StringComparison.Ordinal), "the name server serves", Patience);
        process.Terminate();
        ProcessResult result = await process.WaitAsync(Patience);

        result.ExitCode.Should().Be(0, "{0}", result);
        JsonElement[] lines = Lines(result.Output);
        lines.Should().AllSatisfy(static line => line.EnumerateObject().Take(5).Select(static field => field.Name).Should().Equal("timestamp", "level", "category", "event", "message"));
        lines.Should().ContainSingle(static line => line.GetProperty("event").GetInt32() == 1110 && line.GetProperty("problem").GetString()!.Contains("enableControllerInNamesrv"));
        lines.Should().ContainSingle(static line => line.GetProperty("message").GetString()!.StartsWith("The Name Server boot success."));
    }

    [Fact]
    public async Task WrongConfiguration_EachProblemIsAnObject()
    {
        ProcessResult result = await ChildProcess.RunAsync(Program, ["--listenPort=99999", "--bindAddress=everywhere"], Patience, Json);

        result.ExitCode.Should().Be(2);
        JsonElement[] lines = Lines(result.Error);
        lines.Should().HaveCount(2).And.AllSatisfy(static line => (line.GetProperty("level").GetString(), line.GetProperty("event").GetInt32()).Should().Be(("error", 1012)));
        lines[0].GetProperty("message").GetString().Should().Contain("\"99999\" is not allowed");
    }

    [Fact]
    public async Task PortTaken_IsAnObject()
    {
        using System.Net.Sockets.TcpListener taken = new(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        int port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;

        ProcessResult result = await ChildProcess.RunAsync(Program, ["--bindAddress=127.0.0.1", $"--listenPort={port}"], Patience, Json);

        result.ExitCode.Should().Be(1);
        JsonElement line = Lines(result.Error).Should().ContainSingle().Subject;
        (line.GetProperty("event").GetInt32(), line.GetProperty("level").GetString()).Should().Be((1013, "error"));
        line.GetProperty("message").GetString().Should().Contain("address already in use");
    }

    [Fact]
    public async Task UnknownFormat_IsRefusedInText() =>
        (await ChildProcess.RunAsync(Program, ["--logFormat=xml"], Patience)).Should().Match<ProcessResult>(static result => result.ExitCode == 2 && result.Error.Contains("\"xml\" is not allowed") && !result.Error.StartsWith('{'));

    private static JsonElement[] Lines(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonElement.Parse(line))];
}
