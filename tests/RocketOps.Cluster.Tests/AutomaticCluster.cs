using System.Globalization;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Cluster.Tests;

/// <summary>The sample of a group that elects its master, in the cluster: what its Lease, its pods and the operator say of it, and how a member ends without a word.</summary>
internal static class AutomaticCluster
{
    /// <summary>The object, as kubectl is told of it.</summary>
    public const string Resource = "brokercluster/automatic";
    public const string Label = "rocketops.io/cluster=automatic";
    public const string Group = "automatic-0";
    public const string Topic = ForeignClient.GoTopic;
    public const int Members = 3;

    private const string Sample = "deploy/samples/automatic.yaml";
    private const string BrokersLabel = Label + ",rocketops.io/component=broker";

    private const string Topics = $$"""
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: automatic-work, namespace: default }
        spec: { clusterRef: { name: automatic }, topicName: {{Topic}}, readQueues: 8, writeQueues: 8 }
        ---
        apiVersion: rocketops.io/v1beta1
        kind: Topic
        metadata: { name: automatic-go, namespace: default }
        spec: { clusterRef: { name: automatic }, topicName: {{GoRounds.Topic}} }
        """;

    /// <summary>Runs a test on the installed group, of which nothing is left when it passes. When it fails, says what a person would look at first. Skipped where there is no cluster, or no foreign client.</summary>
    /// <param name="testAsync">Is given where clients find the name servers.</param>
    public static async Task RunAsync(Func<string, Task> testAsync)
    {
        KubeCluster.Require();
        ForeignClient.Require();
        try
        {
            await InstallAsync();
            await testAsync(await KubeCluster.NameServerAsync("automatic"));
            await LeaveNothingAsync();
        }
        catch (Exception exception) when (exception is not SkipException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{await KubeCluster.DescribeAsync()}", exception);
        }
    }

