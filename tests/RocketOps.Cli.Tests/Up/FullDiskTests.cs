using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;
using RocketOps.Testing.Disks;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Up;

/// <summary><c>rocketops up</c> on file systems of an enforced size: nearly full, filled while it runs, and without room for anything.</summary>
[Trait("ring", RingRules.Programs)]
public sealed partial class FullDiskTests : IDisposable
{
    private const string Manifest = """
        apiVersion: rocketops.io/v1beta1
        kind: BrokerCluster
        metadata: { name: small, namespace: default }
        spec:
          nameServer: { replicas: 1 }
          brokers: { groups: 1, replicas: 1, storage: { size: 64Mi } }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: events, namespace: default }
        spec: { clusterRef: { name: small }, readQueues: 4, writeQueues: 4 }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: bulk, namespace: default }
        spec: { clusterRef: { name: small }, readQueues: 4, writeQueues: 4 }
        """;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private readonly TempDirectory _folder = new();

    private string Cluster => _folder.File("small.yaml");

    public FullDiskTests() => File.WriteAllText(Cluster, Manifest);

    public void Dispose() => _folder.Dispose();

    /// <summary>One more whole <c>rocketops up</c>, and gigabytes of memory: the other two tests show the rest of what a full disk does.</summary>
    [SkippableFact]
    [Trait("ring", RingRules.Deep)]
    public async Task Up_DiskOf95PercentUsed_RunsTheDemo()
    {
        using SmallDisk disk = SmallDisk.Mount(_folder.File("disk"), kilobytes: 800 * 1024);
        disk.Fill(760L * 1024 * 1024);

        await using UpProcess up = UpProcess.StartIn(_folder.Path, "up", Cluster, "--data", Path.Combine(disk.Path, "data"), "--demo");

        (await up.ExitCodeAsync(Deadline)).Should().Be(0, up.Output);
        up.Output.Should().Contain("Demo succeeded: 1000 sent, 1000 received exactly once");
    }

    [SkippableFact]
    public async Task Up_DiskFilledWhileItRuns_IsToldAlikeEverywhereAndHealsWithRoom()
    {
        using SmallDisk disk = SmallDisk.Mount(_folder.File("disk"), kilobytes: 200 * 1024);
        await using UpProcess up = UpProcess.StartIn(_folder.Path, "up", Cluster, "--data", Path.Combine(disk.Path, "data"));
        await Eventually.TrueAsync(() => up.Output.Contains("Try next", StringComparison.Ordinal), "all is ready", Deadline);
        await Eventually.TrueAsync(async () => (await RunAsync("produce", "events", "hello")).Code == 0, "a message is taken", Deadline);

        string filler = disk.Fill();
        (int Code, string Output) refused = await RunAsync("produce", "bulk", "--size", "1000000", "--count", "1000", "--quiet");

        refused.Code.Should().Be(1, refused.Output);
        refused.Output.Should().Contain("the disk is full").And.NotContain("Unhandled").And.NotContain("   at ");
        using KubernetesClient api = new(KubernetesClientConfiguration.FromKubeconfig(Path.Combine(disk.Path, "data", "kubeconfig")));

        // A full disk may be told for another reason as more of it is wanted: what counts is the last one, and that it is one text for one fact.
        await LookedAtAsync(
            api, () => LastReason(ClusterLine(), up) is { } told && told == LastReason(TopicLine(), up), "cluster and topic say alike that the disk is full");
        LastReason(ClusterLine(), up).Should().Contain("the disk is full");
        up.Output.Should().Contain("Make room on the volume, or lower fileReservedTime");
        await Eventually.TrueAsync(
            async () =>
            {
                (int Code, string Output) status = await RunAsync("cluster", "status", "-o", "json");
                return status.Code == 1 && LastReason(ClusterLine(), up) is { } told && status.Output.Contains(told, StringComparison.Ordinal);
            },
            "the status says so, too",
            Deadline);
        (int Code, string Output) read = await RunAsync("consume", "events", "--exit", "--count", "1");
        read.Code.Should().Be(0, read.Output);
        read.Output.Should().Contain("hello", "what is stored can be read");

        File.Delete(filler);

        await Eventually.TrueAsync(async () => (await RunAsync("produce", "events", "again")).Code == 0, "messages are taken again", Deadline);
        await LookedAtAsync(api, () => RoomAgain().IsMatch(up.Output) && ReadyAgain().IsMatch(up.Output), "room and the ready cluster are told, in the order in which they were seen");
        await up.InterruptAsync();
        (await up.ExitCodeAsync(Deadline)).Should().Be(0, up.Output);
        up.Output.Should().NotContain("Unhandled");
    }

    [SkippableFact]
    public async Task Up_DiskWithoutRoomForAnything_SaysSoFirstAndEndsWithoutAStack()
    {
        using SmallDisk disk = SmallDisk.Mount(_folder.File("disk"), kilobytes: 300);
        await using UpProcess up = UpProcess.StartIn(_folder.Path, "up", Cluster, "--data", Path.Combine(disk.Path, "data"));

        await Eventually.TrueAsync(() => up.HasExited || up.Output.Contains("Ctrl-C stops", StringComparison.Ordinal), "it runs, or says why not", Deadline);
        await up.InterruptAsync();
        int code = await up.ExitCodeAsync(Deadline);

        code.Should().BeOneOf([0, 1], up.Output);
        up.Output.Should().MatchRegex("^ +[0-9.]+ s  disk: The disk of .*/data is full: messages are refused, .* or choose another disk with --data");
        up.Output.Should().NotContain("Unhandled").And.NotContain("   at ");
    }

    /// <summary>Waits. The operator looks at what is well every 30 s, and at once when its object changes, as far as a full disk takes a change.</summary>
    private static async Task LookedAtAsync(KubernetesClient api, Func<bool> isTold, string what)
    {
        long looked = Stopwatch.GetTimestamp();
        await Eventually.TrueAsync(
            async () =>
            {
                if (!isTold() && Stopwatch.GetElapsedTime(looked) > BetweenLooks)
                {
                    looked = Stopwatch.GetTimestamp();
                    await TouchAsync(api, "brokerclusters/small", looked);
                    await TouchAsync(api, "topics/events", looked);
                }

                return isTold();
            },
            what,
            Deadline);
    }

    private static async Task TouchAsync(KubernetesClient api, string path, long mark)
    {
        JsonObject touch = new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["touched"] = $"{mark}" } } };
        try
        {
            await api.SendAsync(HttpMethod.Patch, $"apis/rocketops.io/v1beta1/namespaces/default/{path}", touch, KubernetesMediaTypes.MergePatch);
        }
        catch (KubernetesException full)
        {
            ((int)full.Code).Should().BeOneOf([409, 500, 503, 507], full.Message);
        }
    }

    private static string? LastReason(Regex line, UpProcess up) => line.Matches(up.Output).LastOrDefault()?.Groups["reason"].Value;

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        await using UpProcess command = UpProcess.StartIn(_folder.Path, arguments);
        return (await command.ExitCodeAsync(Deadline), command.Output);
    }

    [GeneratedRegex(@"cluster default/small: not ready \(DiskFull: small-0-0 takes no messages: (?<reason>.+?)\. Make room", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ClusterLine();

    [GeneratedRegex(@"topic default/events: not ready \(DiskFull: small-0 takes no messages: (?<reason>.+?)\. BrokerCluster small says what to do", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex TopicLine();

    [GeneratedRegex(@"DiskFull[\s\S]*disk: has room again", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex RoomAgain();

    [GeneratedRegex(@"DiskFull[\s\S]*cluster default/small: ready", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ReadyAgain();
}
