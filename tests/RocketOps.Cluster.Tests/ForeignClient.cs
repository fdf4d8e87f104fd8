using System.Text;
using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// An unmodified client at work beside a test: what it prints, one JSON object per line, is read as it comes. This machine is part of the cluster's network, so the client is where a pod would be.
/// </summary>
internal sealed class ForeignClient : IAsyncDisposable
{
    /// <summary>How the names of the Go program's topics and groups begin.</summary>
    public const string GoPrefix = "Go";

    /// <summary>What Go's consumer reads.</summary>
    public const string GoTopic = GoPrefix + "Delay";

    /// <summary>For brokers that Go's consumer is to read from until the test ends (<see cref="GoConsumer"/>).</summary>
    public const string GoDelayLevels = "1s 10h 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

    /// <summary>Of the kit's Java client.</summary>
    public static IReadOnlyList<string> JavaVersions { get; } = ["4.9.7", "5.5.0"];

    private readonly TempDirectory _directory = new("client-");
    private readonly List<JsonElement> _events = [];
    private readonly ChildProcess _process;
    private long _read;
    private bool _ended;

    private ForeignClient(string name, string folder, string program, IEnumerable<string> arguments)
    {
        Name = name;

        // To a file: many minutes of messages are too many to be copied for each look at them.
        _process = ChildProcess.Start(
            "sh",
            ["-c", "exec \"$0\" \"$@\" > \"$OUT\"", program, .. arguments],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["OUT"] = Output,
                ["ROCKETMQ_TIER"] = "1",
                ["ROCKETMQ_CLIENT_HEAP"] = "256m",
                ["ROCKETMQ_CLIENT_HOME"] = _directory.File("home"),
            },
            folder);
    }

    public string Name { get; }

    /// <summary>The test has ended it.</summary>
    public bool HasEnded => _ended;

    /// <summary>The group that a consumer is a member of.</summary>
    public string Group { get; private init; } = string.Empty;

    private static string NodeFolder => Path.Combine(SharedKits.RepositoryRoot, "tests", "interop-node");

    private static string JavaProgram => Path.Combine(SharedKits.RocketMq, "bin", "rocketmq-client");

    private string Output => _directory.File("out");

    /// <summary>Fails, or skips where it may, without what one of the clients needs.</summary>
    public static void Require()
    {
        string? noNode = SharedKits.WhyMissing(Path.Combine(NodeFolder, "node_modules"));
        string? notDeep = SharedKits.WhyMissing(SharedKits.GoClient) ?? (noNode is null ? null : $"{noNode}: npm ci in tests/interop-node installs it");
        string? missing = SharedKits.WhyMissing(SharedKits.RocketMq) ?? (Depth.IsDeep ? notDeep : null);
        string? reason = RingRules.Current.WhySkip(RingRules.Cluster, missing);
        Skip.If(reason is not null, reason);
    }

    /// <summary>Apache's Java client, from the kit in <see cref="SharedKits.RocketMq"/>.</summary>
    public static ForeignClient Java(string name, params string[] arguments) => new(name, SharedKits.RocketMq, JavaProgram, arguments);

    /// <summary>A Java producer as one has it without settings, three attempts within 3 s, that sends on and on.</summary>
    public static ForeignClient JavaProducer(string version, string nameServer, string topic) =>
        JavaProducer($"p_{version.Replace('.', '_')}", version, nameServer, topic, retries: "2", timeout: "3000");

    /// <summary>
    /// The same with attempts that may take their time, and more of them, for what no slow machine is to disturb. Each waits for 2.5 s at most in a hand-over, which may last; where nobody lets them wait, all are used up within a moment.
    /// </summary>
    public static ForeignClient PatientJavaProducer(string version, string nameServer, string topic) =>
        JavaProducer($"p_patient_{version.Replace('.', '_')}", version, nameServer, topic, retries: "20", timeout: "120000");

    /// <summary>A Java consumer that receives everything, from the first message on.</summary>
    public static ForeignClient JavaConsumer(string nameServer, string topic, string group, string name, params string[] options) =>
        new(name, SharedKits.RocketMq, JavaProgram, ["receive", "--namesrv", nameServer, "--topic", topic, "--group", group, "--instance", name, "--from", "first", "--seconds", "3600", .. options]) { Group = group };

    /// <summary>
    /// A Go consumer of <see cref="GoTopic"/>, in a group of its own. Its program sends itself one message with delay level 2 and reads on until that comes, which with <see cref="GoDelayLevels"/> no test lives to see.
    /// </summary>
    public static ForeignClient GoConsumer(string nameServer) =>
        new("go", SharedKits.RepositoryRoot, "sh", ["-c", "xz -dc \"$0\" > \"$OUT.program\" && chmod +x \"$OUT.program\" && exec \"$OUT.program\" \"$@\"", SharedKits.GoClient, "-protocol", "remoting", "-namesrv", nameServer, "-prefix", GoPrefix, "-cases", "delay", "-messages", "1", "-wait", "10h"]);

    /// <summary>A producer of npm's ali-ons that sends on and on.</summary>
    public static ForeignClient NodeProducer(string nameServer, string topic) =>
        new("p_node", NodeFolder, "node", ["client.js", "send", "--namesrv", nameServer, "--topic", topic, "--keys", "p_node", "--count", "1000000", "--pause", "20", "--go-on"]);

    /// <summary>What it has printed so far; fails when it has ended.</summary>
    public async Task<IReadOnlyList<JsonElement>> EventsAsync()
    {
        if (!_ended && _process.HasExited)
        {
            throw new InvalidOperationException($"{Name} has ended:\n{_process.Error}\n{string.Join('\n', _events.TakeLast(5))}");
        }

        if (File.Exists(Output))
        {
            await using FileStream file = new(Output, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Position = _read;
            byte[] content = new byte[file.Length - _read];
            await file.ReadExactlyAsync(content);
            int whole = Array.LastIndexOf(content, (byte)'\n') + 1;
            _read += whole;
            _events.AddRange(Encoding.UTF8.GetString(content, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(static line => line.StartsWith('{')).Select(static line => JsonDocument.Parse(line).RootElement.Clone()));
        }

        return _events;
    }

    /// <summary>Returns when <paramref name="more"/> events of a kind have come since.</summary>
    public async Task MoreAsync(int more, string kind, string when)
    {
        int enough = Count(await EventsAsync(), kind) + more;
        await Eventually.TrueAsync(async () => Count(await EventsAsync(), kind) >= enough, $"{more} more of \"{kind}\" by {Name} {when}", KubeCluster.Patience);
    }

    /// <summary>Ends it, for good; what it has printed stays.</summary>
    public async Task EndAsync()
    {
        await EventsAsync();
        _ended = true;
        _process.Kill();
        await _process.WaitAsync(KubeCluster.Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Dispose();
    }

    private static ForeignClient JavaProducer(string name, string version, string nameServer, string topic, string retries, string timeout) =>
        Java(name, "--version", version, "send", "--namesrv", nameServer, "--topic", topic, "--group", name, "--keys", name, "--count", "1000000", "--pause", "20", "--retry", retries, "--timeout", timeout);

    private static int Count(IReadOnlyList<JsonElement> events, string kind) => events.Count(line => Kind(line) == kind);

    private static string? Kind(JsonElement line) => line.TryGetProperty("event", out JsonElement value) ? value.GetString() : null;
}
