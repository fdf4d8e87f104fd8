using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;
using Xunit.Abstractions;

namespace RocketOps.Operator.Tests.Controllers;

public sealed class ManyTopicsTests(ITestOutputHelper output)
{
    private const int FewTopics = 80;

    /// <summary>How many: <c>ROCKETOPS_TOPICS</c> makes a measurement of it, with an operator's own intervals, see bench/README.md.</summary>
    private static readonly int Topics = ManyObjects.Count("ROCKETOPS_TOPICS", FewTopics);

    /// <summary>How many clusters <see cref="ManyClusters_Idle_WritesNothing"/> has: <c>ROCKETOPS_CLUSTERS</c>.</summary>
    private static readonly int Clusters = ManyObjects.Count("ROCKETOPS_CLUSTERS", 4);

    private long _calls;

    [Fact]
    public async Task MasterRestarts_NoTopicIsWrittenAndNoneIsAskedForByItself()
    {
        await using OperatorWorld world = await StartAsync(Topics);
        ConcurrentQueue<string> requests = new();
        world.Admin.Fault = requests.Enqueue;
        world.Writes.Clear();
        long calls = Interlocked.Read(ref _calls);

        await ManyObjects.RestartMasterAsync(world, () => RoundsAsync(requests, 4));
        Say($"master away for some rounds: {TopicWrites(world).Count()} writes of Topics, {requests.Count} requests to name servers and brokers, {Interlocked.Read(ref _calls) - calls} API calls of anybody");

        TopicWrites(world).Should().BeEmpty("the cluster says that a master restarts; its topics are what they were");
        requests.Should().NotContain(nameof(IRocketMqAdmin.GetTopicConfigAsync));
        requests.Should().NotContain(nameof(IRocketMqAdmin.CreateOrUpdateTopicAsync));
    }

    [Fact]
    public async Task NameServersSilent_NoTopicIsWritten()
    {
        await using OperatorWorld world = await StartAsync(20);
        await ManyObjects.SilenceNameServersAsync(world);

        TopicWrites(world).Should().BeEmpty();
    }

    [Fact]
    public async Task MasterAwayForLong_EachTopicSaysSoOnce()
    {
        await using OperatorWorld world = await StartAsync(20, static options => options with { TopicGrace = TimeSpan.Zero });
        ConcurrentQueue<string> requests = new();
        world.Admin.Fault = requests.Enqueue;
        world.Workloads.Healthy = static pod => pod.Name() != "a-0-0";
        Dictionary<string, string?> told = new(StringComparer.Ordinal);
        for (int i = 0; i < 20; i++)
        {
            // As it is with these words: what it said before, if anything, was another version.
            Topic waiting = await world.AwaitAsync<Topic>(
                Name(i),
                static topic => Conditions.Find(topic.Status?.Conditions, "Reconciling") is { Status: "True", Reason: Reasons.ClusterNotReady }
                    && Conditions.Find(topic.Status?.Conditions, "Ready")?.Message == "No master of a-0 is registered.",
                "says that the master is away");
            told[Name(i)] = waiting.Metadata.ResourceVersion;
        }

        // By what the server has, not by requests: a pass over an older copy may ask for the same once more, and is refused.
        await RoundsAsync(requests, 4);
        (await world.Client.ListAsync<Topic>(new ListOptions { Namespace = OperatorWorld.Ns })).Items.ToDictionary(static topic => topic.Name(), static topic => topic.Metadata.ResourceVersion)
            .Should().BeEquivalentTo(told);
    }

    [Fact]
    public async Task GroupIsAdded_TopicsStayReadyAndComeThere()
    {
        await using OperatorWorld world = await StartAsync(20);
        ConcurrentBag<string> unready = [];
        using CancellationTokenSource stop = new();
        Task watching = WatchAsync(world, unready, stop.Token);
        world.Workloads.Healthy = static pod => pod.Name() != "a-2-0";
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 3);
        await world.ClusterAsync("a", "Ready", "False");
        int asked = world.Admin.Questions;
        await Eventually.TrueAsync(() => world.Admin.Questions > asked + 20, "passes go on while the group is not there");

        world.Workloads.Healthy = static _ => true;
        for (int i = 0; i < 20; i++)
        {
            await world.AwaitAsync<Topic>(Name(i), static topic => topic.Status?.Brokers?.Exists(static broker => broker is { Name: "a-2", ReadQueues: 8 }) == true, "is on the new group");
        }

