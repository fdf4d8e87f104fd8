using System.Diagnostics;
using System.Globalization;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// What nobody plans, one after the other, under unmodified Java clients with their defaults: for each the sends that failed and the longest time in which nothing was stored that was acknowledged. While the API server
/// stands still nothing fails at all and nobody else leads. Nothing acknowledged is lost by any of it. Deep: leases end by themselves here, and the rows are figures for people.
/// </summary>
[Collection(KubeClusterCollection.Name)]
[Trait("ring", RingRules.Deep)]
public sealed class FaultTableTests(KubeCluster cluster, ITestOutputHelper output)
{
    /// <summary>A send takes 20 ms and what the broker needs: about 8 s, and two minutes.</summary>
    private const int SendsOfShortOutage = 300;
    private const int SendsOfLongOutage = 4500;

    /// <summary>Each takes 3 s.</summary>
    private const int FailuresOfCut = 8;

    [SkippableFact]
    public async Task Faults_OneAfterTheOther_LoseNothingAcknowledged()
    {
        KubeCluster.Require();
        ForeignClient.Require();
        _ = cluster;
        try
        {
            await AutomaticCluster.InstallAsync();
            await UnderLoadAsync();
            await AutomaticCluster.LeaveNothingAsync();
        }
        catch (Exception exception) when (exception is not SkipException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{await KubeCluster.DescribeAsync()}", exception);
        }
    }

    private async Task UnderLoadAsync()
    {
        string address = await KubeCluster.NameServerAsync("automatic");
        ForeignClient[] producers = [.. ForeignClient.JavaVersions.Select(version => ForeignClient.JavaProducer(version, address, AutomaticCluster.Topic))];
        await using MessageOracle oracle = new(producers, ConsumerGroup.Java("g_shared", address, AutomaticCluster.Topic, 2));
        await oracle.ServedAsync("at the beginning");
        await AutomaticCluster.WholeAsync("at the beginning");

        await LeaseTrafficAsync();
        await UnnoticedAsync(oracle, "API server stands still for a few seconds", _ => WithoutApiAsync(producers, SendsOfShortOutage));
        await UnnoticedAsync(oracle, "API server stands still for two minutes", _ => WithoutApiAsync(producers, SendsOfLongOutage));
        await RowAsync(oracle, "master's process killed", static master => AutomaticCluster.SignalAsync(master, "SIGKILL"));
        await RowAsync(oracle, "master frozen until another one leads", master => WhileAsync(oracle, static pod => AutomaticCluster.SignalAsync(pod, "SIGSTOP"), master, static pod => AutomaticCluster.SignalAsync(pod, "SIGCONT")));
        await RowAsync(oracle, "cable of the master's node pulled", master => WhileAsync(oracle, static node => KubeCluster.NodeAsync("partition", node), master, static node => KubeCluster.NodeAsync("heal", node), AutomaticCluster.NodeOfAsync));
        await RowAsync(oracle, "master's node cut off from API server, DNS and clients, not from the other members", master => CutFromClientsAsync(producers, master), changesMaster: false);
        await RowAsync(oracle, "master's node without power", master => WhileAsync(oracle, static node => KubeCluster.NodeAsync("kill", node), master, static node => KubeCluster.NodeAsync("start", node), AutomaticCluster.NodeOfAsync));
        await RowAsync(oracle, "both slaves' processes killed", SlavesAsync(static slave => AutomaticCluster.SignalAsync(slave, "SIGKILL")), changesMaster: false);
        await RowAsync(oracle, "both slaves' pods deleted", SlavesAsync(static slave => KubeCluster.KubectlAsync("delete", "pod", slave, "--wait=false")), changesMaster: false);
        await RowAsync(oracle, "all three processes killed at once", static async _ => await Task.WhenAll((await AutomaticCluster.PodsAsync()).Select(static pod => AutomaticCluster.SignalAsync(pod, "SIGKILL"))));

        await oracle.EndSendsAsync();
        output.WriteLine(await oracle.AllReceivedAsync());
    }

    /// <summary>What a group asks the API server for while nothing happens.</summary>
    private async Task LeaseTrafficAsync()
    {
        DateTimeOffset from = await RenewedAtAsync();
        await KubeCluster.UntilAsync(async () => await RenewedAtAsync() >= from.AddMinutes(1), "a minute later the lease is renewed");
        IReadOnlyList<AuditedRequest> asked = [.. (await AuditedRequest.AboutLeaseAsync(AutomaticCluster.Group, from, from.AddMinutes(1))).Where(static request => request.User.StartsWith("system:serviceaccount:", StringComparison.Ordinal))];
        output.WriteLine($"asked about the group's lease in a minute: {string.Join(", ", asked.GroupBy(static request => $"{request.Verb} by {request.User}", StringComparer.Ordinal).Select(static group => $"{group.Count()} {group.Key}"))}");
        asked.Should().NotBeEmpty().And.HaveCountLessThanOrEqualTo(60, "a group asks for no more than one thing a second");
    }

