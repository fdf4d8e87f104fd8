using System.Text.Json;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cluster.Tests;

/// <summary>What the README tells a user to do, on a real cluster whose namespaces enforce the restricted profile.</summary>
[Collection(KubeClusterCollection.Name)]
public sealed class QuickStartTests(KubeCluster cluster)
{
    private const string ClusterLabel = "rocketops.io/cluster=quickstart";
    private const string Sample = "deploy/samples/quickstart.yaml";
    private const string Nowhere = "localhost:1/rocketops/broker:none";
    private const int Messages = 100;

    [SkippableFact]
    public async Task QuickStart_InstallApplySendDelete_WorksAndLeavesOnlyTheData()
    {
        KubeCluster.Require();
        _ = cluster;
        try
        {
            await InstallAsync();
            await ApplySampleAsync();
            IReadOnlyList<JsonElement> acknowledged = await SendAsync();
            await ReceiveAsync("g_quickstart", acknowledged);
            await ChangeByHandAsync();
            await GrowVolumesAsync();
            acknowledged = [.. acknowledged, .. await AskForABadImageAsync()];
            await DeleteSampleAsync();
            await ApplySampleAsync();
            await ReceiveAsync("g_again", acknowledged);
            await DeleteSampleAsync();
            (await KubeCluster.KubectlAsync("logs", "-n", Release.Namespace, "-l", "app.kubernetes.io/component=operator", "--tail=-1")).Should().NotContain("forbidden", "the rights of the chart are all the operator needs");
            if (Depth.IsDeep)
            {
                // ShippedPoliciesTests has an operator at work with the rights of one namespace, and ChartTests sees that the chart renders no others.
                await NarrowToOneNamespaceAsync();
            }

            await UninstallAsync();
        }
        catch (Exception exception) when (exception is not SkipException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{await KubeCluster.DescribeAsync()}", exception);
        }
    }

    private static async Task InstallAsync()
    {
        await Release.InstallAsync();

        string test = await KubeCluster.HelmAsync("test", "rocketops", "--namespace", Release.Namespace, KubeCluster.Timeout);

        test.Should().Contain("Phase:          Succeeded");
    }

