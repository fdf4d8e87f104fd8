using System.Globalization;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// A group that elects its master on three nodes, under unmodified clients in Java (three attempts within 3 s, their default), Node and Go. What is planned costs them not one send, and no message comes twice to a consumer;
/// what is not planned ends, and nothing acknowledged is lost. Consumers follow to the next master, with all that they have consumed. The Lease, the slice of the master's address, the status and the events tell the story.
/// A build has one Java producer and one consumer and what is planned and frequent, with leases and attempts that no busy machine lets end. Consumers that share a group, and what they get again, belong to the deep ring, as all of the rest.
/// </summary>
[Collection(KubeClusterCollection.Name)]
public sealed class ElectedGroupTests(KubeCluster cluster, ITestOutputHelper output)
{
    private const string Sample = "deploy/samples/automatic.yaml";
    private const string Cluster = "brokercluster/automatic";
    private const string ClusterLabel = "rocketops.io/cluster=automatic";
    private const string Group = "automatic-0";
    private const string Topic = ForeignClient.GoTopic;
    private const int Members = 3;

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

    private static readonly string[] Versions = ["4.9.7", "5.5.0"];

    [SkippableFact]
    public async Task Master_ReplacedInEveryWay_PlannedCostsNoSendAndNothingAcknowledgedIsLost()
    {
        KubeCluster.Require();
        ForeignClient.Require();
        _ = cluster;
        try
        {
            await Release.InstallAsync();
            await KubeCluster.ApplyAsync(await ManifestAsync());
            await KubeCluster.ApplyAsync(Topics);
            await KubeCluster.ApplyAsync(Exchanges.TopicsOf("automatic"));
            await KubeCluster.KubectlAsync("wait", Cluster, "--for=condition=Ready", KubeCluster.Timeout);
            await KubeCluster.KubectlAsync("wait", "topics", "--all", "--for=condition=Ready", KubeCluster.Timeout);
            await UnderLoadAsync();
            await LeaveNothingAsync();
        }
        catch (Exception exception) when (exception is not SkipException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{await KubeCluster.DescribeAsync()}", exception);
        }
    }

    /// <summary>The sample, with delay levels for Go's consumer; in a build with leases and hand-overs that a busy machine does not end.</summary>
    private static async Task<string> ManifestAsync()
    {
        const string members = "    replicas: 3\n";
        const string patient = """, leaseDurationMillis: "120000", leaseRenewMillis: "1000", leaseMarginMillis: "10000", handOverTimeoutMillis: "120000" """;
        string sample = await File.ReadAllTextAsync(Path.Combine(SharedKits.RepositoryRoot, Sample));
        sample.Should().Contain(members);
        return sample.Replace(members, $"{members}    config: {{ messageDelayLevel: \"{ForeignClient.GoDelayLevels}\"{(Depth.IsDeep ? string.Empty : patient)}}}\n", StringComparison.Ordinal);
    }

