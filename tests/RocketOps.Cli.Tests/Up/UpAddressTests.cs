using RocketOps.Cli.Tests.Support;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

/// <summary>The address that the API of <c>rocketops up</c> names is one that programs of this machine reach.</summary>
[Collection(nameof(RunningCluster))]
public sealed class UpAddressTests(RunningCluster cluster)
{
    [Fact]
    public async Task Status_NameServers_AnswerAClientOfThisMachine()
    {
        using KubernetesClient api = cluster.Api();
        string? address = null;
        await Eventually.TrueAsync(
            async () => (address = (string?)(await api.SendAsync(HttpMethod.Get, "apis/rocketops.io/v1beta1/namespaces/default/brokerclusters/own"))!["status"]!["nameServers"]) == cluster.NameServers,
            "the status has what the screen shows",
            RunningCluster.Deadline);

        CliRun status = await CliRun.RunAsync("cluster", "status", "-n", address!);

        status.ExitCode.Should().Be(0, status.Error);
        status.Output.Should().Contain("own-0");
    }
}
