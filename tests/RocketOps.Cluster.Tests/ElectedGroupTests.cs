using System.Globalization;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// A group that elects its master on three nodes, under unmodified clients in Java (three attempts within 3 s, their default), Node and Go. What is planned costs them not one send; what is not planned ends, and nothing acknowledged
/// is lost. Consumers follow to the next master: what they had told to have consumed is not delivered again, by whatever happens (<see cref="Consumed"/>). The Lease, the slice of the master's address, the status and the events tell
/// the story. What each change cost is printed in the end.
/// A build has one Java producer and one consumer, what is planned and frequent, with leases and attempts that no busy machine lets end, a process killed, and a node cut off under a producer with the client's own time. Consumers that
/// share a group, and that what is planned delivers nothing again at all, belong to the deep ring, as all of the rest.
/// </summary>
[Collection(KubeClusterCollection.Name)]
public sealed class ElectedGroupTests(KubeCluster cluster, ITestOutputHelper output)
{
    private readonly CostTable _costs = new();
    private Exchanges? _exchanges;

    [SkippableFact]
    public Task Master_ReplacedInEveryWay_PlannedCostsNoSendAndNothingAcknowledgedIsLost()
    {
        _ = cluster;
        return AutomaticCluster.RunAsync(async address =>
        {
            try
            {
                await UnderLoadAsync(address);
            }
            finally
            {
                output.WriteLine(_costs.ToString());
            }

            await MadeAgainAsync();
        });
    }