    private async Task UnderLoadAsync()
    {
        string address = await KubeCluster.NameServerAsync("automatic");
        ConsumerGroup shared = ConsumerGroup.Java("g_shared", address, Topic, Depth.Of(1, 2));
        ConsumerGroup? ordered = Depth.IsDeep ? ConsumerGroup.Java("g_ordered", address, Topic, 2, "--orderly") : null;
        await using MessageOracle oracle = ordered is not null
            ? new([.. Versions.Select(version => ForeignClient.JavaProducer(version, address, Topic)), ForeignClient.NodeProducer(address, Topic)], shared, ordered, ConsumerGroup.Go(address))
            : new([ForeignClient.JavaProducer("5.5.0", address, Topic)], shared);
        await using GoRounds? go = Depth.IsDeep ? new(address) : null;
        await using Exchanges? exchanges = Depth.IsDeep ? new(address) : null;
        await oracle.ServedAsync("at the beginning");
        await FollowedAsync(oracle, "at the beginning");
        long settled = ordered is null ? 0 : (await ordered.ReceiptsAsync())[^1].At;

        await PlannedAsync(oracle, "every member restarted for a changed configuration", RollAsync);
        for (int i = 1; i <= Depth.Of(1, 10); i++)
        {
            await PlannedAsync(oracle, $"rocketops cluster switchover, {i}", SwitchOverAsync);
        }

        await PlannedAsync(oracle, "the master's pod deleted", DeletePodAsync);
        if (go is not null && exchanges is not null)
        {
            await PlannedAsync(oracle, "a fourth member comes", _ => ToMembersAsync(Members + 1));
            await PlannedAsync(oracle, "and leaves", _ => ToMembersAsync(Members));
            await PlannedAsync(oracle, "the master's node drained", DrainAsync);
            await KubeCluster.KubectlAsync("uncordon", await NodeOfLastDrainAsync());
            await WholeAsync("after the drain");
            int rounds = await go.EndAsync();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Go: {rounds} rounds without a failure"));
            await exchanges.ServedAsync("after all that is planned");
            output.WriteLine(await exchanges.AllDoneAsync());
        }

        if (ordered is not null)
        {
            await ordered.InOrderAsync(settled);
        }

        await UnplannedAsync(oracle, "the master's process killed", KillProcessAsync);
        if (Depth.IsDeep)
        {
            await UnplannedAsync(oracle, "the master's node without power", master => PowerCutAsync(oracle, master));
            await WholeAsync("with the node's power back");
        }

        string leader = await MasterAsync();
        if (Depth.IsDeep)
        {
            // Go's consumer too, which may be behind by the time-out of its pull after each change.
            (leader, IReadOnlyList<string> others) = await BrokersAsync();
            foreach (ConsumerGroup group in oracle.Groups)
            {
                await group.FollowedAsync(leader, others, "in the end");
                await group.ConnectedAsync(leader);
            }
        }

        await oracle.EndSendsAsync();
        output.WriteLine(await oracle.AllReceivedAsync());
        foreach (ConsumerGroup group in oracle.Groups.Where(static _ => Depth.IsDeep))
        {
            await group.AtEndAsync(leader);
        }
    }

    /// <summary>Another member leads, no send has failed meanwhile, and no consumer got anything twice: all that they had consumed was known to who led next.</summary>
    private async Task PlannedAsync(MessageOracle oracle, string what, Func<string, Task> change)
    {
        (IReadOnlyList<string> failed, IReadOnlyList<Receipt> repeats) = await ChangeAsync(oracle, what, change);
        failed.Should().BeEmpty("{0} is planned", what);
        if (Depth.IsDeep)
        {
            repeats.Should().BeEmpty("{0} is planned", what);
        }
    }

    /// <summary>Another member leads, and messages flow again. Consumers get nothing twice that they had told the group to have consumed.</summary>
    private async Task UnplannedAsync(MessageOracle oracle, string what, Func<string, Task> fault)
    {
        if (!Depth.IsDeep)
        {
            await ChangeAsync(oracle, what, fault);
            return;
        }

        (string master, IReadOnlyList<string> others) = await BrokersAsync();
        Dictionary<string, long> consumed = new(StringComparer.Ordinal);
        foreach (ConsumerGroup group in oracle.Groups.Where(static group => group.Prints))
        {
            foreach ((int queue, long offset) in await group.CopiedProgressAsync(master, others))
            {
                consumed[$"{group.Name} {Group}/{queue}"] = offset;
            }
        }

        int relapses = await oracle.RelapsesAsync();
        (_, IReadOnlyList<Receipt> repeats) = await ChangeAsync(oracle, what, fault);
        (await oracle.RelapsesAsync()).Should().BeLessThanOrEqualTo(relapses + 1, "who is acknowledged something by the next master is not refused again: {0}", what);
        repeats.Where(repeat => repeat.Offset < consumed[$"{repeat.Member.Group} {repeat.Queue}"]).Should().BeEmpty("{0} cannot undo what all members had", what);
    }

