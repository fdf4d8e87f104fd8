using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>
/// Apache's Java client and its admin tools, through the programs of the kit. Every call starts a virtual machine: ask for much at once.
/// </summary>
public sealed class JavaClient(string version, string nameServer)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

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

    /// <summary>Runs <c>mqadmin</c>. Its exit code is 0 whatever happens: judge by the text.</summary>
    public async Task<string> AdminAsync(string command, params string[] options)
    {
        ProcessResult result = await ChildProcess.RunAsync(
            Path.Combine(Bin, "rocketmq"), ["--version", version, "mqadmin", command, "-n", nameServer, .. options], Patience, JavaEnvironment.Variables);
        return result.EnsureSuccess().ToString();
    }

    /// <summary>Runs the kit's check of all the features whose name matches the expression; returns its verdict lines.</summary>
    public async Task<ProcessResult> CheckAsync(string only, TimeSpan patience) =>
        await ChildProcess.RunAsync(
            Path.Combine(Bin, "rocketmq-check"),
            ["--version", version, "--namesrv", nameServer, "--only", only],
            patience,
            JavaEnvironment.Variables);
}
