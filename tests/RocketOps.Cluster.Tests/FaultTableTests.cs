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

    private readonly CostTable _costs = new();

    [SkippableFact]
    public Task Faults_OneAfterTheOther_LoseNothingAcknowledged()
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
        });
    }

    private async Task UnderLoadAsync(string address)
    {
        ForeignClient[] producers = [.. ForeignClient.JavaVersions.Select(version => ForeignClient.JavaProducer(version, address, AutomaticCluster.Topic))];
        await using MessageOracle oracle = new(producers, ConsumerGroup.Java("g_shared", address, AutomaticCluster.Topic, 2));
        await oracle.ServedAsync("at the beginning");
        await AutomaticCluster.WholeAsync("at the beginning");

        await LeaseTrafficAsync();
        await UnnoticedAsync(oracle, "API server stands still for a few seconds", _ => GroupFaults.StopApiServerAsync(producers, SendsOfShortOutage));
        await UnnoticedAsync(oracle, "API server stands still for two minutes", _ => GroupFaults.StopApiServerAsync(producers, SendsOfLongOutage));
        await RowAsync(oracle, "master's process killed", GroupFaults.KillAsync);
        await RowAsync(oracle, "master frozen until another one leads", master => GroupFaults.FreezeAsync(oracle, master));
        await RowAsync(oracle, "cable of the master's node pulled", master => GroupFaults.PullCableAsync(oracle, master));
        await RowAsync(oracle, "master's node cut off from API server, DNS and clients, not from the other members", master => GroupFaults.CutFromClientsAsync(producers, master, FailuresOfCut), changesMaster: false);
        await RowAsync(oracle, "network between the master and both slaves cut", master => GroupFaults.CutFromCopiesAsync(oracle, master));
        await RowAsync(oracle, "master's node without power", master => GroupFaults.CutPowerAsync(oracle, master));
        await RowAsync(oracle, "both slaves' processes killed", GroupFaults.KillSlavesAsync, changesMaster: false);
        await RowAsync(oracle, "both slaves' pods deleted", GroupFaults.DeleteSlavesAsync, changesMaster: false);
        await RowAsync(oracle, "all three processes killed at once", static _ => GroupFaults.KillAllAsync());

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
    private async Task<int> RowAsync(MessageOracle oracle, string what, Func<string, Task> faultAsync, bool changesMaster = true)
    {
        Toll toll = await Episode.RunAsync(oracle, what, faultAsync, changesMaster);
        _costs.Add(toll);
        return toll.Failed.Count;
    }
}
