using System.Globalization;
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
    private Exchanges? _exchanges;

    [SkippableFact]
    public Task Master_ReplacedInEveryWay_PlannedCostsNoSendAndNothingAcknowledgedIsLost()
    {
        _ = cluster;
        return AutomaticCluster.RunAsync(async address =>
        {
            await UnderLoadAsync(address);
            await MadeAgainAsync();
        });
    }

    private async Task UnderLoadAsync(string address)
    {
        ConsumerGroup shared = ConsumerGroup.Java("g_shared", address, AutomaticCluster.Topic, Depth.Of(1, 2));
        ConsumerGroup? ordered = Depth.IsDeep ? ConsumerGroup.Java("g_ordered", address, AutomaticCluster.Topic, 2, "--orderly") : null;
        await using MessageOracle oracle = ordered is not null
            ? new([.. ForeignClient.JavaVersions.Select(version => ForeignClient.JavaProducer(version, address, AutomaticCluster.Topic)), ForeignClient.NodeProducer(address, AutomaticCluster.Topic)], shared, ordered, ConsumerGroup.Go(address))
            : new([ForeignClient.JavaProducer("5.5.0", address, AutomaticCluster.Topic)], shared);
        await using GoRounds? go = Depth.IsDeep ? new(address) : null;
        await using Exchanges? exchanges = Depth.IsDeep ? new(address) : null;
        _exchanges = exchanges;
        await oracle.ServedAsync("at the beginning");
        await FollowedAsync(oracle, "at the beginning");
        long settled = ordered is null ? 0 : (await ordered.ReceiptsAsync())[^1].At;

        await PlannedAsync(oracle, "every member restarted for a changed configuration", RollAsync);
        for (int i = 1; i <= Depth.Of(1, 10); i++)
        {
            await PlannedAsync(oracle, $"rocketops cluster switchover, {i}", SwitchOverAsync);
        }

        await PlannedAsync(oracle, "the master's pod deleted", DeletePodAsync);
        await ScaledByHandAsync(oracle);
        if (go is not null && exchanges is not null)
        {
            await PlannedAsync(oracle, "a fourth member comes", _ => ToMembersAsync(AutomaticCluster.Members + 1));
            await PlannedAsync(oracle, "and leaves", _ => ToMembersAsync(AutomaticCluster.Members));
            await PlannedAsync(oracle, "the master's node drained", DrainAsync);
            await KubeCluster.KubectlAsync("uncordon", await NodeOfLastDrainAsync());
            await AutomaticCluster.WholeAsync("after the drain");
            int rounds = await go.EndAsync();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Go: {rounds} rounds without a failure"));
            await exchanges.ServedAsync("after all that is planned");
            output.WriteLine(await exchanges.AllDoneAsync());
        }

        if (ordered is not null)
        {
            await ordered.InOrderAsync(settled);
        }

        _exchanges = null;

        await UnplannedAsync(oracle, "the master's process killed", GroupFaults.KillAsync);
        if (Depth.IsDeep)
        {
            await UnplannedAsync(oracle, "the master's node without power", master => GroupFaults.CutPowerAsync(oracle, master));
            await AutomaticCluster.WholeAsync("with the node's power back");
        }

        string leader = await AutomaticCluster.MasterAsync();
        if (Depth.IsDeep)
        {
            // Go's consumer too, which may be behind by the time-out of its pull after each change.
            (leader, IReadOnlyList<string> others) = await AutomaticCluster.BrokersAsync();
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
    private async Task PlannedAsync(MessageOracle oracle, string what, Func<string, Task> changeAsync)
    {
        IReadOnlyList<string> before = await ExchangesFailedAsync();
        Episode.Toll toll = await ChangeAsync(oracle, what, changeAsync);
        (await ExchangesFailedAsync()).Except(before, StringComparer.Ordinal).Should().BeEmpty("{0} is planned", what);
        toll.Failed.Should().BeEmpty("{0} is planned", what);
        if (Depth.IsDeep)
        {
            toll.Repeats.Should().BeEmpty("{0} is planned", what);
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

        (string master, IReadOnlyList<string> others) = await AutomaticCluster.BrokersAsync();
        Dictionary<string, long> consumed = new(StringComparer.Ordinal);
        foreach (ConsumerGroup group in oracle.Groups.Where(static group => group.Prints))
        {
            foreach ((int queue, long offset) in await group.CopiedProgressAsync(master, others))
            {
                consumed[$"{group.Name} {AutomaticCluster.Group}/{queue}"] = offset;
            }
        }

        int relapses = await oracle.RelapsesAsync();
        IReadOnlyList<Receipt> repeats = (await ChangeAsync(oracle, what, fault)).Repeats;
        (await oracle.RelapsesAsync()).Should().BeLessThanOrEqualTo(relapses + 1, "who is acknowledged something by the next master is not refused again: {0}", what);
        repeats.Where(repeat => repeat.Offset < consumed[$"{repeat.Member.Group} {repeat.Queue}"]).Should().BeEmpty("{0} cannot undo what all members had", what);
    }

    private async Task<Episode.Toll> ChangeAsync(MessageOracle oracle, string what, Func<string, Task> changeAsync)
    {
        int received = await oracle.ReceivedAsync();
        Episode episode = await Episode.BeginAsync(oracle, what);
        await changeAsync(episode.Master);
        await episode.ReplacedAsync();
        await oracle.ServedAsync(what);
        await AutomaticCluster.StoryAsync(what);
        await FollowedAsync(oracle, what);
        Episode.Toll toll = await episode.TollAsync();
        TimeSpan silence = await oracle.LongestSilenceAsync(received);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {toll.Failed.Count} sends failed of {toll.Sent}; longest time without a stored message {silence.TotalSeconds:F1} s; received again: {string.Join(", ", oracle.Groups.Where(static group => group.Prints).Select(group => $"{group.Name} {toll.Repeats.Count(repeat => repeat.Member.Group == group.Name)}"))}"));
        return toll;
    }

    private async Task<IReadOnlyList<string>> ExchangesFailedAsync() => _exchanges is null ? [] : await _exchanges.FailuresAsync();

    private static Task FollowedAsync(MessageOracle oracle, string when) => Depth.IsDeep ? AutomaticCluster.FollowedAsync(oracle, when) : Task.CompletedTask;

    private static async Task RollAsync(string master)
    {
        string[] before = await AutomaticCluster.UidsAsync();
        await KubeCluster.KubectlAsync("patch", AutomaticCluster.Resource, "--type=merge", "-p", """{"spec":{"brokers":{"config":{"serverChannelMaxIdleTimeSeconds":"121"}}}}""");
        await KubeCluster.UntilAsync(async () => await AutomaticCluster.UidsAsync() is { Length: AutomaticCluster.Members } now && !now.Intersect(before).Any(), "every member is another pod");
        await AutomaticCluster.WholeAsync("after the restarts");
    }

    /// <summary>Every member learns of the other ones as it restarts; who leaves is in nobody's way to a quorum any more.</summary>
    private static async Task ToMembersAsync(int members)
    {
        await KubeCluster.KubectlAsync("patch", AutomaticCluster.Resource, "--type=json", "-p", string.Create(CultureInfo.InvariantCulture, $$"""[{"op":"replace","path":"/spec/brokers/replicas","value":{{members}}}]"""));
        await KubeCluster.UntilAsync(async () => (await AutomaticCluster.UidsAsync()).Length == members, $"there are {members} members");
        await AutomaticCluster.WholeAsync($"with {members} members", members);
        (await KubeCluster.KubectlAsync("get", "service", "-l", AutomaticCluster.Label, "-o", "name")).Contains($"{AutomaticCluster.Group}-{AutomaticCluster.Members}", StringComparison.Ordinal).Should().Be(members > AutomaticCluster.Members, "a member that is there has an address");
    }

    /// <summary>A hand at the StatefulSet is put back, and costs no send: whoever it takes away hands over before.</summary>
    private async Task ScaledByHandAsync(MessageOracle oracle)
    {
        const string what = "the StatefulSet scaled by hand";
        Episode episode = await Episode.BeginAsync(oracle, what);
        await KubeCluster.KubectlAsync("scale", "statefulset", AutomaticCluster.Group, string.Create(CultureInfo.InvariantCulture, $"--replicas={AutomaticCluster.Members - 1}"));
        await KubeCluster.UntilAsync(
            async () => (await KubeCluster.KubectlAsync("get", "events", "--field-selector=reason=MembersPutBack", "-o", "name")).Trim().Length > 0 && await AutomaticCluster.IsCompleteAsync(), "the members are put back");
        await AutomaticCluster.WholeAsync(what);
        await oracle.ServedAsync(what);
        Episode.Toll toll = await episode.TollAsync();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {toll.Failed.Count} sends failed of {toll.Sent}"));
        toll.Failed.Should().BeEmpty("{0} is put back", what);
    }

    /// <summary>The cluster deleted and applied again over its claims is the same group, in a later epoch, with every message and what was consumed of it.</summary>
    private static async Task MadeAgainAsync()
    {
        string before = await AutomaticCluster.GroupIdAsync();
        long epoch = await AutomaticCluster.EpochAsync();
        IReadOnlyDictionary<int, QueueProgress> progress = await ProgressAsync();
        progress.Values.Sum(static queue => queue.End).Should().BePositive();

        await AutomaticCluster.MakeAgainAsync();

        (await AutomaticCluster.GroupIdAsync()).Should().Be(before).And.NotBeEmpty();
        (await AutomaticCluster.EpochAsync()).Should().BeGreaterThan(epoch);
        await KubeCluster.UntilAsync(
            async () => (await ProgressAsync()).Select(static queue => (queue.Key, queue.Value.End, queue.Value.Committed)).Order().SequenceEqual(progress.Select(static queue => (queue.Key, queue.Value.End, queue.Value.Committed)).Order()),
            "every queue ends where it did, and so does what was consumed");

        static async Task<IReadOnlyDictionary<int, QueueProgress>> ProgressAsync() =>
            await BrokerQuestions.ProgressAsync((await AutomaticCluster.BrokersAsync()).Master, "g_shared", AutomaticCluster.Topic);
    }

    private static Task DeletePodAsync(string master) => KubeCluster.KubectlAsync("delete", "pod", master, "--wait=false");

    private static async Task SwitchOverAsync(string master)
    {
        // Named, as a "rocketops up" of this machine's user may have a group of the same name.
        ProcessResult said = await KubeCluster.RunAsync(Path.Combine(AppContext.BaseDirectory, "rocketops"), "cluster", "switchover", AutomaticCluster.Group, "--kubeconfig", KubeCluster.Kubeconfig);
        if (!said.Error.Contains($"has not handed {AutomaticCluster.Group} over", StringComparison.Ordinal))
        {
            said.EnsureSuccess().Output.Should().Contain($"leads {AutomaticCluster.Group} in epoch");
        }

        // Else the machine is busy: the command has waited for 15 s, and whoever called waits on.
    }

    private static async Task DrainAsync(string master)
    {
        string node = await AutomaticCluster.NodeOfAsync(master);
        await KubeCluster.KubectlAsync("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", KubeCluster.Timeout);
    }

    private static async Task<string> NodeOfLastDrainAsync() =>
        (await KubeCluster.KubectlAsync("get", "nodes", "-o", "jsonpath={.items[?(@.spec.unschedulable==true)].metadata.name}")).Trim();
}
