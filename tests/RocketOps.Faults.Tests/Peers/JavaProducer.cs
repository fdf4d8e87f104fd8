using System.Globalization;
using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Peers;

/// <summary>Apache's Java client 5.5.0 through the kit's program, with the defaults of a <c>DefaultMQProducer</c>: 3 s and two retries.</summary>
internal sealed class JavaProducer : IPacedProducer
{
    private const string Endless = "1000000";

    private readonly ChildProcess _process;

    public JavaProducer(string nameServer, string topic)
    {
        string[] arguments =
        [
            "--version", ApacheServer.Version5, "send", "--namesrv", nameServer, "--topic", topic, "--group", "java", "--count", Endless,
            "--timeout", "3000", "--retry", "2", "--pause", IPacedProducer.Pause.TotalMilliseconds.ToString(CultureInfo.InvariantCulture),
        ];
        _process = ChildProcess.Start(Path.Combine(SharedKits.RocketMq, "bin", "rocketmq-client"), arguments, onLine: Hear);
    }

    public string Name => "Java 5.5.0";

    public SendLog Log { get; } = new();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private void Hear(string line)
    {
        if (!line.StartsWith('{'))
        {
            return;
        }

        using JsonDocument said = JsonDocument.Parse(line);
        if (said.RootElement.TryGetProperty("event", out JsonElement what) && what.GetString() == "sent" && said.RootElement.GetProperty("sendStatus").GetString() == "SEND_OK")
        {
            Log.Acknowledge();
        }
        else
        {
            Log.Fail(line);
        }
    }
}