    /// <summary>The operator and the group, ready, with the topics.</summary>
    private static async Task InstallAsync()
    {
        await Release.InstallAsync();
        await KubeCluster.ApplyAsync(await ManifestAsync());
        await KubeCluster.ApplyAsync(Topics);
        await KubeCluster.ApplyAsync(Exchanges.TopicsOf("automatic"));
        await KubeCluster.KubectlAsync("wait", Resource, "--for=condition=Ready", KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("wait", "topics", "--all", "--for=condition=Ready", KubeCluster.Timeout);
    }

    /// <summary>Deletes the cluster, and applies it once more over the claims that it left.</summary>
    public static async Task MakeAgainAsync()
    {
        await KubeCluster.KubectlAsync("delete", Resource, KubeCluster.Timeout);
        await KubeCluster.UntilAsync(async () => (await KubeCluster.KubectlAsync("get", "pods,leases", "-l", Label, "-o", "name")).Trim().Length == 0, "pods and Lease are gone");
        await KubeCluster.ApplyAsync(await ManifestAsync());
        await KubeCluster.KubectlAsync("wait", Resource, "--for=condition=Ready", KubeCluster.Timeout);
    }

    private static async Task LeaveNothingAsync()
    {
        // Deep, a node loses its power once: what was on it begins again with it.
        int begins = Depth.IsDeep ? 1 : 0;
        (await KubeCluster.KubectlAsync("get", "pods", "-n", Release.Namespace, "-l", "app.kubernetes.io/component=operator", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}"))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Should().NotBeEmpty().And.OnlyContain(restarts => int.Parse(restarts, CultureInfo.InvariantCulture) <= begins, "nothing else that happens to a cluster ends its operator");
        await KubeCluster.KubectlAsync("delete", "topics/automatic-work", "topics/automatic-go", "topics/automatic-transactions", "topics/automatic-requests", KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("delete", "-f", Sample, KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("delete", "persistentvolumeclaims", "-l", Label, KubeCluster.Timeout);
        await Release.UninstallAsync();
    }

    public static async Task<string> MasterAsync() => (await KubeCluster.KubectlAsync("get", "lease", Group, "-o", "jsonpath={.spec.holderIdentity}")).Trim();

    public static async Task<string> GroupIdAsync() => (await KubeCluster.KubectlAsync("get", Resource, "-o", "jsonpath={.status.groups[0].groupId}")).Trim();

    /// <summary>As many pods as members, wanted and there, and none of them on its way out.</summary>
    public static async Task<bool> IsCompleteAsync()
    {
        string wanted = (await KubeCluster.KubectlAsync("get", "statefulset", Group, "-o", "jsonpath={.spec.replicas}")).Trim();
        string leaving = (await KubeCluster.KubectlAsync("get", "pods", "-l", BrokersLabel, "-o", "jsonpath={.items[*].metadata.deletionTimestamp}")).Trim();
        return wanted == Members.ToString(CultureInfo.InvariantCulture) && leaving.Length == 0 && (await UidsAsync()).Length == Members;
    }

    public static async Task<long> EpochAsync() =>
        long.Parse(await KubeCluster.KubectlAsync("get", "lease", Group, "-o", "jsonpath={.spec.leaseTransitions}"), CultureInfo.InvariantCulture);

    /// <summary>Somebody leads, in a later epoch than that.</summary>
    public static Task ReplacedAsync(long epoch, string when) => KubeCluster.UntilAsync(async () => await EpochAsync() > epoch, $"a new epoch begins: {when}");

    /// <summary>The groups whose members tell what they get consume from who leads.</summary>
    public static async Task FollowedAsync(MessageOracle oracle, string when)
    {
        (string master, IReadOnlyList<string> others) = await BrokersAsync();
        foreach (ConsumerGroup group in oracle.Groups.Where(static group => group.Prints))
        {
            await group.FollowedAsync(master, others, when);
        }
    }

    public static async Task<string> PodFieldAsync(string pod, string path) => (await KubeCluster.KubectlAsync("get", "pod", pod, "-o", $"jsonpath={path}")).Trim();

    public static async Task<string[]> UidsAsync() =>
        (await KubeCluster.KubectlAsync("get", "pods", "-l", BrokersLabel, "-o", "jsonpath={.items[*].metadata.uid}")).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Where the member that leads takes requests, and where the other ones do.</summary>
    public static async Task<(string Master, IReadOnlyList<string> Others)> BrokersAsync()
    {
        string master = await MasterAsync();
        string[] pods = (await KubeCluster.KubectlAsync("get", "pods", "-l", BrokersLabel, "-o", "jsonpath={range .items[*]}{.metadata.name}={.status.podIP} {end}")).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string AddressOf(string pod) => $"{pod[(pod.IndexOf('=', StringComparison.Ordinal) + 1)..]}:10911";
        bool Leads(string pod) => pod.StartsWith($"{master}=", StringComparison.Ordinal);
        return (AddressOf(pods.Single(Leads)), [.. pods.Where(pod => !Leads(pod) && !pod.EndsWith('=')).Select(AddressOf)]);
    }

    /// <summary>Who leads is the same in the Lease, the slice of the master's address, the status, and an event, as long as there are not so many of them that they are combined.</summary>
    public static async Task StoryAsync(string when)
    {
        string told = string.Empty;
        async Task<bool> AgreeAsync()
        {
            string master = await MasterAsync();
            long epoch = await EpochAsync();
            string status = await KubeCluster.KubectlAsync("get", Resource, "-o", "jsonpath={.status.groups[0].master} {.status.groups[0].epoch}");
            string slice = await KubeCluster.KubectlAsync("get", "endpointslice", $"{Group}-master", "-o", "jsonpath={.endpoints[*].addresses[*]}");
            string pod = (await KubeCluster.RunAsync("kubectl", "get", "pod", master, "-o", "jsonpath={.status.podIP}")).Output;
            string events = await KubeCluster.KubectlAsync("get", "events", "--field-selector=reason=MasterChanged", "-o", "jsonpath={range .items[*]}{.message}{.note}{\"\\n\"}{end}");
            string expected = string.Create(CultureInfo.InvariantCulture, $"{master} {epoch}");
            told = $"{expected}; status {status}; slice {slice}, pod {pod}; events {events}";
            return status.Trim() == expected && slice.Trim() == pod.Trim() && slice.Trim().Length > 0
                && (events.Contains(string.Create(CultureInfo.InvariantCulture, $"{master} is the master of {Group} in epoch {epoch}."), StringComparison.Ordinal) || events.Contains("(combined from similar events)", StringComparison.Ordinal));
        }

        try
        {
            await KubeCluster.UntilAsync(AgreeAsync, "the story");
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"Lease, status, slice and events do not tell the same {when}: {told}", late);
        }
    }

    /// <summary>As many members as are asked for have what was acknowledged, as the Lease says and the status tells, and all are pods that serve.</summary>
    public static async Task WholeAsync(string when)
    {
        int members = int.Parse(await KubeCluster.KubectlAsync("get", Resource, "-o", "jsonpath={.spec.brokers.replicas}"), CultureInfo.InvariantCulture);
        await KubeCluster.UntilAsync(
            async () => (await InSyncAsync()).Count == members
                && (await KubeCluster.KubectlAsync("get", Resource, "-o", "jsonpath={.status.groups[0].inSync[*]}")).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Length == members,
            $"all are in sync {when}");
        await KubeCluster.KubectlAsync("wait", Resource, "--for=condition=Ready", KubeCluster.Timeout);
    }

    /// <summary>Names of the members whose copies have everything that is acknowledged, as the Lease says.</summary>
    public static async Task<IReadOnlyList<string>> InSyncAsync() =>
        [.. (await KubeCluster.KubectlAsync("get", "lease", Group, "-o", "jsonpath={.metadata.annotations.rocketops\\.io/in-sync}")).Trim().Split(',').Select(static copy => copy.Split('/')[0])];

    /// <summary>
    /// The lease of a master that cannot renew it ends when one with the default duration would; deep, it does so by itself. In a build no slowness of the machine is to end a lease, so it would last for two minutes: the duration
    /// in the Lease is what the others wait for. The master itself goes on by its own, which is longer, so nothing relies on it having given up.
    /// </summary>
    public static Task LetLeaseEndAsync() =>
        Depth.IsDeep ? Task.CompletedTask : KubeCluster.KubectlAsync("patch", "lease", Group, "--type=merge", "-p", """{"spec":{"leaseDurationSeconds":6}}""");

    /// <summary>To the broker's process, which is told nothing before.</summary>
    public static async Task SignalAsync(string pod, string signal)
    {
        string container = await PodFieldAsync(pod, "{.status.containerStatuses[0].containerID}");
        await KubeCluster.NodeAsync("ctr", await NodeOfAsync(pod), "tasks", "kill", "--signal", signal, container["containerd://".Length..]);
    }

    public static Task<string> NodeOfAsync(string pod) => PodFieldAsync(pod, "{.spec.nodeName}");

    public static async Task<string[]> PodsAsync() =>
        (await KubeCluster.KubectlAsync("get", "pods", "-l", BrokersLabel, "-o", "jsonpath={.items[*].metadata.name}")).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>
    /// The sample, with delay levels for Go's consumer; in a build with leases that a busy machine does not end. A hand-over may take longer than a client's three attempts wait for it, 2.5 s each, and no longer: when all members are
    /// deleted at once, the master may wait twice that time for one that has gone before it.
    /// </summary>
    private static async Task<string> ManifestAsync()
    {
        const string members = "    replicas: 3\n";
        const string patient = """, leaseDurationMillis: "120000", leaseRenewMillis: "1000", leaseMarginMillis: "10000", handOverTimeoutMillis: "10000" """;
        string sample = await File.ReadAllTextAsync(Path.Combine(SharedKits.RepositoryRoot, Sample));
        sample.Should().Contain(members);
        return sample.Replace(members, $"{members}    config: {{ messageDelayLevel: \"{ForeignClient.GoDelayLevels}\"{(Depth.IsDeep ? string.Empty : patient)}}}\n", StringComparison.Ordinal);
    }
}
