using System.Globalization;
using RocketOps.NameServer.Hosting;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.NameServers;

/// <summary>Apache's broker at our name server.</summary>
internal sealed class MixedServer(string brokerVersion, ServerOptions? options = null) : ServerUnderTest($"rocketops-nameserver-apache-{brokerVersion}", options ?? new ServerOptions())
{
    private static readonly TimeSpan Patience = StartPatience + TimeSpan.FromMinutes(2);
    private static readonly string StartSeconds = ((int)StartPatience.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    private static readonly Dictionary<string, string> JvmEnvironment = new(StringComparer.Ordinal) { ["ROCKETMQ_TIER"] = "1" };

    private NameServerHost? _nameServer;

    public override async Task StopBrokerAsync() => await KitAsync("broker", "stop", "--dir", WorkDirectory);

    public override async Task KillBrokerAsync() => await KitAsync("broker", "kill", "--dir", WorkDirectory);

    public override Task<string> LogsAsync() => Task.FromResult($"see {WorkDirectory}");

    protected override async Task StartNameServerAsync() => _nameServer = await OwnNameServer.StartAsync(NameServerPort, WorkDirectory);

    protected override async Task StartBrokerProcessAsync()
    {
        List<string> arguments =
        [
            "broker", "start", "--dir", WorkDirectory, "--port", BrokerPort.ToString(CultureInfo.InvariantCulture), "--namesrv", NameServerAddress,
            "--jvm", "-Dtls.server.mode=disabled", "--seconds", StartSeconds,
        ];
        arguments.AddRange(BrokerProperties().Select(property => $"{property.Key}={property.Value}"));
        await KitAsync([.. arguments]);
    }

    protected override async Task DisposeServersAsync()
    {
        await KitAsync("kill", "--dir", WorkDirectory);
        if (_nameServer is not null)
        {
            await _nameServer.DisposeAsync();
        }
    }

    private async Task KitAsync(params string[] arguments)
    {
        ProcessResult result = await ChildProcess.RunAsync(
            Path.Combine(SharedKits.RocketMq, "bin", "rocketmq"), ["--version", brokerVersion, .. arguments], Patience, JvmEnvironment);
        result.EnsureSuccess();
    }
}
