using System.Diagnostics;
using System.Globalization;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

/// <summary>A manifest of a test's own in a folder of its own, <c>rocketops up</c> with it, and the processes that come of it.</summary>
internal sealed class OwnCluster : IDisposable
{
    /// <summary>A group of two members that elects its master, and topic events.</summary>
    public const string ElectedManifest = """
        apiVersion: rocketops.io/v1beta1
        kind: BrokerCluster
        metadata: { name: own, namespace: default }
        spec:
          nameServer: { replicas: 1 }
          brokers: { groups: 1, replicas: 2, storage: { size: 1Gi } }
          replication: { mode: Sync, failover: Automatic }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: events, namespace: default }
        spec: { clusterRef: { name: own }, readQueues: 4, writeQueues: 4 }
        """;

    private readonly TempDirectory _folder = new();
    private readonly TimeSpan _deadline;

    /// <param name="manifest">The objects.</param>
    /// <param name="deadline">For each command to end.</param>
    public OwnCluster(string manifest, TimeSpan deadline)
    {
        _deadline = deadline;
        File.WriteAllText(_folder.File("own.yaml"), manifest);
    }

    public string Kubeconfig => Path.Combine(Data, "kubeconfig");

    private string Data => _folder.File("data");

    public void Dispose() => _folder.Dispose();

    /// <summary>Starts it, and returns when everything is ready.</summary>
    public async Task<UpProcess> UpAsync()
    {
        UpProcess up = UpProcess.StartIn(_folder.Path, "up", _folder.File("own.yaml"), "--data", Data);
        try
        {
            await Eventually.TrueAsync(() => up.Output.Contains("Try next", StringComparison.Ordinal), "all is ready", _deadline);
            return up;
        }
        catch
        {
            await up.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs another command of the program to its end.</summary>
    public async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        await using UpProcess command = UpProcess.StartIn(_folder.Path, arguments);
        return (await command.ExitCodeAsync(_deadline), command.Output);
    }

    /// <summary>The id of the process that is this member.</summary>
    public int ProcessOf(string member) => FindProcess(member) ?? throw new InvalidOperationException($"{member} does not run.");

    /// <summary>The same; null while the member has none.</summary>
    public int? FindProcess(string member) =>
        Directory.GetFiles(Path.Combine(Data, "run", "processes")).Select(static file => (int?)int.Parse(Path.GetFileName(file), CultureInfo.InvariantCulture))
            .SingleOrDefault(id => CommandLine(id!.Value).Contains($"{member}.conf", StringComparison.Ordinal));

    /// <summary>Ends the process that is this member, as SIGKILL does.</summary>
    public void Kill(string member)
    {
        using Process process = Process.GetProcessById(ProcessOf(member));
        process.Kill();
    }

    private static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline");
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }
}
