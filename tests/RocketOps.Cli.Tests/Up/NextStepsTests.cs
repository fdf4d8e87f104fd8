using RocketOps.Cli.Up;

namespace RocketOps.Cli.Tests.Up;

/// <summary>What <c>rocketops up</c> proposes once all is ready works as it is printed.</summary>
public sealed class NextStepsTests
{
    private static readonly ClusterView One = Cluster("default/a", "127.0.0.1:9876");
    private static readonly ClusterView Other = Cluster("default/b", "127.0.0.1:9877");

    [Fact]
    public async Task Write_CommandsFindTheCluster_AreShort() =>
        (await CommandsAsync(found: One.Address, isEnding: false, One)).Should().Equal("Try next, in another terminal:", "export KUBECONFIG=/data/kubeconfig", "kubectl get rocketops,pods -o wide", "kubectl logs -f POD", "cluster status", "topic list");

    [Theory]
    [InlineData(null)]
    [InlineData("10.0.0.1:9876")]
    public async Task Write_CommandsWouldAskAnotherOrHaveToChoose_NameTheAddress(string? found) =>
        (await CommandsAsync(found, isEnding: false, One)).Skip(4).Should().Equal("cluster status -n 127.0.0.1:9876", "topic list -n 127.0.0.1:9876");

    [Fact]
    public async Task Write_SeveralClusters_EachHasItsLine() =>
        (await CommandsAsync(found: null, isEnding: false, One, Other)).Skip(4).Should()
            .Equal("cluster status -n 127.0.0.1:9876        # default/a", "cluster status -n 127.0.0.1:9877        # default/b", "topic list -n 127.0.0.1:9876");

    [Fact]
    public async Task Write_AllOfItEnds_SaysOnlyHowToStartItAgain() =>
        (await CommandsAsync(found: One.Address, isEnding: true, One)).Should().Equal("Try next: start it again and leave it running.", "up --data /data");

    private static ClusterView Cluster(string key, string address) => new(key, IsReady: true, "", "", 1, []) { Address = address };

    /// <summary>The lines, without the path of this program.</summary>
    private static async Task<string[]> CommandsAsync(string? found, bool isEnding, params ClusterView[] clusters)
    {
        await using StringWriter output = new();
        await NextSteps.WriteAsync(output, new UpState(clusters, [], [], null), "/data/kubeconfig", TimeSpan.Zero, isEnding, found);
        return
        [
            .. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Trim())
                .Select(static line => line.IndexOf("/rocketops ", StringComparison.Ordinal) is > 0 and var at ? line[(at + "/rocketops ".Length)..] : line),
        ];
    }
}
