using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Cli.Tests.Support;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Up;

/// <summary>A group that elects its master in <c>rocketops up</c>: its Lease is one of the embedded API, its members are processes of this machine.</summary>
[Trait("ring", RingRules.Programs)]
public sealed class UpFailoverTests : IDisposable
{
    private const int Members = 2;
    private const int Messages = 50;

    /// <summary>Each look is a question to all processes of the cluster, which have better things to do.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private readonly OwnCluster _own = new(OwnCluster.ElectedManifest, Deadline);
    private string _nameServers = string.Empty;

    public void Dispose() => _own.Dispose();

    [Fact]
    public async Task Up_MastersProcessKilled_AMemberLeadsAgainAndNothingIsLost()
    {
        await using UpProcess up = await _own.UpAsync();
        _nameServers = UpOutput.NameServers(up.Output);
        await AllInSyncAsync("at the beginning");
        await HasALongLeaseAsync();
        (await RunAsync("produce", "events", "hello", "--count", $"{Messages}", "--quiet")).EnsureSuccess();
        (string Member, long Epoch)? leading = null;
        await Eventually.TrueAsync(async () => (leading = await MasterAsync()) is not null, "the status tells who leads", Deadline);
        (string master, long epoch) = leading!.Value;

        _own.Kill(master);

        (string Member, long Epoch)? successor = null;
        await Eventually.TrueAsync(async () => (successor = await MasterAsync()) is { } now && now.Epoch > epoch, "a member leads in another epoch", Deadline);
        await Eventually.TrueAsync(async () => (await RunAsync("produce", "events", "hello", "--count", "1", "--quiet")).ExitCode == 0, "messages are taken again", Deadline);
        (await RunAsync("consume", "events", "--exit", "--count", $"{Messages + 1}")).EnsureSuccess();
        await AllInSyncAsync("when the killed process was started again");
        await Eventually.TrueAsync(() => up.Output.Contains($"master {successor!.Value.Member}: ready", StringComparison.Ordinal), "it is told", Deadline);
        await up.InterruptAsync();
        (await up.ExitCodeAsync(Deadline)).Should().Be(0, up.Output);
    }

    /// <summary>Ten seconds in which the API answers nobody, as on a laptop that compiles, are no reason to follow a master that is there (LeaseDelayTests).</summary>
    private async Task HasALongLeaseAsync()
    {
        using KubernetesClient api = new(KubernetesClientConfiguration.FromKubeconfig(_own.Kubeconfig));
        JsonNode lease = (await api.SendAsync(HttpMethod.Get, "apis/coordination.k8s.io/v1/namespaces/default/leases/own-0"))!;
        ((int)lease["spec"]!["leaseDurationSeconds"]!).Should().BeGreaterThan(12);
    }

    private async Task AllInSyncAsync(string when) =>
        await Eventually.TrueAsync(async () => (await StatusAsync()).Where(static row => row.GetProperty("inSync").ValueKind == JsonValueKind.True).DistinctBy(static row => row.GetProperty("member").GetString()).Count() == Members, $"all are in sync {when}", Deadline);

    private async Task<(string Member, long Epoch)?> MasterAsync() =>
        (await StatusAsync()).Where(static row => row.GetProperty("id").GetInt64() == 0 && row.GetProperty("epoch").ValueKind == JsonValueKind.Number)
            .Select(static row => ((string, long)?)(row.GetProperty("member").GetString()!, row.GetProperty("epoch").GetInt64())).FirstOrDefault();

    private async Task<IReadOnlyList<JsonElement>> StatusAsync()
    {
        await Task.Delay(BetweenLooks);
        CliRun status = await RunAsync("cluster", "status", "-o", "json");
        return status.Output.Length > 0 ? [.. JsonDocument.Parse(status.Output).RootElement.EnumerateArray().Select(static row => row.Clone())] : [];
    }

    /// <summary>Runs a command in this process: it is asked often while nobody leads.</summary>
    private Task<CliRun> RunAsync(params string[] arguments) => CliRun.RunAsync([.. arguments, "-n", _nameServers]);
}
