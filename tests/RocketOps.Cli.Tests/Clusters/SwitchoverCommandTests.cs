using System.Text.Json.Nodes;
using RocketOps.Cli.Contexts;
using RocketOps.Embedded;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Clusters;

/// <summary>Which Kubernetes <c>rocketops cluster switchover</c> asks, and what it says where there is none.</summary>
public sealed class SwitchoverCommandTests : IDisposable
{
    private const string Group = "orders-0";
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Switchover_NoKubeconfig_IsOneLineThatSaysWhatToSet()
    {
        string missing = _folder.File("none");

        ProcessResult result = await RunAsync(missing);

        result.ExitCode.Should().Be(1);
        result.Error.Should().Be($"rocketops: No kubeconfig found at {missing}. Set KUBECONFIG or give a path.\n");
    }

    [Fact]
    public async Task Switchover_GroupOfBoth_IsRefusedUntilOneIsNamed()
    {
        await using EmbeddedApiServer here = await WithGroupAsync("here", Group, "orders-0-1");
        await using EmbeddedApiServer elsewhere = await WithGroupAsync("elsewhere", Group, "orders-0-2");
        (string ownFile, string otherFile) = (_folder.File("here/kubeconfig"), _folder.File("elsewhere/kubeconfig"));
        await UpRunsAsync("here", "default/orders");

        ProcessResult refused = await RunAsync(otherFile);

        refused.ExitCode.Should().Be(2, refused.Error);
        refused.Error.Should().Be(
            $"rocketops cluster switchover: several have a group {Group} in the namespace default; choose one: "
            + $"--kubeconfig {ownFile} is a rocketops up; --context NAME is {elsewhere.Address} (context 'rocketops' of {otherFile}).\n");
        (await RunAsync(otherFile, "--kubeconfig", ownFile)).Error.Should().Be(Asked(here, ownFile, "orders-0-1"));
        (await RunAsync(otherFile, "--context", "rocketops")).Error.Should().Be(Asked(elsewhere, otherFile, "orders-0-2"));
        (await RunAsync(ownFile)).Error.Should().Be(Asked(here, ownFile, "orders-0-1"), "the kubeconfig leads to the same");
        (await RunAsync(otherFile, "--context", "none")).Error.Should().Be($"rocketops: {otherFile}: has no context 'none'.\n");
    }

    [Fact]
    public async Task Switchover_GroupOfTheRunningUpAlone_AsksThatOne()
    {
        await using EmbeddedApiServer here = await WithGroupAsync("here", Group, "orders-0-1");
        await using EmbeddedApiServer elsewhere = await WithGroupAsync("elsewhere", "other-0", "other-0-0");
        await UpRunsAsync("here", "default/orders");

        (await RunAsync(_folder.File("elsewhere/kubeconfig"))).Error.Should().Be(Asked(here, _folder.File("here/kubeconfig"), "orders-0-1"));
    }

    [Fact]
    public async Task Switchover_UpHasNoSuchGroupAndNoKubeconfigIsThere_NamesWhatRuns()
    {
        string missing = _folder.File("none");
        await UpRunsAsync("here", "default/orders");

        ProcessResult result = await RunGroupAsync(missing, "order-0");

        result.ExitCode.Should().Be(2);
        result.Error.Should().Be(
            $"rocketops cluster switchover: no rocketops up has a cluster with a group order-0 in the namespace default, only default/orders. Did you mean default/orders-0? No kubeconfig found at {missing}. Set KUBECONFIG or give a path.\n");
    }

    [Fact]
    public async Task Switchover_UpHasAClusterWhoseNameBeginsTheSame_AsksTheKubeconfigs()
    {
        const string longer = "orders-eu-0";
        await using EmbeddedApiServer here = await WithGroupAsync("here", Group, "orders-0-1");
        await using EmbeddedApiServer elsewhere = await WithGroupAsync("elsewhere", longer, "orders-eu-0-0");
        await UpRunsAsync("here", "default/orders");
        string kubeconfig = _folder.File("elsewhere/kubeconfig");

        (await RunGroupAsync(kubeconfig, longer)).Error.Should().StartWith($"Asking {elsewhere.Address} ");
    }

