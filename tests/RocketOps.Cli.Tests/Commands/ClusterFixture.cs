using RocketOps.Cli.Tests.Support;
using RocketOps.Testing.Servers;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>Tests that share a cluster: each has topics and groups of its own in it.</summary>
[CollectionDefinition(nameof(ClusterFixture))]
public sealed class ClusterTests : ICollectionFixture<ClusterFixture>;

/// <summary>One name server and one broker for many tests.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private int _names;

    public ServerUnderTest Cluster { get; } = new RocketOpsServer(new ServerOptions
    {
        Broker = new Dictionary<string, string>(StringComparer.Ordinal) { ["enablePropertyFilter"] = "true" },
    });

    public Task InitializeAsync() => Cluster.StartAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();

    /// <summary>A name no other test uses.</summary>
    public string NewName(string prefix) => $"{prefix}{Interlocked.Increment(ref _names)}";

    public Task<CliRun> RunAsync(params string[] arguments) => CliRun.RunAsync([.. arguments, "-n", Cluster.NameServerAddress]);

    public Task<CliRun> RunWithInputAsync(string input, params string[] arguments) => CliRun.RunAsync(input, isTerminal: false, [.. arguments, "-n", Cluster.NameServerAddress]);

    public Task<CliRun> RunAtTerminalAsync(string input, params string[] arguments) => CliRun.RunAsync(input, isTerminal: true, [.. arguments, "-n", Cluster.NameServerAddress]);

    /// <summary>Makes a topic and returns its name.</summary>
    public async Task<string> NewTopicAsync(int queues = 1)
    {
        string topic = NewName("Topic");
        (await RunAsync("topic", "create", topic, "--queues", $"{queues}")).EnsureSuccess();
        return topic;
    }
}