    private async Task UnderLoadAsync(string address)
    {
        ConsumerGroup shared = ConsumerGroup.Java("g_shared", address, AutomaticCluster.Topic, Depth.Of(1, 2));
        ConsumerGroup? ordered = Depth.IsDeep ? ConsumerGroup.Java("g_ordered", address, AutomaticCluster.Topic, 2, "--orderly") : null;
        await using MessageOracle oracle = ordered is not null
            ? new([.. ForeignClient.JavaVersions.Select(version => ForeignClient.JavaProducer(version, address, AutomaticCluster.Topic)), ForeignClient.NodeProducer(address, AutomaticCluster.Topic)], shared, ordered, ConsumerGroup.Go(address))
            : new([ForeignClient.PatientJavaProducer("5.5.0", address, AutomaticCluster.Topic)], shared);
        await using GoRounds? go = Depth.IsDeep ? new(address) : null;
        await using Exchanges? exchanges = Depth.IsDeep ? new(address) : null;
        _exchanges = exchanges;
        await oracle.ServedAsync("at the beginning");
        await (Depth.IsDeep ? AutomaticCluster.FollowedAsync(oracle, "at the beginning") : Task.CompletedTask);
        long settled = ordered is null ? 0 : (await ordered.ReceiptsAsync())[^1].At;

        await PlannedAsync(oracle, "every member restarted for a changed configuration", RollAsync);
        for (int i = 1; i <= Depth.Of(1, 10); i++)
        {
            await PlannedAsync(oracle, $"rocketops cluster switchover, {i}", SwitchOverAsync);
        }

        await PlannedAsync(oracle, "the master's pod deleted", DeletePodAsync);
        await PlannedAsync(oracle, "the StatefulSet scaled by hand", static _ => ScaleByHandAsync(), changesMaster: false);
        if (go is not null && exchanges is not null)
        {
            await PlannedAsync(oracle, "a fourth member comes", _ => ToMembersAsync(AutomaticCluster.Members + 1));
            await PlannedAsync(oracle, "and leaves", _ => ToMembersAsync(AutomaticCluster.Members));
            await PlannedAsync(oracle, "the master's node drained", master => DrainAsync(oracle, master));
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
        }
        else
        {
            // A send that is on its way to the node that is cut off waits for an answer as long as its client does.
            await oracle.GoOnWithAsync(ForeignClient.JavaProducer("5.5.0", address, AutomaticCluster.Topic));
            await UnplannedAsync(oracle, "the cable of the master's node pulled", master => GroupFaults.PullCableAsync(oracle, master));
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

    /// <summary>No send fails, and nothing is delivered again that the master knew to be consumed: who hands over hands that over, too. Deep, nothing at all is delivered again.</summary>
    private async Task PlannedAsync(MessageOracle oracle, string what, Func<string, Task> changeAsync, bool changesMaster = true)
    {
        IReadOnlyList<string> before = await ExchangesFailedAsync();
        Consumed consumed = await Consumed.AtMasterAsync(oracle);
        Toll toll = await Episode.RunAsync(oracle, what, changeAsync, changesMaster);
        _costs.Add(toll);
        (await ExchangesFailedAsync()).Except(before, StringComparer.Ordinal).Should().BeEmpty("{0} is planned", what);
        toll.Failed.Should().BeEmpty("{0} is planned", what);
        consumed.Among(toll.Repeats).Should().BeEmpty("{0} cannot undo what the master knew to be consumed", what);
        if (Depth.IsDeep)
        {
            toll.Repeats.Should().BeEmpty("{0} is planned", what);
        }
    }

    /// <summary>Messages flow again, and nothing is delivered again that all members knew to be consumed: any of them may lead next.</summary>
    private async Task UnplannedAsync(MessageOracle oracle, string what, Func<string, Task> faultAsync)
    {
        Consumed consumed = await Consumed.AtAllMembersAsync(oracle);
        int relapses = await oracle.RelapsesAsync();
        Toll toll = await Episode.RunAsync(oracle, what, faultAsync);
        _costs.Add(toll);
        consumed.Among(toll.Repeats).Should().BeEmpty("{0} cannot undo what all members knew to be consumed", what);
        if (Depth.IsDeep)
        {
            (await oracle.RelapsesAsync()).Should().BeLessThanOrEqualTo(relapses + 1, "who is acknowledged something by the next master is not refused again: {0}", what);
        }
    }

    private async Task<IReadOnlyList<string>> ExchangesFailedAsync() => _exchanges is null ? [] : await _exchanges.FailuresAsync();

    private static async Task RollAsync(string master)
    {
        string[] before = await AutomaticCluster.UidsAsync();
        await KubeCluster.KubectlAsync("patch", AutomaticCluster.Resource, "--type=merge", "-p", """{"spec":{"brokers":{"config":{"serverChannelMaxIdleTimeSeconds":"121"}}}}""");
        await KubeCluster.UntilAsync(async () => await AutomaticCluster.UidsAsync() is { Length: AutomaticCluster.Members } now && !now.Intersect(before).Any(), "every member is another pod");
    }

    /// <summary>Every member learns of the other ones as it restarts; who leaves is in nobody's way to a quorum any more.</summary>
    private static async Task ToMembersAsync(int members)
    {
        await KubeCluster.KubectlAsync("patch", AutomaticCluster.Resource, "--type=json", "-p", string.Create(CultureInfo.InvariantCulture, $$"""[{"op":"replace","path":"/spec/brokers/replicas","value":{{members}}}]"""));
        await KubeCluster.UntilAsync(async () => (await AutomaticCluster.UidsAsync()).Length == members, $"there are {members} members");
        await AutomaticCluster.WholeAsync($"with {members} members");
        (await KubeCluster.KubectlAsync("get", "service", "-l", AutomaticCluster.Label, "-o", "name")).Contains($"{AutomaticCluster.Group}-{AutomaticCluster.Members}", StringComparison.Ordinal).Should().Be(members > AutomaticCluster.Members, "a member that is there has an address");
    }

    /// <summary>A hand at the StatefulSet is put back, and costs no send: whoever it takes away hands over before.</summary>
    private static async Task ScaleByHandAsync()
    {
        await KubeCluster.KubectlAsync("scale", "statefulset", AutomaticCluster.Group, string.Create(CultureInfo.InvariantCulture, $"--replicas={AutomaticCluster.Members - 1}"));
        await KubeCluster.UntilAsync(
            async () => (await KubeCluster.KubectlAsync("get", "events", "--field-selector=reason=MembersPutBack", "-o", "name")).Trim().Length > 0 && await AutomaticCluster.IsCompleteAsync(), "the members are put back");
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
        ProcessResult said = await KubeCluster.RunAsync(Programs.RocketOps, "cluster", "switchover", AutomaticCluster.Group, "--kubeconfig", KubeCluster.Kubeconfig);
        if (!said.Error.Contains($"has not handed {AutomaticCluster.Group} over", StringComparison.Ordinal))
        {
            said.EnsureSuccess().Output.Should().Contain($"leads {AutomaticCluster.Group} in epoch");
        }

        // Else the machine is busy: the command has waited for 15 s, and whoever called waits on.
    }

    /// <summary>The node takes pods again when another member leads and messages flow: the member that was there has its volume there.</summary>
    private static async Task DrainAsync(MessageOracle oracle, string master)
    {
        string node = await AutomaticCluster.NodeOfAsync(master);
        long epoch = await AutomaticCluster.EpochAsync();
        await KubeCluster.KubectlAsync("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", KubeCluster.Timeout);
        await AutomaticCluster.ReplacedAsync(epoch, "the master's node is drained");
        await oracle.ServedAsync("with a node drained");
        await KubeCluster.KubectlAsync("uncordon", node);
    }
}
