namespace RocketOps.Cluster.Tests;

/// <summary>What nobody plans for the group. What has to be undone is undone when another member leads and messages flow all the same, or when producers have noticed enough.</summary>
internal static class GroupFaults
{
    /// <summary>A pod's process ends without a word.</summary>
    public static Task KillAsync(string pod) => AutomaticCluster.SignalAsync(pod, "SIGKILL");

    public static async Task KillAllAsync() => await Task.WhenAll((await AutomaticCluster.PodsAsync()).Select(KillAsync));

    public static Task KillSlavesAsync(string master) => EachSlaveAsync(master, KillAsync);

    public static Task DeleteSlavesAsync(string master) => EachSlaveAsync(master, static slave => KubeCluster.KubectlAsync("delete", "pod", slave, "--wait=false"));

    /// <summary>The master's process stands still.</summary>
    public static Task FreezeAsync(MessageOracle oracle, string master) =>
        WhileAsync(oracle, master, () => AutomaticCluster.SignalAsync(master, "SIGSTOP"), () => AutomaticCluster.SignalAsync(master, "SIGCONT"));

    /// <summary>The cable of the master's node is pulled.</summary>
    public static Task PullCableAsync(MessageOracle oracle, string master) => NodeAsync(oracle, master, "partition", "heal");

    /// <summary>The master's node is without power.</summary>
    public static Task CutPowerAsync(MessageOracle oracle, string master) => NodeAsync(oracle, master, "kill", "start");

    /// <summary>The network between the master and the other members is cut; all of them reach the API server and clients.</summary>
    public static async Task CutFromCopiesAsync(MessageOracle oracle, string master)
    {
        string node = await AutomaticCluster.NodeOfAsync(master);
        (string own, IReadOnlyList<string> others) = await AutomaticCluster.BrokersAsync();
        string here = own.Split(':')[0];
        string there = string.Join(", ", others.Select(static other => other.Split(':')[0]));
        string rules = $"table inet copies {{ chain forward {{ type filter hook forward priority -10; ip saddr {here} ip daddr {{ {there} }} drop; ip saddr {{ {there} }} ip daddr {here} drop; }} }}";
        await WhileAsync(oracle, master, () => KubeCluster.NodeAsync("exec", node, "nft", rules), () => KubeCluster.NodeAsync("exec", node, "nft", "delete table inet copies"));
    }

    /// <summary>
    /// The master's node is cut off from the API server, DNS and clients, not from the other members: its followers hear it serve, so nobody replaces it. What was a fault of the API server's network costs pods nothing, and these
    /// clients, which are where the API server is, all of it.
    /// </summary>
    /// <param name="producers">Who notices.</param>
    /// <param name="master">Who leads.</param>
    /// <param name="failures">How many sends of each fail meanwhile.</param>
    public static async Task CutFromClientsAsync(IReadOnlyList<ForeignClient> producers, string master, int failures)
    {
        string node = await AutomaticCluster.NodeOfAsync(master);
        await KubeCluster.NodeAsync("partition", node, "--api-only");
        try
        {
            await Task.WhenAll(producers.Select(producer => producer.MoreAsync(failures, "error", "while the master's node is cut off")));
        }
        finally
        {
            await KubeCluster.NodeAsync("heal", node);
        }
    }

    /// <summary>The API server stands still while each producer sends so many messages.</summary>
    public static async Task StopApiServerAsync(IReadOnlyList<ForeignClient> producers, int sends)
    {
        await KubeCluster.SignalApiServerAsync("STOP");
        try
        {
            await Task.WhenAll(producers.Select(producer => producer.MoreAsync(sends, "sent", "without the API server")));
        }
        finally
        {
            await KubeCluster.SignalApiServerAsync("CONT");
        }

        await KubeCluster.UntilAsync(static async () => (await KubeCluster.RunAsync("kubectl", "get", "--raw", "/readyz")).ExitCode == 0, "the API server answers again");
    }

    private static async Task EachSlaveAsync(string master, Func<string, Task> faultAsync) =>
        await Task.WhenAll((await AutomaticCluster.PodsAsync()).Where(pod => pod != master).Select(faultAsync));

    private static async Task NodeAsync(MessageOracle oracle, string master, string begin, string end)
    {
        string node = await AutomaticCluster.NodeOfAsync(master);
        await WhileAsync(oracle, master, () => KubeCluster.NodeAsync(begin, node), () => KubeCluster.NodeAsync(end, node));
    }

    /// <summary>Until another member leads, and messages flow again by it.</summary>
    private static async Task WhileAsync(MessageOracle oracle, string master, Func<Task> beginAsync, Func<Task> endAsync)
    {
        long epoch = await AutomaticCluster.EpochAsync();
        await beginAsync();
        try
        {
            await AutomaticCluster.LetLeaseEndAsync();
            await AutomaticCluster.ReplacedAsync(epoch, "another member leads meanwhile");
            await oracle.ServedAsync("meanwhile");
            (await AutomaticCluster.MasterAsync()).Should().NotBe(master, "it is not there to lead");
            (await AutomaticCluster.InSyncAsync()).Should().NotContain(master, "what was acknowledged since is not there");
        }
        finally
        {
            await endAsync();
        }
    }
}