    private static async Task ApplySampleAsync()
    {
        await KubeCluster.KubectlAsync("apply", "-f", Sample);

        await KubeCluster.KubectlAsync("wait", "brokercluster/quickstart", "--for=condition=Ready", KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("wait", "topic/quickstart-events", "--for=condition=Ready", KubeCluster.Timeout);

        // Two name servers, two groups of a master and a slave.
        await KubeCluster.UntilAsync(
            static async () => await ItemsAsync("pods") is { Length: 6 } pods && pods.All(static pod => IsReady(pod)), "there are six pods, and all are ready");
        (await ItemsAsync("persistentvolumeclaims")).Should().HaveCount(4);
    }

    private static async Task<IReadOnlyList<JsonElement>> SendAsync()
    {
        string address = await KubeCluster.NameServerAsync("quickstart");
        List<JsonElement> acknowledged = [];

        // On a busy machine the client gives up its first look for a route, after 3 s that it has spent on its own start.
        await KubeCluster.UntilAsync(
            async () =>
            {
                ProcessResult sent = await ClientAsync("send", "--namesrv", address, "--topic", "quickstart-events", "--count", $"{Messages}", "--keys", "K", "--timeout", "120000");
                acknowledged.AddRange(Lines(sent).Where(static line => line.TryGetProperty("sendStatus", out JsonElement status) && status.GetString() == "SEND_OK"));
                return acknowledged.Count >= Messages;
            },
            "messages are sent");
        acknowledged.Select(line => line.GetProperty("brokerName").GetString()).Distinct().Should()
            .BeEquivalentTo(["quickstart-0", "quickstart-1"], "the topic is spread over both groups");
        return acknowledged;
    }

    private static async Task ReceiveAsync(string group, IReadOnlyList<JsonElement> acknowledged)
    {
        string address = await KubeCluster.NameServerAsync("quickstart");
        IReadOnlyList<JsonElement> messages = [];

        // As in SendAsync: a client that gave up before its first message has taken none away, and is started again.
        await KubeCluster.UntilAsync(
            async () =>
            {
                ProcessResult received = await ClientAsync(
                    "receive", "--namesrv", address, "--topic", "quickstart-events", "--group", group, "--count", $"{acknowledged.Count}", "--from", "first", "--seconds", "500");
                messages = [.. Lines(received).Where(static line => line.GetProperty("event").GetString() == "message")];
                if (messages.Count > 0)
                {
                    received.EnsureSuccess();
                }

                return received.ExitCode == 0;
            },
            "messages are received");
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

        await KubeCluster.UntilAsync(
            async () => (await KubeCluster.KubectlAsync("get", "service", "quickstart-nameserver", "-o", "jsonpath={.spec.ports[*].port}")).Trim() == "9876", "the port is put back");
        await KubeCluster.UntilAsync(
            async () => (await KubeCluster.KubectlAsync("get", "statefulset", "quickstart-0", "-o", "jsonpath={.spec.replicas}")).Trim() == "2", "the replicas are put back");

        // What the status says may be older than the end of the pod that was one too many for a moment.
        await KubeCluster.UntilAsync(
            async () => (await ItemsAsync("statefulsets")).All(IsObserved) && await ItemsAsync("pods") is { Length: 6 } pods && pods.All(static pod => IsReady(pod) && !pod.GetProperty("metadata").TryGetProperty("deletionTimestamp", out _)),
            "the pod that was taken away is there again");
        await KubeCluster.KubectlAsync("wait", "brokercluster/quickstart", "--for=condition=Ready", KubeCluster.Timeout);
    }

    /// <summary>Its controller has acted on its newest spec.</summary>
    private static bool IsObserved(JsonElement set) => set.GetProperty("status").GetProperty("observedGeneration").GetInt64() == set.GetProperty("metadata").GetProperty("generation").GetInt64();

    /// <summary>The StatefulSets are made again with a larger template while their pods run on; who owns which of their fields stays as it was.</summary>
    private static async Task GrowVolumesAsync()
    {
        string[] before = await BrokersAsync();

        await KubeCluster.KubectlAsync("patch", "brokercluster", "quickstart", "--type=merge", "-p", """{"spec":{"brokers":{"storage":{"size":"3Gi"}}}}""");

        await KubeCluster.UntilAsync(
            async () => (await ItemsAsync("persistentvolumeclaims")).All(static claim => claim.GetProperty("status").GetProperty("capacity").GetProperty("storage").GetString() == "3Gi"), "all volumes have grown");
        await KubeCluster.UntilAsync(
            async () => (await ItemsAsync("statefulsets")).All(static set => set.GetRawText().Contains("3Gi", StringComparison.Ordinal) && !set.GetRawText().Contains("owners-due", StringComparison.Ordinal)), "the sets ask for as much");
        await KubeCluster.KubectlAsync("wait", "brokercluster/quickstart", "--for=condition=Ready", KubeCluster.Timeout);
        (await BrokersAsync()).Should().Equal(before, "no broker was restarted for it");
        string owners = await KubeCluster.KubectlAsync("get", "statefulset", "quickstart-0", "--show-managed-fields", "-o", "jsonpath={.metadata.managedFields[*].manager}");
        owners.Should().Contain("rocketops-operator").And.NotContain("rocketops-operator-growth", "what is taken out of the spec later is to go");

        static async Task<string[]> BrokersAsync() =>
            [.. (await ItemsAsync("pods")).Select(static pod => pod.GetProperty("metadata")).Where(static pod => !pod.GetProperty("name").GetString()!.Contains("nameserver", StringComparison.Ordinal)).Select(static pod => pod.GetProperty("uid").GetString()!).Order(StringComparer.Ordinal)];
    }

    /// <summary>Whichever pod is taken away while an image that is not to be had is asked for comes back with what ran, and messages are taken.</summary>
    /// <returns>Those.</returns>
    private static async Task<IReadOnlyList<JsonElement>> AskForABadImageAsync()
    {
        string ran = (await ImagesAsync()).Distinct().Should().ContainSingle().Which;

        // Nobody listens there, so that the kubelet has its answer at once.
        await PatchAsync("{\"spec\":{\"brokers\":{\"image\":\"" + Nowhere + "\"}}}");
        await KubeCluster.UntilAsync(async () => (await ImagesAsync()).Contains(Nowhere), "a first pod is to have it");
        await ReplacePodsAsync("quickstart-1-0", "quickstart-1-1");
        await KubeCluster.UntilAsync(async () => await ConditionAsync("Stalled") == "True RolloutFailing", "the operator says that it fails");
        await ReplacePodsAsync("quickstart-0-0");
        await KubeCluster.UntilAsync(
            async () => await ItemsAsync("pods") is { Length: 6 } pods && pods.All(static pod => IsReady(pod)) && (await ImagesAsync()).All(image => image == ran), "every pod runs what ran");
        IReadOnlyList<JsonElement> acknowledged = await SendAsync();
        (await ConditionAsync("Stalled")).Should().Be("True RolloutFailing", "nobody has set it right");

        await PatchAsync("""{"spec":{"brokers":{"image":null}}}""");
        await KubeCluster.UntilAsync(async () => await ConditionAsync("Stalled") == "False AsExpected", "nothing is wrong with what is asked for");
        await KubeCluster.KubectlAsync("wait", "brokercluster/quickstart", "--for=condition=Ready", KubeCluster.Timeout);
        return acknowledged;

        static Task PatchAsync(string patch) => KubeCluster.KubectlAsync("patch", "brokercluster", "quickstart", "--type=merge", "-p", patch);
    }

    /// <summary>
    /// Deletes pods and returns when pods with other UIDs bear their names. kubectl's own wait takes a pod that is made again quickly for the deleted one, and
    /// waits until its time is over.
    /// </summary>
    private static async Task ReplacePodsAsync(params string[] names)
    {
        string[] before = await UidsAsync();
        await KubeCluster.KubectlAsync(["delete", "pod", .. names, "--wait=false"]);
        await KubeCluster.UntilAsync(
            async () => await UidsAsync() is { } now && now.Length == names.Length && !now.Intersect(before).Any(), $"other pods are named {string.Join(", ", names)}");

        async Task<string[]> UidsAsync() =>
        [
            .. (await ItemsAsync("pods")).Select(static pod => pod.GetProperty("metadata")).Where(pod => names.Contains(pod.GetProperty("name").GetString()))
                .Select(static pod => pod.GetProperty("uid").GetString()!),
        ];
    }

    private static async Task<string> ConditionAsync(string type) =>
        (await KubeCluster.KubectlAsync("get", "brokercluster", "quickstart", "-o", $"jsonpath={{.status.conditions[?(@.type=='{type}')].status}} {{.status.conditions[?(@.type=='{type}')].reason}}")).Trim();

    /// <summary>What the brokers run.</summary>
    private static async Task<string[]> ImagesAsync() =>
    [
        .. (await ItemsAsync("pods")).Where(static pod => !pod.GetProperty("metadata").GetProperty("name").GetString()!.Contains("nameserver", StringComparison.Ordinal))
            .Select(static pod => pod.GetProperty("spec").GetProperty("containers")[0].GetProperty("image").GetString()!),
    ];

    private static async Task DeleteSampleAsync()
    {
        await KubeCluster.KubectlAsync("delete", "-f", Sample, KubeCluster.Timeout);

        const string kinds = "pods,statefulsets,deployments,replicasets,services,endpointslices,configmaps,serviceaccounts,poddisruptionbudgets,leases";
        await KubeCluster.UntilAsync(async () => (await ItemsAsync(kinds)).Length == 0, "everything of the cluster but its claims is gone");
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
            "upgrade", "rocketops", "charts/rocketops", "--namespace", Release.Namespace, "--reuse-values", "--set", "watchNamespace=team-a", "--wait", KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("apply", "-f", directory.File("team-b"));
        await KubeCluster.KubectlAsync("apply", "-f", directory.File("team-a"));

        await KubeCluster.KubectlAsync("wait", "brokercluster/single", "-n", "team-a", "--for=condition=Ready", KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("wait", "topic/single-events", "-n", "team-a", "--for=condition=Ready", KubeCluster.Timeout);
        (await KubeCluster.KubectlAsync("get", "brokercluster/single", "-n", "team-b", "-o", "jsonpath={.status}")).Trim().Should().Be("{\"observedGeneration\":-1}", "nobody watches the other namespace");
        (await KubeCluster.KubectlAsync("get", "clusterroles", "-l", "app.kubernetes.io/name=rocketops", "-o", "name")).Should().BeEmpty();

        // Topics whose policy is Delete go before their namespace: with it goes the operator's right to let go of them.
        await KubeCluster.KubectlAsync("delete", "-f", directory.File("team-a"), KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("delete", "-f", directory.File("team-b"), KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("delete", "namespace", "team-a", "team-b", KubeCluster.Timeout);
    }

    private static async Task UninstallAsync()
    {
        await Release.UninstallAsync();

        (await KubeCluster.KubectlAsync("get", "clusterroles,clusterrolebindings", "-l", "app.kubernetes.io/name=rocketops", "-o", "name")).Should().BeEmpty();
        string definitions = await KubeCluster.KubectlAsync("get", "customresourcedefinitions", "-o", "name");
        definitions.Should().ContainAll("brokerclusters.rocketops.io", "topics.rocketops.io", "consumergroups.rocketops.io");
    }

    private static async Task<ProcessResult> ClientAsync(params string[] arguments)
    {
        string program = Path.Combine(SharedKits.RocketMq, "bin", "rocketmq-client");
        return await ChildProcess.RunAsync(program, arguments, KubeCluster.Patience, new Dictionary<string, string>(StringComparer.Ordinal) { ["ROCKETMQ_TIER"] = "1" });
    }

    private static async Task<JsonElement[]> ItemsAsync(string kinds)
    {
        using JsonDocument list = JsonDocument.Parse(await KubeCluster.KubectlAsync("get", kinds, "-n", "default", "-l", ClusterLabel, "-o", "json"));
        return [.. list.RootElement.GetProperty("items").EnumerateArray().Select(item => item.Clone())];
    }

    private static bool IsReady(JsonElement pod) =>
        pod.GetProperty("status").TryGetProperty("conditions", out JsonElement conditions)
        && conditions.EnumerateArray().Any(condition => condition.GetProperty("type").GetString() == "Ready" && condition.GetProperty("status").GetString() == "True");

    private static IReadOnlyList<JsonElement> Lines(ProcessResult result) =>
        [.. result.OutputLines.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement.Clone())];
}
