using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using Xunit.Abstractions;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>
/// What a cluster costs the API server while nothing happens: passes look at caches. <c>ROCKETOPS_BROKER_GROUPS</c> makes a measurement of it, with so many groups and an operator whose intervals are a tenth of its own: what is
/// found is what those would find in ten times as long. See bench/README.md.
/// </summary>
public sealed class ClusterRequestsTests(ITestOutputHelper output)
{
    private const int Haste = 10;

    private static readonly int Groups = ManyObjects.Count("ROCKETOPS_BROKER_GROUPS", 2);
    private static readonly bool IsMeasurement = Environment.GetEnvironmentVariable("ROCKETOPS_BROKER_GROUPS") is not null;

    /// <summary>A cluster that waits in vain is looked at less and less often: until it is at the longest interval.</summary>
    private static readonly int SettlingPasses = IsMeasurement ? 80 : 5;

    private static readonly int CountedPasses = IsMeasurement ? 20 : 5;

    [Fact]
    public async Task Cluster_IdleOrStuck_AsksForNothingButWhyAPodIsMissing()
    {
        ConcurrentDictionary<string, int>[] idle = await Task.WhenAll(CountAsync(elects: false, stuck: false), CountAsync(elects: true, stuck: false));
        ConcurrentDictionary<string, int>[] stuck = await Task.WhenAll(CountAsync(elects: false, stuck: true), CountAsync(elects: true, stuck: true));

        idle.SelectMany(static one => one.Keys).Should().BeEmpty("there is nothing to do, and what there is to see the watches tell");
        stuck.SelectMany(static one => one.Keys).Should().OnlyContain(static request => request == "list events", "no watch tells why the pod is not made");
    }

    /// <summary>All that the operator asks for in some passes, by verb and kind, but for watches that go on.</summary>
    private async Task<ConcurrentDictionary<string, int>> CountAsync(bool elects, bool stuck)
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync(static options => IsMeasurement ? Hurried(options) : options);
        ConcurrentDictionary<string, int> asked = Count(world);
        await using ElectedGroups members = new(world.Client, elects ? Enumerable.Range(0, Groups).Select(static index => string.Create(CultureInfo.InvariantCulture, $"a-{index}")) : [], world.Pulse!);
        if (elects)
        {
            world.Workloads.Registration = members.RegistrationAsync;
        }

        await world.CreateClusterAsync("a", spec =>
        {
            spec.Brokers.Groups = Groups;
            spec.Brokers.Replicas = 2;
            spec.Replication.Failover = elects ? FailoverMode.Automatic : FailoverMode.None;
        });
        await ManyObjects.ReadyAsync<BrokerCluster>(world, static cluster => cluster.Status?.Conditions);
        int untilReady = asked.Values.Sum();
        string lost = string.Create(CultureInfo.InvariantCulture, $"a-{Groups - 1}-1");
        if (stuck)
        {
            world.Workloads.Makes = pod => pod != lost;
            await world.Client.DeleteAsync<Pod>(lost, OperatorWorld.Ns);
            await world.ClusterAsync("a", "Ready", "False");
        }

        await world.EndedPassesAsync(stuck ? SettlingPasses : 2, ManyObjects.Limit);
        await world.QuietAsync(ManyObjects.Limit);
        (double seconds, double passes) = Passes(world);
        long begin = Stopwatch.GetTimestamp();
        asked = Count(world);
        await world.EndedPassesAsync(CountedPasses, ManyObjects.Limit);
        double hours = Stopwatch.GetElapsedTime(begin).TotalHours * (IsMeasurement ? Haste : 1);
        world.OperatorFault = null;
        (seconds, passes) = (Passes(world).Seconds - seconds, Passes(world).Count - passes);
        string found = asked.IsEmpty ? "none" : string.Join(", ", asked.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value / hours:0}")));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Groups} groups, {(elects ? "elected" : "fixed roles")}, {(stuck ? "stuck" : "idle")}: {untilReady} requests until ready; then {passes / hours:0} passes an hour of {seconds / passes * 1000:0.0} ms; requests an hour: {found}"));
        members.Failure.Should().BeNull();
        return asked;
    }

    private static OperatorOptions Hurried(OperatorOptions options)
    {
        OperatorOptions own = new();
        return options with { ProgressInterval = own.ProgressInterval / Haste, ResyncInterval = own.ResyncInterval / Haste, RouteRefreshGrace = own.RouteRefreshGrace / Haste };
    }

    private static ConcurrentDictionary<string, int> Count(OperatorWorld world)
    {
        ConcurrentDictionary<string, int> asked = new(StringComparer.Ordinal);
        world.OperatorFault = call =>
        {
            if (call.Verb != "watch")
            {
                asked.AddOrUpdate($"{call.Verb} {call.Resource}", 1, static (_, count) => count + 1);
            }

            return null;
        };
        return asked;
    }

    /// <summary>What passes over the cluster have taken until now.</summary>
    private static (double Seconds, double Count) Passes(OperatorWorld world) =>
        (world.Figure("rocketops_operator_reconcile_duration_seconds_sum{kind=\"BrokerCluster\""), world.Figure("rocketops_operator_reconcile_duration_seconds_count{kind=\"BrokerCluster\""));
}
