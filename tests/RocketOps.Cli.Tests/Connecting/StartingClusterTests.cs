using RocketOps.Cli.Connecting;
using RocketOps.Cli.Contexts;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Connecting;

/// <summary>Whoever asks a cluster that is starting is told so, whatever the command did not find.</summary>
public sealed class StartingClusterTests
{
    private const string Here = "127.0.0.1:9877";
    private const string Told = "the cluster of /data is starting, try again when it is ready (";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly UpInstance Starting = new("/data", [("default/a", Here)], IsStarting: true);

    public static TheoryData<Exception, string> Failures => new()
    {
        { new NameServersUnreachableException(Here, "none answers", new TimeoutException()), Told + $"no name server answers at {Here}: no answer in time)." },
        { CommandFailedException.Missing("there is no topic orders."), Told + "there is no topic orders)." },
        { CommandFailedException.Missing("the name servers know no broker that is a master."), Told + "the name servers know no broker that is a master)." },
        { new RocketMqException("127.0.0.1:1 does not answer"), Told + "127.0.0.1:1 does not answer)." },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Explain_NobodyOrNothingIsThere_SaysThatItStarts(Exception failure, string expected)
    {
        StartingCluster.Explain(failure, Here, () => [Starting]).Should().Be(expected);
        StartingCluster.Explain(failure, Here, () => [Starting with { IsStarting = false }]).Should().BeNull("it runs");
        StartingCluster.Explain(failure, "elsewhere:9876", () => [Starting]).Should().BeNull("another one is meant");
        StartingCluster.Explain(failure, DefaultNameServers.Usual, () => [Starting with { Clusters = [] }]).Should().StartWith(Told, "nobody said which one is meant");
    }

    [Fact]
    public void Explain_AskedForWhatCannotBe_SaysThatAsEver() =>
        StartingCluster.Explain(new CommandFailedException("topic orders exists."), Here, () => [Starting]).Should().BeNull();

    [Fact]
    public void Explain_EmptyListing_SaysThatItStarts()
    {
        Listing listing = new("topic") { Empty = "no topics" };
        StartingCluster.Explain(listing, Here, () => [Starting]).Should().Be(Told + "no topics).");

        listing.Add("orders");

        StartingCluster.Explain(listing, Here, () => [Starting]).Should().BeNull();
    }

    /// <summary>At an address where nobody listens: each command says the same.</summary>
    [Theory]
    [InlineData("topic", "list")]
    [InlineData("topic", "create", "orders")]
    [InlineData("consume", "orders")]
    [InlineData("message", "get", "orders", "7F0000010000000000000000")]
    [InlineData("group", "lag", "g")]
    [InlineData("cluster", "status")]
    public async Task Command_ClusterIsStarting_SaysSo(params string[] arguments)
    {
        using TempDirectory folder = new();
        Directory.CreateDirectory(folder.File("rocketops"));
        string address = $"127.0.0.1:{LoopbackPorts.Find(0)}";
        UpInstance up = new("/data", [("default/a", address)], IsStarting: true);
        await File.WriteAllTextAsync(folder.File("rocketops/up-1.json"), UpInstance.Write(up, ProcessIdentity.Of(Environment.ProcessId)!.Value));

        ProcessResult result = await ChildProcess.RunAsync(
            Programs.RocketOps, arguments, Patience, new Dictionary<string, string>(StringComparer.Ordinal) { ["XDG_RUNTIME_DIR"] = folder.Path, ["NAMESRV_ADDR"] = "" });

        result.ExitCode.Should().Be(1);
        result.Error.Should().Contain($"{Told}no name server answers at {address}: connection refused).");
    }
}
