using System.Globalization;
using RocketOps.Testing.Processes;

namespace RocketOps.Testing.Servers;

/// <summary>Apache RocketMQ's name server and broker, started through the kit in <see cref="SharedKits.RocketMq"/>.</summary>
public sealed class ApacheServer(string version, ServerOptions? options = null) : ServerUnderTest($"apache-{version}", options ?? new ServerOptions())
{
    public const string Version4 = "4.9.7";
    public const string Version5 = "5.5.0";

    private static readonly TimeSpan Patience = StartPatience + TimeSpan.FromMinutes(2);

    private static readonly string StartSeconds = Number((int)StartPatience.TotalSeconds);

    // Faster start, slower code: these tests are short. TLS off spares 5.x the making of a certificate.
    private static readonly Dictionary<string, string> JvmEnvironment = new(StringComparer.Ordinal) { ["ROCKETMQ_TIER"] = "1" };

    public override async Task StopBrokerAsync() => await KitAsync("broker", "stop", "--dir", WorkDirectory);

    public override async Task KillBrokerAsync() => await KitAsync("broker", "kill", "--dir", WorkDirectory);

    public override async Task<string> LogsAsync()
    {
        List<string> logs = [];
        foreach (string file in Directory.EnumerateFiles(WorkDirectory, "*.log", SearchOption.AllDirectories))
        {
            string[] lines = await File.ReadAllLinesAsync(file);
            logs.Add($"== {file}\n{string.Join('\n', lines.TakeLast(40))}");
        }

        return string.Join('\n', logs);
    }

    protected override async Task StartNameServerAsync() =>
        await KitAsync("namesrv", "start", "--dir", WorkDirectory, "--heap", "256m", "--port", Number(NameServerPort), "--jvm", "-Dtls.server.mode=disabled", "--seconds", StartSeconds, "bindAddress=127.0.0.1");

    protected override async Task StartBrokerProcessAsync()
    {
        List<string> arguments =
        [
            "broker", "start", "--dir", WorkDirectory, "--port", Number(BrokerPort), "--namesrv", NameServerAddress, "--jvm", "-Dtls.server.mode=disabled", "--seconds", StartSeconds,
        ];
        arguments.AddRange(BrokerProperties().Select(property => $"{property.Key}={property.Value}"));
        await KitAsync([.. arguments]);
    }

    protected override async Task DisposeServersAsync() => await KitAsync("kill", "--dir", WorkDirectory);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    // The kit's servers outlive the script that starts them, so their output must not be a pipe of ours: the script sends it to files.
    private async Task KitAsync(params string[] arguments)
    {
        string program = Path.Combine(SharedKits.RocketMq, "bin", "rocketmq");
        ProcessResult result = await ChildProcess.RunAsync(program, ["--version", version, .. arguments], Patience, JvmEnvironment);
        result.EnsureSuccess();
    }
}
