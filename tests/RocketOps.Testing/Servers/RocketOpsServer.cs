using System.Globalization;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;

namespace RocketOps.Testing.Servers;

/// <summary>
/// Our name server and broker, as the processes a user runs: the programs lie beside the tests.
/// </summary>
public sealed class RocketOpsServer(ServerOptions? options = null) : ServerUnderTest("rocketops", options ?? new ServerOptions())
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(2);

    private ChildProcess? _nameServer;
    private ChildProcess? _broker;
    private bool _isConfigured;

    /// <summary>The broker's process, for tests that end it under their own timing.</summary>
    public ChildProcess Broker => _broker ?? throw new InvalidOperationException("the broker is not running");

    protected override bool HasBrokerEnded => _broker?.HasExited == true;

    public override async Task StopBrokerAsync()
    {
        ChildProcess broker = Broker;
        broker.Terminate();
        ProcessResult result = await broker.WaitAsync(StopPatience);
        await EndBrokerAsync();
        result.EnsureSuccess();
    }

    public override async Task KillBrokerAsync()
    {
        Broker.Kill();
        await Broker.WaitAsync(StopPatience);
        await EndBrokerAsync();
    }

    public override Task<string> LogsAsync() => Task.FromResult($"== name server\n{Said(_nameServer)}\n== broker\n{Said(_broker)}");

    protected override async Task StartNameServerAsync()
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["bindAddress"] = "127.0.0.1",
            ["listenPort"] = NameServerPort.ToString(CultureInfo.InvariantCulture),
            ["kvConfigPath"] = Path.Combine(WorkDirectory, "kvConfig.json"),
        };
        _nameServer = await StartAsync(Programs.NameServer, "namesrv.conf", properties, NameServerAddress);
    }

    protected override async Task StartBrokerProcessAsync()
    {
        await EndBrokerAsync();
        SortedDictionary<string, string>? properties = Options.KeepsConfiguration && _isConfigured ? null : BrokerProperties();
        _isConfigured = true;
        _broker = await StartAsync(Programs.Broker, "broker.conf", properties, BrokerAddress, Options.Environment);
    }

    protected override async Task DisposeServersAsync()
    {
        await EndBrokerAsync();
        if (_nameServer is not null)
        {
            await _nameServer.DisposeAsync();
        }
    }

    private async Task<ChildProcess> StartAsync(
        string program, string file, IEnumerable<KeyValuePair<string, string>>? properties, string address,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        string path = Path.Combine(WorkDirectory, file);
        if (properties is not null)
        {
            await File.WriteAllLinesAsync(path, properties.Select(property => $"{property.Key}={property.Value}"));
        }

        ChildProcess process = ChildProcess.Start(program, ["-c", path], environment, WorkDirectory);
        try
        {
            await Eventually.TrueAsync(
                async () => process.HasExited || await RawConnection.IsListeningAsync(address), $"{program} listens on {address}", StartPatience);
            if (process.HasExited)
            {
                throw new InvalidOperationException($"{program} ended instead of listening on {address}:\n{Said(process)}");
            }

            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private async Task EndBrokerAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
            _broker = null;
        }
    }

    private static string Said(ChildProcess? process) =>
        process is null ? "(not running)" : string.Join('\n', (process.Output + process.Error).Split('\n').TakeLast(60));
}
