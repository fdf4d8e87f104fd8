using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Up;

/// <summary>
/// A member comes to a group that elects its master and another one leaves, in <c>rocketops up</c>: its members are processes of this machine, and a producer is at work all the time.
/// Takes two minutes and one of CPU. That members are announced, started and forgotten is what CountedMembersTests and CrashTests show on the embedded API, that a group is led
/// again in <c>rocketops up</c> is UpFailoverTests'; and that no send fails is for a machine that does nothing else, as leases of seconds run in real time.
/// </summary>
[Trait("ring", RingRules.Deep)]
public sealed class UpMembersTests : IDisposable
{
    private const string Cluster = "apis/rocketops.io/v1beta1/namespaces/default/brokerclusters/own";

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private readonly OwnCluster _own = new(OwnCluster.ElectedManifest, Deadline);

    public void Dispose() => _own.Dispose();

    [Fact]
    public async Task Up_AMemberComesTheMasterIsKilledAndAMemberLeaves_NothingIsLost()
    {
        await using UpProcess up = await _own.UpAsync();
        using KubernetesClient api = new(KubernetesClientConfiguration.FromKubeconfig(_own.Kubeconfig));
        await SettledAsync(api, 2, up);
        await using SteadyProducer load = SteadyProducer.Start(UpOutput.NameServers(up.Output), "events");
        await load.ServedAsync(Deadline);

        await ResizeAsync(api, 3);
        await SettledAsync(api, 3, up);
        await load.ServedAsync(Deadline);
        load.Failures.Should().BeEmpty("a member that comes costs no send");

        JsonNode led = (await api.SendAsync(HttpMethod.Get, Cluster))!["status"]!["groups"]![0]!;
        long epoch = (long)led["epoch"]!;
        _own.Kill((string)led["master"]!);

        // The one that was killed, when it is started again before its lease ends.
        await Eventually.TrueAsync(async () => (long?)(await api.SendAsync(HttpMethod.Get, Cluster))!["status"]!["groups"]![0]!["epoch"] > epoch, "a member leads in a later epoch", Deadline);
        await load.ServedAsync(Deadline);
        await SettledAsync(api, 3, up);
        int failedByTheKill = load.Failures.Count;

        await ResizeAsync(api, 2);
        await SettledAsync(api, 2, up);
        await load.ServedAsync(Deadline);
        load.Failures.Skip(failedByTheKill).Should().BeEmpty("a member that leaves costs no send");

        IReadOnlyCollection<string> acknowledged = await load.StopAsync();
        (int code, string read) = await _own.RunAsync("consume", "events", "--exit", "-o", "body");
        code.Should().Be(0, read);
        acknowledged.Except(read.Split('\n', StringSplitOptions.TrimEntries), StringComparer.Ordinal).Should().BeEmpty("{0} were acknowledged", acknowledged.Count);
        await up.InterruptAsync();
        (await up.ExitCodeAsync(Deadline)).Should().Be(0, up.Output);
    }

    private static Task<JsonNode?> ResizeAsync(KubernetesClient api, int members) =>
        api.SendAsync(HttpMethod.Patch, Cluster, new JsonObject { ["spec"] = new JsonObject { ["brokers"] = new JsonObject { ["replicas"] = members } } }, KubernetesMediaTypes.MergePatch);

    /// <summary>The operator says that all is done, and the status has so many members, all of them in sync.</summary>
    private static async Task SettledAsync(KubernetesClient api, int members, UpProcess up)
    {
        JsonNode? last = null;
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    last = await api.SendAsync(HttpMethod.Get, Cluster);
                    JsonNode? status = last?["status"];
                    JsonNode? group = status?["groups"]?[0];
                    return (long?)status?["observedGeneration"] == (long?)last?["metadata"]?["generation"]
                        && (string?)status?["conditions"]?.AsArray().FirstOrDefault(static condition => (string?)condition!["type"] == "Ready")?["status"] == "True"
                        && status["operations"] is null
                        && group?["members"]?.AsArray().Count == members
                        && group["inSync"]?.AsArray().Count == members;
                },
                $"{members} members are in sync",
                Deadline);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; {last?["status"]?.ToJsonString()}\n{up.Output}", late);
        }
    }
}