    /// <returns>The sends that failed meanwhile, and what consumers got again.</returns>
    private async Task<(IReadOnlyList<string> Failed, IReadOnlyList<Receipt> Repeats)> ChangeAsync(MessageOracle oracle, string what, Func<string, Task> change)
    {
        string master = await MasterAsync();
        long epoch = await EpochAsync();
        (int sentBefore, IReadOnlyList<string> failedBefore) = await oracle.CountAsync();
        IReadOnlyList<Receipt> repeatsBefore = await oracle.RepeatsAsync();
        await change(master);
        await KubeCluster.UntilAsync(async () => await EpochAsync() > epoch, $"somebody else leads: {what}");
        await oracle.ServedAsync(what);
        await StoryAsync(what);
        await FollowedAsync(oracle, what);
        (int sent, IReadOnlyList<string> failed) = await oracle.CountAsync();
        IReadOnlyList<Receipt> repeats = [.. (await oracle.RepeatsAsync()).Except(repeatsBefore)];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {failed.Count - failedBefore.Count} sends failed of {sent - sentBefore}; received again: {string.Join(", ", oracle.Groups.Where(static group => group.Prints).Select(group => $"{group.Name} {repeats.Count(repeat => repeat.Member.Group == group.Name)}"))}"));
        return ([.. failed.Except(failedBefore, StringComparer.Ordinal)], repeats);
    }

    /// <summary>The groups whose members tell what they get consume from who leads.</summary>
    private static async Task FollowedAsync(MessageOracle oracle, string when)
    {
        if (!Depth.IsDeep)
        {
            return;
        }

        (string master, IReadOnlyList<string> others) = await BrokersAsync();
        foreach (ConsumerGroup group in oracle.Groups.Where(static group => group.Prints))
        {
            await group.FollowedAsync(master, others, when);
        }
    }

    /// <summary>Where the member that leads takes requests, and where the other ones do.</summary>
    private static async Task<(string Master, IReadOnlyList<string> Others)> BrokersAsync()
    {
        string master = await MasterAsync();
        string[] pods = (await KubeCluster.KubectlAsync("get", "pods", "-l", $"{ClusterLabel},rocketops.io/component=broker", "-o", "jsonpath={range .items[*]}{.metadata.name}={.status.podIP} {end}")).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string AddressOf(string pod) => $"{pod[(pod.IndexOf('=', StringComparison.Ordinal) + 1)..]}:10911";
        bool Leads(string pod) => pod.StartsWith($"{master}=", StringComparison.Ordinal);
        return (AddressOf(pods.Single(Leads)), [.. pods.Where(pod => !Leads(pod) && !pod.EndsWith('=')).Select(AddressOf)]);
    }

    private static async Task RollAsync(string master)
    {
        string[] before = await UidsAsync();
        await KubeCluster.KubectlAsync("patch", Cluster, "--type=merge", "-p", """{"spec":{"brokers":{"config":{"serverChannelMaxIdleTimeSeconds":"121"}}}}""");
        await KubeCluster.UntilAsync(async () => await UidsAsync() is { Length: Members } now && !now.Intersect(before).Any(), "every member is another pod");
        await WholeAsync("after the restarts");
    }

    /// <summary>Every member learns of the other ones as it restarts; who leaves is in nobody's way to a quorum any more.</summary>
    private static async Task ToMembersAsync(int members)
    {
        await KubeCluster.KubectlAsync("patch", Cluster, "--type=json", "-p", string.Create(CultureInfo.InvariantCulture, $$"""[{"op":"replace","path":"/spec/brokers/replicas","value":{{members}}}]"""));
        await KubeCluster.UntilAsync(async () => (await UidsAsync()).Length == members, $"there are {members} members");
        await WholeAsync($"with {members} members", members);
        (await KubeCluster.KubectlAsync("get", "service", "-l", ClusterLabel, "-o", "name")).Contains($"{Group}-{Members}", StringComparison.Ordinal).Should().Be(members > Members, "a member that is there has an address");
    }

    private static Task DeletePodAsync(string master) => KubeCluster.KubectlAsync("delete", "pod", master, "--wait=false");