    private static async Task<DateTimeOffset> RenewedAtAsync() =>
        DateTimeOffset.Parse(await KubeCluster.KubectlAsync("get", "lease", AutomaticCluster.Group, "-o", "jsonpath={.spec.renewTime}"), CultureInfo.InvariantCulture);

    /// <summary>No send fails, and who led leads on in its epoch.</summary>
    private async Task UnnoticedAsync(MessageOracle oracle, string what, Func<string, Task> fault)
    {
        string before = $"{await AutomaticCluster.MasterAsync()} {await AutomaticCluster.EpochAsync()}";
        int failed = await RowAsync(oracle, what, fault, changesMaster: false);
        failed.Should().Be(0, "{0} is no matter of messages", what);
        $"{await AutomaticCluster.MasterAsync()} {await AutomaticCluster.EpochAsync()}".Should().Be(before, "{0} changes no master", what);
    }

    /// <returns>How many sends failed.</returns>
    private async Task<int> RowAsync(MessageOracle oracle, string what, Func<string, Task> fault, bool changesMaster = true)
    {
        string master = await AutomaticCluster.MasterAsync();
        long epoch = await AutomaticCluster.EpochAsync();
        (int sentBefore, IReadOnlyList<string> failedBefore) = await oracle.CountAsync();
        int receivedBefore = await oracle.ReceivedAsync();
        int repeatsBefore = (await oracle.RepeatsAsync()).Count;
        Stopwatch taken = Stopwatch.StartNew();
        await fault(master);
        if (changesMaster)
        {
            await KubeCluster.UntilAsync(async () => await AutomaticCluster.EpochAsync() > epoch, $"a new epoch begins: {what}");
        }

        await oracle.ServedAsync(what);
        double seconds = taken.Elapsed.TotalSeconds;
        await AutomaticCluster.WholeAsync(what);
        if (changesMaster)
        {
            await AutomaticCluster.StoryAsync(what);
        }

        (string address, IReadOnlyList<string> others) = await AutomaticCluster.BrokersAsync();
        foreach (ConsumerGroup group in oracle.Groups)
        {
            await group.FollowedAsync(address, others, what);
        }

        (int sent, IReadOnlyList<string> failed) = await oracle.CountAsync();
        TimeSpan silence = await oracle.LongestSilenceAsync(receivedBefore);
        int repeats = (await oracle.RepeatsAsync()).Count - repeatsBefore;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: {failed.Count - failedBefore.Count} of {sent - sentBefore} sends failed, nothing stored for {silence.TotalSeconds:F1} s at the longest, {repeats} received again; messages flowed {seconds:F1} s after it began"));
        foreach (IGrouping<string, string> reason in failed.Except(failedBefore, StringComparer.Ordinal).GroupBy(ReasonOf, StringComparer.Ordinal))
        {
            output.WriteLine($"    {reason.Count()} of {reason.Key}");
        }

        return failed.Count - failedBefore.Count;
    }

    /// <summary>What the client says of a failed send, without its numbers: they differ.</summary>
    private static string ReasonOf(string failed)
    {
        string said = failed[Math.Max(0, failed.IndexOf("\"message\"", StringComparison.Ordinal))..];
        return string.Concat(said.Where((letter, at) => at == 0 || !char.IsAsciiDigit(letter) || !char.IsAsciiDigit(said[at - 1])).Select(static letter => char.IsAsciiDigit(letter) ? 'n' : letter));
    }

    private static Func<string, Task> SlavesAsync(Func<string, Task> fault) =>
        async master => await Task.WhenAll((await AutomaticCluster.PodsAsync()).Where(pod => pod != master).Select(fault));

    private static async Task WithoutApiAsync(ForeignClient[] producers, int sends)
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

    /// <summary>Its followers hear it serve, so nobody replaces it: what was a fault of the API server's network costs pods nothing, and these clients, which are where the API server is, all of it.</summary>
    private static async Task CutFromClientsAsync(ForeignClient[] producers, string master)
    {
        string node = await AutomaticCluster.NodeOfAsync(master);
        await KubeCluster.NodeAsync("partition", node, "--api-only");
        try
        {
            await Task.WhenAll(producers.Select(static producer => producer.MoreAsync(FailuresOfCut, "error", "while the master's node is cut off")));
        }
        finally
        {
            await KubeCluster.NodeAsync("heal", node);
        }
    }

    /// <summary>Until somebody else leads and messages flow again.</summary>
    private static async Task WhileAsync(MessageOracle oracle, Func<string, Task> begin, string master, Func<string, Task> end, Func<string, Task<string>>? whereAsync = null)
    {
        long epoch = await AutomaticCluster.EpochAsync();
        string what = whereAsync is null ? master : await whereAsync(master);
        await begin(what);
        try
        {
            await KubeCluster.UntilAsync(async () => await AutomaticCluster.EpochAsync() > epoch, "somebody else leads meanwhile");
            await oracle.ServedAsync("meanwhile");
        }
        finally
        {
            await end(what);
        }
    }
}
