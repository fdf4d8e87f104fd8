using System.Globalization;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;

namespace RocketOps.Testing.Servers;

/// <summary>A slave of ours as a process of its own, behind the master that a name server knows, ours or Apache's. Its store outlives its process.</summary>
/// <param name="nameServer">Address of the name server.</param>
/// <param name="settings">Further broker properties; they win over those here.</param>
public sealed class RocketOpsSlave(string nameServer, IReadOnlyDictionary<string, string>? settings = null) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TempDirectory _directory = new("slave-");

    // Its fast port lies two below, its replication port one above.
    private readonly int _port = LoopbackPorts.Find(0, -2, 1);

    private ChildProcess? _process;

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    /// <summary>Returns when it listens. Throws when it ends instead.</summary>
    public async Task StartAsync()
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["brokerClusterName"] = ServerUnderTest.ClusterName,
            ["brokerName"] = ServerUnderTest.BrokerName,
            ["brokerRole"] = "SLAVE",
            ["brokerId"] = "1",
            ["bindAddress"] = "127.0.0.1",
            ["brokerIP1"] = "127.0.0.1",
            ["brokerIP2"] = "127.0.0.1",
            ["listenPort"] = _port.ToString(CultureInfo.InvariantCulture),
            ["namesrvAddr"] = nameServer,
            ["storePathRootDir"] = _directory.File("store"),
            ["slaveSyncInterval"] = "1000",
            ["diskMaxUsedSpaceRatio"] = "95",
        };
        foreach ((string key, string value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            properties[key] = value;
        }

        string path = _directory.File("broker.conf");
        await File.WriteAllLinesAsync(path, properties.Select(static property => $"{property.Key}={property.Value}"));
        ChildProcess process = ChildProcess.Start(Programs.Broker, ["-c", path], environment: null, _directory.Path);
        _process = process;
        await Eventually.TrueAsync(async () => process.HasExited || await RawConnection.IsListeningAsync(Address), "the slave listens", Patience);
        if (process.HasExited)
        {
            throw new InvalidOperationException($"the slave ended instead of listening on {Address}:\n{Log()}");
        }
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitAsync(Patience);
            await process.DisposeAsync();
        }
    }

    /// <summary>The end of what it wrote to its log.</summary>
    public string Log() => _process is null ? "(not running)" : string.Join('\n', (_process.Output + _process.Error).Split('\n').TakeLast(60));

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _directory.Dispose();
    }
}