    private static async Task SwitchOverAsync(string master)
    {
        ProcessResult said = await KubeCluster.RunAsync(Path.Combine(AppContext.BaseDirectory, "rocketops"), "cluster", "switchover", Group);
        if (!said.Error.Contains($"has not handed {Group} over", StringComparison.Ordinal))
        {
            said.EnsureSuccess().Output.Should().Contain($"leads {Group} in epoch");
        }

        // Else the machine is busy: the command has waited for 15 s, and whoever called waits on.
    }

    private static async Task DrainAsync(string master)
    {
        string node = await PodFieldAsync(master, "{.spec.nodeName}");
        await KubeCluster.KubectlAsync("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", KubeCluster.Timeout);
    }

    private static async Task<string> NodeOfLastDrainAsync() =>
        (await KubeCluster.KubectlAsync("get", "nodes", "-o", "jsonpath={.items[?(@.spec.unschedulable==true)].metadata.name}")).Trim();

    private static async Task KillProcessAsync(string master)
    {
        string container = await PodFieldAsync(master, "{.status.containerStatuses[0].containerID}");
        await KubeCluster.NodeAsync("ctr", await PodFieldAsync(master, "{.spec.nodeName}"), "tasks", "kill", "--signal", "SIGKILL", container["containerd://".Length..]);
    }

    /// <summary>The power comes back when messages flow without that node; the operator may have been there as well.</summary>
    private static async Task PowerCutAsync(MessageOracle oracle, string master)
    {
        long epoch = await EpochAsync();
        string node = await PodFieldAsync(master, "{.spec.nodeName}");
        await KubeCluster.NodeAsync("kill", node);
        await KubeCluster.UntilAsync(async () => await EpochAsync() > epoch, "somebody else leads without the node");
        await oracle.ServedAsync("without the master's node");
        await KubeCluster.NodeAsync("start", node);
    }

    /// <summary>Who leads is the same in the Lease, the slice of the master's address, the status, and an event, as long as there are not so many of them that they are combined.</summary>
    private static async Task StoryAsync(string when)
    {
        string told = string.Empty;
        async Task<bool> AgreeAsync()
        {
            string master = await MasterAsync();
            long epoch = await EpochAsync();
            string status = await KubeCluster.KubectlAsync("get", Cluster, "-o", "jsonpath={.status.groups[0].master} {.status.groups[0].epoch}");
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

    /// <summary>All members are pods that serve, and have what was acknowledged.</summary>
    private static async Task WholeAsync(string when, int members = Members)
    {
        await KubeCluster.UntilAsync(
            async () => (await KubeCluster.KubectlAsync("get", "lease", Group, "-o", "jsonpath={.metadata.annotations.rocketops\\.io/in-sync}")).Split(',').Length == members, $"all are in sync {when}");
        await KubeCluster.KubectlAsync("wait", Cluster, "--for=condition=Ready", KubeCluster.Timeout);
    }

    private static async Task LeaveNothingAsync()
    {
        await KubeCluster.KubectlAsync("delete", "topics/automatic-work", "topics/automatic-go", "topics/automatic-transactions", "topics/automatic-requests", KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("delete", "-f", Sample, KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("delete", "persistentvolumeclaims", "-l", ClusterLabel, KubeCluster.Timeout);
        await Release.UninstallAsync();
    }

    private static async Task<string> MasterAsync() => (await KubeCluster.KubectlAsync("get", "lease", Group, "-o", "jsonpath={.spec.holderIdentity}")).Trim();

    private static async Task<long> EpochAsync() =>
        long.Parse(await KubeCluster.KubectlAsync("get", "lease", Group, "-o", "jsonpath={.spec.leaseTransitions}"), CultureInfo.InvariantCulture);

    private static async Task<string> PodFieldAsync(string pod, string path) => (await KubeCluster.KubectlAsync("get", "pod", pod, "-o", $"jsonpath={path}")).Trim();

    private static async Task<string[]> UidsAsync() =>
        (await KubeCluster.KubectlAsync("get", "pods", "-l", $"{ClusterLabel},rocketops.io/component=broker", "-o", "jsonpath={.items[*].metadata.uid}")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