    [Theory]
    [InlineData("json", """[{"group":"orders-0","done":"moved","from":"orders-0-0","to":"orders-0-1","epoch":8}]""")]
    [InlineData("text", "orders-0-1 leads orders-0 in epoch 8. It was handed over to it.")]
    public async Task Switchover_Done_IsToldAsAskedFor(string format, string expected)
    {
        await using EmbeddedApiServer api = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        string kubeconfig = _folder.File("kubeconfig");
        api.WriteKubeconfig(kubeconfig);
        using KubernetesClient client = new(KubernetesClientConfiguration.FromKubeconfig(kubeconfig));
        Lease lease = new()
        {
            Metadata = new ObjectMeta { Name = Group, Namespace = "default", Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { ["rocketops.io/in-sync"] = "orders-0-0/1,orders-0-1/1" } },
            Spec = new LeaseSpec { HolderIdentity = "orders-0-0", LeaseTransitions = 7 },
        };
        await client.CreateAsync(lease);

        Task<ProcessResult> run = RunAsync(kubeconfig, "-o", format);
        await HandOverWhenWishedAsync(client, run);

        ProcessResult result = (await run).EnsureSuccess();
        (format == "json" ? JsonNode.Parse(result.Output)!.ToJsonString() : result.Output.TrimEnd('\n')).Should().Be(expected);
        result.Error.Should().Be($"Asking {api.Address} (context 'rocketops' of {kubeconfig}), namespace default.\n");
    }

    [Fact]
    public async Task Switchover_NothingDone_IsAnEmptyArray()
    {
        await using EmbeddedApiServer api = await WithGroupAsync("here", Group, "orders-0-0");

        ProcessResult result = await RunAsync(_folder.File("here/kubeconfig"), "-o", "json");

        result.ExitCode.Should().Be(1);
        result.Output.Should().Be("[]\n");
    }

    [Fact]
    public async Task Switchover_NameServersAndContext_IsWrongUsage()
    {
        ProcessResult result = await RunAsync(_folder.File("none"), "-n", "127.0.0.1:1", "--context", "a");

        result.ExitCode.Should().Be(2);
        result.Error.Should().StartWith("rocketops cluster switchover: -n asks the group's master itself: it does not go with --kubeconfig or --context.");
    }

    /// <summary>What is said of a group whose master is alone: who was asked, and that there is nobody to hand over to.</summary>
    private static string Asked(EmbeddedApiServer api, string kubeconfig, string master) =>
        $"Asking {api.Address} (context 'rocketops' of {kubeconfig}), namespace default.\nrocketops: no other member of {Group} is in sync with {master}.\n";

    /// <summary>An API with the group's Lease, its kubeconfig in a folder of that name.</summary>
    private async Task<EmbeddedApiServer> WithGroupAsync(string folder, string group, string master)
    {
        EmbeddedApiServer api = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        Directory.CreateDirectory(_folder.File(folder));
        string kubeconfig = _folder.File($"{folder}/kubeconfig");
        api.WriteKubeconfig(kubeconfig);
        using KubernetesClient client = new(KubernetesClientConfiguration.FromKubeconfig(kubeconfig));
        Lease lease = new() { Metadata = new ObjectMeta { Name = group, Namespace = "default" }, Spec = new LeaseSpec { HolderIdentity = master } };
        await client.CreateAsync(lease);
        return api;
    }

    /// <summary>What the master does when its Lease says who is to follow it.</summary>
    private static async Task HandOverWhenWishedAsync(KubernetesClient client, Task<ProcessResult> run)
    {
        Lease wished = null!;
        await Eventually.TrueAsync(
            async () =>
            {
                wished = (await client.GetAsync<Lease>(Group, "default"))!;
                return run.IsCompleted || wished.Metadata!.Annotations!.ContainsKey("rocketops.io/hand-over-to");
            },
            "somebody is wished for",
            TimeSpan.FromMinutes(2));
        JsonObject done = new()
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["rocketops.io/history"] = "It was handed over to it." } },
            ["spec"] = new JsonObject { ["holderIdentity"] = wished.Metadata!.Annotations!.GetValueOrDefault("rocketops.io/hand-over-to"), ["leaseTransitions"] = 8 },
        };
        await client.PatchAsync<Lease>(Group, "default", KubernetesPatch.Merge(done), new WriteOptions { FieldManager = "master" });
    }

    /// <summary>As if a <c>rocketops up</c> with this data folder ran the cluster.</summary>
    private async Task UpRunsAsync(string folder, string cluster)
    {
        Directory.CreateDirectory(_folder.File("rocketops"));
        ProcessIdentity self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        await File.WriteAllTextAsync(_folder.File("rocketops/up-1.json"), UpInstance.Write(new UpInstance(_folder.File(folder), [(cluster, "127.0.0.1:1")]), self));
    }

    private Task<ProcessResult> RunAsync(string kubeconfig, params string[] options) => RunGroupAsync(kubeconfig, Group, options);

    private Task<ProcessResult> RunGroupAsync(string kubeconfig, string group, params string[] options) => ChildProcess.RunAsync(
        Programs.RocketOps,
        ["cluster", "switchover", group, .. options],
        TimeSpan.FromMinutes(2),
        new Dictionary<string, string>(StringComparer.Ordinal) { ["KUBECONFIG"] = kubeconfig, ["XDG_RUNTIME_DIR"] = _folder.Path });
}
