using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>
/// Apache's Java client and its admin tools, through the programs of the kit. Every call starts a virtual machine: ask for much at once.
/// </summary>
public sealed class JavaClient(string version, string nameServer)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // A scenario is up to four programs of at most 40 s each.
    private static readonly TimeSpan ScenarioPatience = TimeSpan.FromMinutes(6);

    private static string Bin => Path.Combine(SharedKits.RocketMq, "bin");

    /// <summary>Runs <c>rocketmq-client COMMAND</c> and returns the JSON objects it printed; throws when its exit code is not 0.</summary>
    public async Task<IReadOnlyList<JsonElement>> RunAsync(string command, string topic, params string[] options)
    {
        ProcessResult result = await ChildProcess.RunAsync(
            Path.Combine(Bin, "rocketmq-client"),
            ["--version", version, command, "--namesrv", nameServer, "--topic", topic, .. options],
            Patience,
            JavaEnvironment.Variables);
        result.EnsureSuccess();
        return [.. JsonLines.Parse(result.Output)];
    }

    /// <summary>Starts <c>rocketmq-client COMMAND</c>, which goes on until it is disposed of; its output grows by a JSON object per line.</summary>
    public ChildProcess Start(string command, string topic, params string[] options) => ChildProcess.Start(
        Path.Combine(Bin, "rocketmq-client"), ["--version", version, command, "--namesrv", nameServer, "--topic", topic, .. options], JavaEnvironment.Variables);

    /// <summary>Runs <c>mqadmin</c> and returns what it printed. Its exit code is 0 whatever happens: judge by the text.</summary>
    public async Task<string> AdminAsync(string command, params string[] options)
    {
        ProcessResult result = await ChildProcess.RunAsync(
            Path.Combine(Bin, "rocketmq"), ["--version", version, "mqadmin", command, "-n", nameServer, .. options], Patience, JavaEnvironment.Variables);
        result.EnsureSuccess();
        return $"{result.Output}\n{result.Error}";
    }

    /// <summary>Runs one scenario of the kit's check.</summary>
    public async Task<ScenarioResult> CheckAsync(string scenario)
    {
        // The check leaves the logs of what failed below TMPDIR, the client its own in its home: gone with the folder once they are in the result.
        using TempDirectory directory = new();
        ScenarioLogs logs = new(directory.Path);
        Dictionary<string, string> environment = new(JavaEnvironment.Variables, StringComparer.Ordinal)
        {
            ["TMPDIR"] = directory.Path,
            ["ROCKETMQ_CLIENT_HOME"] = logs.PrepareClientHome(),
        };
        try
        {
            ProcessResult result = await ChildProcess.RunAsync(
                Path.Combine(Bin, "rocketmq-check"),
                ["--version", version, "--namesrv", nameServer, "--only", $"^{scenario}$"],
                ScenarioPatience,
                environment);
            bool passed = result.ExitCode == 0 && result.OutputLines.Any(static line => line.StartsWith("1 passed, 0 failed,", StringComparison.Ordinal));
            return new ScenarioResult(passed, result.ToString(), passed ? string.Empty : logs.Tail(scenario));
        }
        catch (TimeoutException exception)
        {
            return new ScenarioResult(Passed: false, exception.Message, logs.Tail(scenario));
        }
    }
}
