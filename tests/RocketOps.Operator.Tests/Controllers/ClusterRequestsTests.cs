using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Tests.Support;
using Xunit.Abstractions;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>
/// What a cluster costs the API server while nothing happens: passes look at caches. <c>ROCKETOPS_BROKER_GROUPS</c> makes a measurement of it, with so many groups and an operator's own intervals, see bench/README.md.
/// </summary>
public sealed class ClusterRequestsTests(ITestOutputHelper output)
{
    private static readonly int Groups = ManyObjects.Count("ROCKETOPS_BROKER_GROUPS", 2);
    private static readonly bool IsMeasurement = Environment.GetEnvironmentVariable("ROCKETOPS_BROKER_GROUPS") is not null;

    /// <summary>A cluster that waits in vain is looked at less and less often: until it is at the longest interval.</summary>
    private static readonly int SettlingPasses = IsMeasurement ? 80 : 5;

    private const int CountedPasses = 5;

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
        await using OperatorWorld world = await OperatorWorld.StartAsync(static options => IsMeasurement ? ManyObjects.AtItsOwnPace(options) with { RouteRefreshGrace = new OperatorOptions().RouteRefreshGrace } : options);
        await using Electing members = new(world, elects ? Groups : 0);
        await world.CreateClusterAsync("a", spec =>
        {
            spec.Brokers.Groups = Groups;
            spec.Brokers.Replicas = 2;
            spec.Replication.Failover = elects ? FailoverMode.Automatic : FailoverMode.None;
        });
        await ManyObjects.ReadyAsync<BrokerCluster>(world, static cluster => cluster.Status?.Conditions);
        string lost = string.Create(CultureInfo.InvariantCulture, $"a-{Groups - 1}-1");
        if (stuck)
        {
            world.Workloads.Makes = pod => pod != lost;
            await world.Client.DeleteAsync<Pod>(lost, OperatorWorld.Ns);
            await world.ClusterAsync("a", "Ready", "False");
        }

        await world.EndedPassesAsync(stuck ? SettlingPasses : 2, ManyObjects.Limit);
        await world.QuietAsync(ManyObjects.Limit);
        ConcurrentDictionary<string, int> asked = new(StringComparer.Ordinal);
        int watches = 0;
        long begin = Stopwatch.GetTimestamp();
        world.OperatorFault = call =>
        {
            if (call.Verb == "watch")
            {
                Interlocked.Increment(ref watches);
            }
            else
            {
                asked.AddOrUpdate($"{call.Verb} {call.Resource}", 1, static (_, count) => count + 1);
            }

            return null;
        };
        await world.EndedPassesAsync(CountedPasses, ManyObjects.Limit);
        double hours = Stopwatch.GetElapsedTime(begin).TotalHours;
        world.OperatorFault = null;
        string found = asked.IsEmpty ? "none" : string.Join(", ", asked.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value / hours:0}")));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Groups} groups, {(elects ? "elected" : "fixed roles")}, {(stuck ? "stuck" : "idle")}: {CountedPasses / hours:0} passes an hour; requests an hour: {found}; watches begun in {hours * 3600:0} s: {watches}"));
        return asked;
    }

    /// <summary>The members of all groups, played.</summary>
    private sealed class Electing : IAsyncDisposable
    {
        private readonly ElectedMembers[] _groups;

        public Electing(OperatorWorld world, int groups)
        {
            _groups = [.. Enumerable.Range(0, groups).Select(index => new ElectedMembers(world.Client, string.Create(CultureInfo.InvariantCulture, $"a-{index}"), pulse: world.Pulse))];
            if (groups > 0)
            {
                world.Workloads.Registration = (pod, cancellationToken) => _groups[int.Parse(pod.Split('-')[1], CultureInfo.InvariantCulture)].RegistrationAsync(pod, cancellationToken);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (ElectedMembers group in _groups)
            {
                await group.DisposeAsync();
            }
        }
    }
}
