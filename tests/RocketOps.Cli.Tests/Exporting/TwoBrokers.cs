using RocketOps.Cli.Tests.Support;
using RocketOps.Client;
using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Cli.Tests.Exporting;

/// <summary>A cluster of two brokers, for tests that remove the topics and groups they make.</summary>
public sealed class TwoBrokers : IAsyncLifetime
{
    private RocketOpsServer? _second;
    private RocketMqAdmin? _admin;

    public RocketOpsServer First { get; } = new();

    public RocketOpsServer Second => _second!;

    public RocketMqAdmin Admin => _admin!;

    public async Task InitializeAsync()
    {
        await First.StartAsync();
        _second = new RocketOpsServer(new ServerOptions
        {
            NameServerAddress = First.NameServerAddress,
            Broker = new Dictionary<string, string>(StringComparer.Ordinal) { ["brokerName"] = "broker-b" },
        });
        await _second.StartAsync();
        _admin = new RocketMqAdmin(new AdminOptions { NameServers = First.NameServerAddress, ConnectTimeout = CliRun.Patience, RequestTimeout = CliRun.Patience });
        await Eventually.TrueAsync(async () => (await _admin.GetClusterInfoAsync()).Brokers.Count == 2, "both brokers are known");
    }

    public async Task DisposeAsync()
    {
        if (_admin is not null)
        {
            await _admin.DisposeAsync();
        }

        if (_second is not null)
        {
            await _second.DisposeAsync();
        }

        await First.DisposeAsync();
    }
}
