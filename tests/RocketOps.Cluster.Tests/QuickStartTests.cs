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
            await DeleteSampleAsync();
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

    private static async Task DeleteSampleAsync()
    {
        await KubeCluster.KubectlAsync("delete", "-f", Sample, "--timeout=120s");

        const string kinds = "pods,statefulsets,deployments,replicasets,services,endpointslices,configmaps,serviceaccounts,poddisruptionbudgets,leases";
        await Eventually.TrueAsync(async () => (await ItemsAsync(kinds)).Length == 0, "everything of the cluster but its claims is gone", Patience);
        (await KubeCluster.KubectlAsync("get", "brokerclusters,topics", "-A", "-o", "name")).Should().BeEmpty();
        (await ItemsAsync("persistentvolumeclaims")).Should().HaveCount(4, "storage.deletionPolicy is Retain unless a user says otherwise");
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
