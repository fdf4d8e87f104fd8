using System.Globalization;
using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>npm's ali-ons, through <c>tests/interop-node/client.js</c>; <c>npm ci</c> there installs it.</summary>
public sealed class NodeClient(string nameServer) : IForeignClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private const int GaveUpAtItsStart = 3;
    private const int MostRuns = 10;

    public static string Folder => Path.Combine(SharedKits.RepositoryRoot, "tests", "interop-node");

    public string Name => "ali-ons";

    /// <summary>Starts a sender or receiver that goes on until it is disposed of; its output grows by a JSON object per line.</summary>
    public ChildProcess Start(string command, string topic, params string[] options) =>
        ChildProcess.Start("node", ["client.js", command, "--namesrv", nameServer, "--topic", topic, .. options], workingDirectory: Folder);

    public async Task<IReadOnlyList<ClientMessage>> SendAsync(
        string topic, int count, IReadOnlyList<string> tags, string keyPrefix, IReadOnlyDictionary<string, string> properties)
    {
        List<string> options = ["--count", count.ToString(CultureInfo.InvariantCulture), "--tag", string.Join(',', tags), "--keys", keyPrefix];
        foreach ((string key, string value) in properties)
        {
            options.AddRange(["--property", $"{key}={value}"]);
        }

        IReadOnlyList<JsonElement> sent = await RunAsync("send", topic, options);
        sent.Should().HaveCount(count);
        return [.. sent.Select(ReceivedMessages.Parse)];
    }

    public async Task SendTextAsync(string topic, string body) => await RunAsync("send", topic, ["--body", body]);

    public async Task<IReadOnlyList<ClientMessage>> ReceiveAsync(string topic, string group, int count, string tagExpression = "*")
    {
        string number = count.ToString(CultureInfo.InvariantCulture);
        IReadOnlyList<JsonElement> lines = await RunAsync("receive", topic, ["--group", group, "--count", number, "--tag", tagExpression, "--seconds", "240"]);
        return [.. lines.Select(ReceivedMessages.Parse)];
    }

    /// <summary>Runs <c>client.js COMMAND</c>, again when the library gave up at its start, and returns the lines it printed; throws when its exit code is not 0.</summary>
    public async Task<IReadOnlyList<JsonElement>> RunAsync(string command, string topic, IEnumerable<string> options)
    {
        ProcessResult result;
        int runs = 0;
        do
        {
            result = await ChildProcess.RunAsync(
                "node", ["client.js", command, "--namesrv", nameServer, "--topic", topic, "--timeout", "120000", .. options], Patience, workingDirectory: Folder);
        }
        while (result.ExitCode == GaveUpAtItsStart && ++runs < MostRuns);
        result.EnsureSuccess();
        return [.. JsonLines.Parse(result.Output)];
    }
}
