using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cluster.Tests;

/// <summary>What the README tells a user to do, on a real cluster whose namespaces enforce the restricted profile.</summary>
[Collection(KubeClusterCollection.Name)]
public sealed class QuickStartTests(KubeCluster cluster)
{
    private const string SystemNamespace = "rocketops-system";
    private const string ClusterLabel = "rocketops.io/cluster=quickstart";
    private const string Sample = "deploy/samples/quickstart.yaml";
    private const int Messages = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableFact]
    public async Task QuickStart_InstallApplySendDelete_WorksAndLeavesOnlyTheData()
    {
        KubeCluster.Require();
        _ = cluster;
        try
        {
            await InstallOperatorAsync();
            await ApplySampleAsync();
            await SendAndReceiveAsync();
            await ChangeByHandAsync();
            await DeleteSampleAsync();
            await NarrowToOneNamespaceAsync();
            await UninstallOperatorAsync();
        }
        catch (Exception exception) when (exception is not SkipException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{await KubeCluster.DescribeAsync()}", exception);
        }
    }

    private static async Task InstallOperatorAsync()
    {
        await KubeCluster.KubectlAsync("create", "namespace", SystemNamespace);
        await KubeCluster.KubectlAsync("label", "namespace", SystemNamespace, "default", "pod-security.kubernetes.io/enforce=restricted");
        await KubeCluster.HelmAsync(
            "install", "rocketops", "charts/rocketops", "--namespace", SystemNamespace, "--wait", "--timeout", "2m",
            "--set", $"tests.image=rocketops/test:{KubeCluster.Version}");

        string test = await KubeCluster.HelmAsync("test", "rocketops", "--namespace", SystemNamespace);

        test.Should().Contain("Phase:          Succeeded");
    }

    private static async Task ApplySampleAsync()
    {
        await KubeCluster.KubectlAsync("apply", "-f", Sample);

        await KubeCluster.KubectlAsync("wait", "brokercluster/quickstart", "--for=condition=Ready", "--timeout=170s");
        await KubeCluster.KubectlAsync("wait", "topic/quickstart-events", "--for=condition=Ready", "--timeout=60s");

        // Two name servers, two groups of a master and a slave.
        JsonElement[] pods = await ItemsAsync("pods");
        pods.Should().HaveCount(6);
        pods.Should().OnlyContain(pod => IsReady(pod));
        (await ItemsAsync("persistentvolumeclaims")).Should().HaveCount(4);
    }

    // This machine is part of the cluster's network: it reaches Services and pods by their addresses, as a pod would.
    private static async Task SendAndReceiveAsync()
    {
        string address = await KubeCluster.KubectlAsync("get", "service", "quickstart-nameserver", "-o", "jsonpath={.spec.clusterIP}");
        string nameServer = $"{address.Trim()}:9876";

        ProcessResult sent = await ClientAsync("send", "--namesrv", nameServer, "--topic", "quickstart-events", "--count", $"{Messages}", "--keys", "K");
        ProcessResult received = await ClientAsync(
            "receive", "--namesrv", nameServer, "--topic", "quickstart-events", "--group", "g_quickstart", "--count", $"{Messages}", "--from", "first");

        IReadOnlyList<JsonElement> acknowledged = Lines(sent);
        acknowledged.Should().HaveCount(Messages).And.OnlyContain(line => line.GetProperty("sendStatus").GetString() == "SEND_OK");
        acknowledged.Select(line => line.GetProperty("brokerName").GetString()).Distinct().Should()
            .BeEquivalentTo(["quickstart-0", "quickstart-1"], "the topic is spread over both groups");
        IReadOnlyList<JsonElement> messages = [.. Lines(received).Where(line => line.GetProperty("event").GetString() == "message")];
        messages.Should().OnlyContain(line => line.GetProperty("bodyOk").GetBoolean());
        messages.Select(line => line.GetProperty("msgId").GetString()).Should()
            .BeEquivalentTo(acknowledged.Select(line => line.GetProperty("msgId").GetString()));
    }

    /// <summary>
    /// What only a real server shows: it refuses two ports of one name, which is what server-side apply makes of a changed port, and its controllers act on the
    /// changed objects at once.
    /// </summary>
    private static async Task ChangeByHandAsync()
    {
        await KubeCluster.KubectlAsync(
            "patch", "service", "quickstart-nameserver", "--type=json", "-p", """[{"op":"replace","path":"/spec/ports/0/port","value":1234}]""");
        await KubeCluster.KubectlAsync("scale", "statefulset", "quickstart-0", "--replicas=1");

        await Eventually.TrueAsync(
            async () => (await KubeCluster.KubectlAsync("get", "service", "quickstart-nameserver", "-o", "jsonpath={.spec.ports[*].port}")).Trim() == "9876", "the port is put back", Patience);
        await Eventually.TrueAsync(
            async () => (await KubeCluster.KubectlAsync("get", "statefulset", "quickstart-0", "-o", "jsonpath={.spec.replicas}")).Trim() == "2", "the replicas are put back", Patience);
        await KubeCluster.KubectlAsync("wait", "brokercluster/quickstart", "--for=condition=Ready", "--timeout=120s");
    }

    private static async Task DeleteSampleAsync()
    {
        await KubeCluster.KubectlAsync("delete", "-f", Sample, "--timeout=120s");

        const string kinds = "pods,statefulsets,deployments,replicasets,services,endpointslices,configmaps,serviceaccounts,poddisruptionbudgets,leases";
        await Eventually.TrueAsync(async () => (await ItemsAsync(kinds)).Length == 0, "everything of the cluster but its claims is gone", Patience);
        (await KubeCluster.KubectlAsync("get", "brokerclusters,topics", "-A", "-o", "name")).Should().BeEmpty();
        (await ItemsAsync("persistentvolumeclaims")).Should().HaveCount(4, "storage.deletionPolicy is Retain unless a user says otherwise");
    }

    /// <summary>The same release with the rights of one namespace alone: it works there and leaves the others alone.</summary>
    private static async Task NarrowToOneNamespaceAsync()
    {
        string sample = await File.ReadAllTextAsync(Path.Combine(SharedKits.RepositoryRoot, "deploy", "samples", "single.yaml"));
        using TempDirectory directory = new("narrow-");
        foreach (string name in (string[])["team-a", "team-b"])
        {
            await KubeCluster.KubectlAsync("create", "namespace", name);
            await KubeCluster.KubectlAsync("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted");
            await File.WriteAllTextAsync(directory.File(name), sample.Replace("namespace: default", $"namespace: {name}", StringComparison.Ordinal));
        }

        await KubeCluster.HelmAsync(
            "upgrade", "rocketops", "charts/rocketops", "--namespace", SystemNamespace, "--reuse-values", "--set", "watchNamespace=team-a", "--wait", "--timeout", "2m");
        await KubeCluster.KubectlAsync("apply", "-f", directory.File("team-b"));
        await KubeCluster.KubectlAsync("apply", "-f", directory.File("team-a"));

        await KubeCluster.KubectlAsync("wait", "brokercluster/single", "-n", "team-a", "--for=condition=Ready", "--timeout=120s");
        await KubeCluster.KubectlAsync("wait", "topic/single-events", "-n", "team-a", "--for=condition=Ready", "--timeout=60s");
        (await KubeCluster.KubectlAsync("get", "brokercluster/single", "-n", "team-b", "-o", "jsonpath={.status}")).Trim().Should().Be("{\"observedGeneration\":-1}", "nobody watches the other namespace");
        (await KubeCluster.KubectlAsync("get", "clusterroles", "-l", "app.kubernetes.io/name=rocketops", "-o", "name")).Should().BeEmpty();

        // Topics whose policy is Delete go before their namespace: with it goes the operator's right to let go of them.
        await KubeCluster.KubectlAsync("delete", "-f", directory.File("team-a"), "--timeout=120s");
        await KubeCluster.KubectlAsync("delete", "-f", directory.File("team-b"), "--timeout=120s");
        await KubeCluster.KubectlAsync("delete", "namespace", "team-a", "team-b", "--timeout=120s");
    }

    private static async Task UninstallOperatorAsync()
    {
        await KubeCluster.HelmAsync("uninstall", "rocketops", "--namespace", SystemNamespace, "--wait");

        (await KubeCluster.KubectlAsync("get", "clusterroles,clusterrolebindings", "-l", "app.kubernetes.io/name=rocketops", "-o", "name")).Should().BeEmpty();
        string definitions = await KubeCluster.KubectlAsync("get", "customresourcedefinitions", "-o", "name");
        definitions.Should().ContainAll("brokerclusters.rocketops.io", "topics.rocketops.io");
    }

    private static async Task<ProcessResult> ClientAsync(params string[] arguments)
    {
        string program = Path.Combine(SharedKits.RocketMq, "bin", "rocketmq-client");
        ProcessResult result = await ChildProcess.RunAsync(program, arguments, Patience);
        return result.EnsureSuccess();
    }

    private static async Task<JsonElement[]> ItemsAsync(string kinds)
    {
        using JsonDocument list = JsonDocument.Parse(await KubeCluster.KubectlAsync("get", kinds, "-n", "default", "-l", ClusterLabel, "-o", "json"));
        return [.. list.RootElement.GetProperty("items").EnumerateArray().Select(item => item.Clone())];
    }

    private static bool IsReady(JsonElement pod) =>
        pod.GetProperty("status").GetProperty("conditions").EnumerateArray()
            .Any(condition => condition.GetProperty("type").GetString() == "Ready" && condition.GetProperty("status").GetString() == "True");

    private static IReadOnlyList<JsonElement> Lines(ProcessResult result) =>
        [.. result.OutputLines.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement.Clone())];
}