        await stop.CancelAsync();
        await watching;
        unready.Should().BeEmpty();
    }

    /// <summary>Somebody's topics without objects are counted by what masters say anyway.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    public async Task Idle_WritesNothing(int unmanaged)
    {
        await using OperatorWorld world = await StartAsync(Topics);
        foreach (string master in world.Admin.Registered!.Values.Select(static group => group[0]))
        {
            for (int i = 0; i < unmanaged; i++)
            {
                world.Admin.Put(master, new TopicConfig { Name = $"auto-{i.ToString("0000", CultureInfo.InvariantCulture)}" });
            }
        }

        BrokerCluster counted = await world.AwaitAsync<BrokerCluster>("a", cluster => (cluster.Status!.UnmanagedTopics?.Count ?? 0) == unmanaged, "they are counted");
        (counted.Status!.UnmanagedTopics?.Names ?? []).Should().Equal(Enumerable.Range(0, Math.Min(5, unmanaged)).Select(static i => $"auto-000{i.ToString(CultureInfo.InvariantCulture)}"));
        ConcurrentQueue<string> requests = new();
        world.Admin.Fault = requests.Enqueue;
        await world.QuietAsync(ManyObjects.Limit);

        await RoundsAsync(requests, 6);

        Say($"six idle rounds: {world.Writes.Count} writes, {requests.Count} requests to name servers and brokers");
        world.Writes.Should().BeEmpty();
        requests.Should().NotContain(nameof(IRocketMqAdmin.GetTopicConfigAsync));
    }

    [Fact]
    public async Task ManyClusters_Idle_WritesNothing()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync(options => Topics > FewTopics ? ManyObjects.AtItsOwnPace(options) : options);
        long begin = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, Clusters, async (i, _) => await world.CreateClusterAsync(Cluster(i), static spec => spec.Brokers.Replicas = 2));
        await ManyObjects.ReadyAsync<BrokerCluster>(world, static cluster => cluster.Status?.Conditions);
        Say($"{Clusters} clusters ready after {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s, {ApiRequests(world)} API requests of the operator");

        begin = Stopwatch.GetTimestamp();
        long before = ApiRequests(world);
        await Parallel.ForAsync(0, Topics, async (i, _) => await world.CreateTopicAsync(Name(i), Cluster(i % Clusters)));
        Say($"created in {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s");
        await ManyObjects.ReadyAsync<Topic>(world, static topic => topic.Status?.Conditions);
        GC.Collect();
        Say($"all ready after {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s, {ApiRequests(world) - before} API requests of the operator, {GC.GetTotalMemory(forceFullCollection: true) / 1024 / 1024} MiB of heap, {Environment.WorkingSet / 1024 / 1024} MiB resident, in one process with the API server");

        ConcurrentQueue<string> requests = new();
        world.Admin.Fault = requests.Enqueue;
        await RoundsAsync(requests, Clusters);
        await world.QuietAsync(ManyObjects.Limit);
        requests.Clear();
        before = ApiRequests(world);
        begin = Stopwatch.GetTimestamp();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        await RoundsAsync(requests, 6 * Clusters);
        Say($"six idle rounds in {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s: {world.Writes.Count} writes, {ApiRequests(world) - before} API requests of the operator, {requests.Count} requests to name servers and brokers, {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:0.0} s of CPU of the whole process");

        world.Writes.Should().BeEmpty();
    }

    private static string Cluster(int number) => $"c{number.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>As the operator counts them itself.</summary>
    private static long ApiRequests(OperatorWorld world) => world.Metrics.Split('\n').Where(static line => line.StartsWith("rocketops_operator_api_requests_total{", StringComparison.Ordinal))
        .Sum(static line => long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    private static string Name(int number) => $"t-{number.ToString(CultureInfo.InvariantCulture)}";

    private static IEnumerable<string> TopicWrites(OperatorWorld world) => world.Writes.Where(static write => write.Contains(" topics", StringComparison.Ordinal));

    /// <summary>Until the masters' tables were read so often more, which passes over topics cause.</summary>
    private static Task RoundsAsync(ConcurrentQueue<string> requests, int count) => ManyObjects.RoundsAsync(requests, nameof(IRocketMqAdmin.GetTopicConfigsAsync), count);

    private static async Task WatchAsync(OperatorWorld world, ConcurrentBag<string> unready, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (Topic topic in (await world.Client.ListAsync<Topic>(new ListOptions { Namespace = OperatorWorld.Ns }, CancellationToken.None)).Items)
            {
                if (!Conditions.IsTrue(topic.Status?.Conditions, ConditionTypes.Ready))
                {
                    unready.Add($"{topic.Name()}: {Conditions.Find(topic.Status?.Conditions, ConditionTypes.Ready)?.Message}");
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Say(FormattableString text) => output.WriteLine($"{Topics} topics: {text.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>A cluster of two groups with so many topics, all ready, and nothing under way.</summary>
    private async Task<OperatorWorld> StartAsync(int topics, Func<OperatorOptions, OperatorOptions>? configure = null)
    {
        OperatorWorld world = await OperatorWorld.StartAsync(topics > FewTopics ? ManyObjects.AtItsOwnPace : configure);
        world.Fault = _ =>
        {
            Interlocked.Increment(ref _calls);
            return null;
        };
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Groups = 2);
        await world.ClusterAsync("a", "Ready", "True");
        long begin = Stopwatch.GetTimestamp();
        long calls = Interlocked.Read(ref _calls);
        await Parallel.ForAsync(0, topics, async (i, _) => await world.CreateTopicAsync(Name(i), "a"));
        Say($"created in {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s");
        await ManyObjects.ReadyAsync<Topic>(world, static topic => topic.Status?.Conditions);
        Say($"all ready after {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s: {TopicWrites(world).Count()} writes of Topics, {Interlocked.Read(ref _calls) - calls} API calls of anybody, {GC.GetTotalMemory(forceFullCollection: false) / 1024 / 1024} MiB of heap in one process with the API server");
        await world.QuietAsync(ManyObjects.Limit);
        return world;
    }
}
