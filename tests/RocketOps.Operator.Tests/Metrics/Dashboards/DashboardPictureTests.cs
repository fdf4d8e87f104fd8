using System.Diagnostics;
using System.Net;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Metrics.Dashboards;

/// <summary>The dashboard with what an operator at work says, and its picture in the documentation.</summary>
public sealed class DashboardPictureTests
{
    private static readonly string Picture = Repository.Path("docs", "images", "dashboard.svg");

    /// <summary><c>ROCKETOPS_UPDATE=1</c> draws the picture anew.</summary>
    [Fact]
    public async Task Dashboard_OfAnOperatorAtWork_ShowsSomethingInEveryPanel()
    {
        IReadOnlyList<DashboardPanel> panels = DashboardPanel.Read(Repository.Path("deploy", "dashboards", "operator.json"));

        SampledMetrics metrics = await WorkAsync();

        panels.Should().HaveCountGreaterThan(6);
        foreach (DashboardPanel panel in panels)
        {
            IReadOnlyDictionary<string, double[]> series = panel.Series(metrics);
            series.Should().NotBeEmpty("{0} would be empty", panel.Title);
            series.Values.Should().OnlyContain(static values => values.Any(double.IsFinite), "{0}", panel.Title);
            series.Keys.Should().OnlyContain(static name => name.Length > 0, "{0} names its series", panel.Title);
        }

        if (Repository.Update)
        {
            await File.WriteAllTextAsync(Picture, DashboardDrawing.Draw(panels, metrics));
        }

        string drawn = await File.ReadAllTextAsync(Picture);
        panels.Should().OnlyContain(panel => drawn.Contains($">{WebUtility.HtmlEncode(panel.Title)}</text>", StringComparison.Ordinal), "else docs/images/dashboard.svg is out of date: ROCKETOPS_UPDATE=1 draws it anew");
    }

    /// <summary>Two clusters come, get topics, one is rolled, one is asked for what cannot be, somebody changes a topic on a broker; /metrics after each step and in between.</summary>
    private static async Task<SampledMetrics> WorkAsync()
    {
        SampledMetrics metrics = new();
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        Stopwatch clock = Stopwatch.StartNew();
        using CancellationTokenSource done = new();
        Task sampling = SampleAsync();
        await world.CreateClusterAsync("orders", static spec =>
        {
            spec.Brokers.Groups = 2;
            spec.Brokers.Replicas = 2;
        });
        await world.CreateClusterAsync("audit");
        await world.ClusterAsync("orders", "Ready", "True");
        await world.ClusterAsync("audit", "Ready", "True");
        foreach (int topic in Enumerable.Range(0, 12))
        {
            await world.CreateTopicAsync($"topic-{topic}", "orders");
        }

        await world.CreateGroupAsync("billing", "orders");
        await world.CreateTopicAsync("reserved", "audit", static spec => spec.TopicName = "TBW102");
        await world.TopicAsync("reserved", "Stalled", "True");
        foreach (int topic in Enumerable.Range(0, 12))
        {
            await world.TopicAsync($"topic-{topic}", "Ready", "True");
        }

        await world.ChangeAsync<BrokerCluster>("orders", static cluster => cluster.Spec.Brokers.Config = new(StringComparer.Ordinal) { ["serverChannelMaxIdleTimeSeconds"] = "48" });
        await world.AwaitAsync<BrokerCluster>("orders", static cluster => cluster.Status?.Restarts?.Count >= 4, "all have restarted");
        await world.ClusterAsync("orders", "Ready", "True");
        string master = world.Master("orders-0");
        await Eventually.TrueAsync(() => world.Admin.Topic(master, "topic-3") is not null, "the new master, which began empty, is given its topics");

        // What is changed while the operator does not know yet that all is as asked for is no drift.
        await world.QuietAsync();
        world.Admin.Put(master, world.Admin.Topic(master, "topic-3")! with { ReadQueues = 2 });
        await Eventually.TrueAsync(() => world.Metrics.Contains("rocketops_operator_drift_corrections_total{", StringComparison.Ordinal), "what somebody changed is put back");
        await done.CancelAsync();
        await sampling;
        metrics.Add(clock.Elapsed, world.Metrics);
        return metrics;

        // Paces the samples; nothing waits for it.
        async Task SampleAsync()
        {
            while (!done.IsCancellationRequested)
            {
                metrics.Add(clock.Elapsed, world.Metrics);
                await Task.Delay(TimeSpan.FromMilliseconds(250), done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
