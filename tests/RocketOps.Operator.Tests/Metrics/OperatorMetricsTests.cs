using System.Text.Json;
using System.Text.RegularExpressions;
using RocketOps.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Metrics;

/// <summary>The operator's /metrics, and what is written about it: the table of docs/operate.md and the dashboard.</summary>
public sealed partial class OperatorMetricsTests : IAsyncLifetime
{
    private const string Corrections = "rocketops_operator_drift_corrections_total{";

    private OperatorWorld _world = null!;

    public async Task InitializeAsync()
    {
        _world = await OperatorWorld.StartAsync();
        await _world.CreateClusterAsync("a", static spec =>
        {
            spec.Brokers.Groups = 2;
            spec.Brokers.Replicas = 2;
        });
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.CreateTopicAsync("t", "a");
        await _world.CreateTopicAsync("lost", "nobody");
        await _world.CreateTopicAsync("wrong", "a", static spec => spec.TopicName = "TBW102");
        await _world.CreateGroupAsync("g", "a");
        await _world.TopicAsync("t", "Ready", "True");
        await _world.TopicAsync("wrong", "Stalled", "True");
        await _world.GroupAsync("g", "Ready", "True");
    }

    public Task DisposeAsync() => _world.DisposeAsync().AsTask();

    [Fact]
    public async Task Page_ClusterAtWork_TellsItsFigures()
    {
        string[] expected =
        [
            "rocketops_cluster_topics_not_ready{namespace=\"default\",cluster=\"a\"} 1\n",
            "rocketops_operator_leader 1\n",
            "rocketops_cluster_groups{namespace=\"default\",cluster=\"a\"} 2\n",
            "rocketops_cluster_groups_ready{namespace=\"default\",cluster=\"a\"} 2\n",
            "rocketops_cluster_groups_without_master{namespace=\"default\",cluster=\"a\"} 0\n",
            "rocketops_cluster_topics{namespace=\"default\",cluster=\"a\"} 2\n",
            "rocketops_cluster_consumer_groups_not_ready{namespace=\"default\",cluster=\"a\"} 0\n",
            "rocketops_cluster_condition{namespace=\"default\",cluster=\"a\",condition=\"Ready\"} 1\n",
        ];
        string page = "";

        // The page tells what the caches have, and they follow the API server.
        await Eventually.TrueAsync(
            () =>
            {
                page = _world.Metrics;
                return Array.TrueForAll(expected, line => page.Contains(line, StringComparison.Ordinal));
            },
            "the caches have it");
        Value(page, "rocketops_operator_reconciles_total{kind=\"Topic\",result=\"success\"}").Should().BePositive();
        Value(page, "rocketops_operator_reconcile_duration_seconds_count{kind=\"BrokerCluster\",result=\"success\"}").Should().BePositive();
        Value(page, "rocketops_operator_api_requests_total{verb=\"patch\",code=\"200\"}").Should().BePositive();
        Value(page, "rocketops_operator_cache_objects{kind=\"Topic\"}").Should().Be(3);
    }

    [Fact]
    public async Task Page_RequestsToBrokers_AreMeasuredByOperationAndResult()
    {
        Value(_world.Metrics, Requests("GetClusterInfo", "success")).Should().BePositive();
        Value(_world.Metrics, Requests("CreateOrUpdateTopic", "success")).Should().Be(2, "the topic was written on two masters");
        _world.Metrics.Should().NotContain("result=\"refused\"").And.NotContain("result=\"unanswered\"");
        _world.Admin.Fault = static request =>
        {
            if (request == nameof(IRocketMqAdmin.CreateOrUpdateTopicAsync))
            {
                throw new RocketMqException(1, "no", "10.0.0.1:10911");
            }

            if (request == nameof(IRocketMqAdmin.GetSubscriptionGroupsAsync))
            {
                throw new RocketMqException("no answer");
            }
        };

        await _world.CreateTopicAsync("late", "a");

        await Eventually.TrueAsync(
            () => Has(Requests("CreateOrUpdateTopic", "refused")) && Has(Requests("GetSubscriptionGroups", "unanswered")), "both kinds of failure are told");
        Value(_world.Metrics, Requests("CreateOrUpdateTopic", "success")).Should().Be(2);

        bool Has(string series) => _world.Metrics.Contains(series, StringComparison.Ordinal);

        static string Requests(string operation, string result) => $"rocketops_operator_admin_request_duration_seconds_count{{operation=\"{operation}\",result=\"{result}\"}}";
    }

    [Fact]
    public async Task Page_SomebodyChangesWhatIsAsAsked_IsCountedByKindAndChangesOfObjectsAreNot()
    {
        await _world.ChangeAsync<Topic>("t", static topic => topic.Spec.ReadQueues = 4);
        await _world.ChangeAsync<ConsumerGroup>("g", static group => group.Spec.RetryMaxTimes = 3);
        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.NameServer.Resources = new ResourcesSpec { Requests = new() { ["cpu"] = Quantity.Parse("200m") } });
        await _world.TopicAsync("t", "Ready", "True");
        await _world.GroupAsync("g", "Ready", "True");
        await _world.ClusterAsync("a", "Ready", "True");
        _world.Metrics.Should().NotContain(Corrections, "that is what the objects ask for");
        string master = _world.Master("a-0");

        // What is changed while the operator does not know yet that all is as asked for is no drift.
        await _world.QuietAsync();

        _world.Admin.Put(master, _world.Admin.Topic(master, "t")! with { ReadQueues = 2 });
        _world.Admin.Put(master, _world.Admin.Group(master, "g")! with { RetryMaxTimes = 9 });
        await _world.ChangeAsync<Service>("a-nameserver", static service => service.Spec!.Selector = new() { ["app"] = "mine" });

        await Eventually.TrueAsync(
            () => Array.TrueForAll<string>(["Topic", "ConsumerGroup", "Service"], kind => _world.Metrics.Contains($"{Corrections}kind=\"{kind}\"}} ", StringComparison.Ordinal)), "all three are put back and counted");
        await _world.AwaitAsync<Service>("a-nameserver", static service => service.Spec!.Selector?.ContainsKey("app") != true, "its selector is put back");
    }

    [Fact]
    public async Task Page_ClusterIsGone_SoAreItsSeries()
    {
        _world.Metrics.Should().Contain("cluster=\"a\"");

        await _world.Client.DeleteAsync<BrokerCluster>("a", OperatorWorld.Ns);

        await Eventually.TrueAsync(() => !_world.Metrics.Contains("cluster=\"a\"", StringComparison.Ordinal), "nothing is told of the cluster any more");
    }

    [Fact]
    public void Page_EveryLine_IsInPrometheusFormat()
    {
        string[] lines = _world.Metrics.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        lines.Should().OnlyContain(static line => Line().IsMatch(line));
        lines.Where(static line => line.StartsWith("# TYPE", StringComparison.Ordinal)).Should().OnlyHaveUniqueItems();
        lines.Where(static line => !line.StartsWith('#')).Select(static line => line[..line.LastIndexOf(' ')]).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Documentation_Table_ListsWhatIsEmitted()
    {
        string page = File.ReadAllText(Repository.Path("docs", "operate.md"));
        IEnumerable<string> documented = DocumentedName().Matches(page).Select(static name => name.Groups["name"].Value);

        documented.Should().BeEquivalentTo(Names(_world.Metrics));
    }

    [Fact]
    public void Dashboard_Queries_NameWhatIsEmitted()
    {
        string file = Repository.Path("deploy", "dashboards", "operator.json");
        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(file));
        string[] queries =
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(static panel => panel.TryGetProperty("targets", out _))
                .SelectMany(static panel => panel.GetProperty("targets").EnumerateArray()).Select(static target => target.GetProperty("expr").GetString()!),
        ];
        HashSet<string> emitted = [.. Names(_world.Metrics)];

        queries.Should().NotBeEmpty();
        queries.SelectMany(static query => Name().Matches(query).Select(static name => Suffix().Replace(name.Value, ""))).Should().NotBeEmpty().And.OnlyContain(name => emitted.Contains(name));
        File.ReadAllText(Repository.Path("charts", "rocketops", "files", "dashboards", "operator.json")).Should().Be(File.ReadAllText(file), "the chart has a copy");
    }

    /// <summary>What is shown is rounded, and 0 is not nothing: whoever sees it reads so beside it.</summary>
    [Fact]
    public void Lag_EveryDescription_SaysHowItIsRounded()
    {
        const string Rounded = "0 for less than 1 MiB, else rounded up to a power of two";

        _world.Metrics.Split('\n').Single(static line => line.StartsWith("# HELP rocketops_cluster_replication_lag_bytes ", StringComparison.Ordinal)).Should().Contain(Rounded);
        File.ReadAllText(Repository.Path("deploy", "crds", "brokerclusters.rocketops.io.yaml")).Should().Contain(Rounded);
        File.ReadAllText(Repository.Path("docs", "replication.md")).Should().Contain($"(`lagBytes`: {Rounded}");
        File.ReadAllLines(Repository.Path("docs", "operate.md")).Where(static line => line.Contains("`SlavesBehind` | cluster", StringComparison.Ordinal) || line.StartsWith("| `rocketops_cluster_replication_lag_bytes`", StringComparison.Ordinal))
            .Should().HaveCount(2).And.OnlyContain(static line => line.Contains(Rounded, StringComparison.Ordinal));
    }

    [Fact]
    public void Alerts_Expressions_NameWhatIsEmittedAndPagesTellOfThem()
    {
        string file = Repository.Path("deploy", "alerts", "operator.yaml");
        string rules = File.ReadAllText(file);
        string page = File.ReadAllText(Repository.Path("docs", "operate.md"));
        (string Name, string Expression)[] alerts = [.. Alert().Matches(rules).Select(static alert => (alert.Groups["name"].Value, alert.Groups["expr"].Value))];
        HashSet<string> emitted = [.. Names(_world.Metrics)];
        string[] conditions = [.. Condition().Matches(_world.Metrics).Select(static condition => condition.Groups["type"].Value)];

        alerts.Should().NotBeEmpty();
        alerts.Should().HaveCount(rules.Split('\n').Count(static line => line.Contains("- alert:", StringComparison.Ordinal)), "each has an expression right behind its name");
        alerts.Should().OnlyContain(alert => Name().IsMatch(alert.Expression) && Name().Matches(alert.Expression).All(name => emitted.Contains(name.Value)));
        Condition().Matches(rules).Select(static condition => condition.Groups["type"].Value).Should().NotBeEmpty().And.BeSubsetOf(conditions);
        alerts.Should().OnlyContain(alert => page.Contains($"| `{alert.Name}` |", StringComparison.Ordinal), "docs/operate.md says what to do");
        File.ReadAllText(Repository.Path("charts", "rocketops", "files", "alerts", "operator.yaml")).Should().Be(rules, "the chart has a copy");

        // Of a group whose Lease cannot be read, or whose master does not answer, nobody knows what the others' alert says.
        string refuses = rules.Split("- alert: ").Single(static alert => alert.StartsWith("RocketOpsGroupRefusesMessages\n", StringComparison.Ordinal));
        refuses.Should().Contain("nobody knows whether they do").And.ContainAll(Reasons.ApiUnavailable, Reasons.Unanswering).And.Contain("With any other they have a master.");
    }

    private static double Value(string page, string series) =>
        double.Parse(page.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal))[(series.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<string> Names(string page) =>
        page.Split('\n').Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(static line => line.Split(' ')[2]);

    [GeneratedRegex("^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{([a-z]+=\"[^\"]*\",?)+\\})? [0-9.E+-]+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Line();

    [GeneratedRegex("^\\| `(?<name>rocketops_[a-z_]+)` \\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DocumentedName();

    [GeneratedRegex("rocketops_[a-z_]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();

    [GeneratedRegex("- alert: (?<name>\\w+)\\n +expr: (?<expr>.+)\\n", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Alert();

    [GeneratedRegex("condition=\"(?<type>\\w+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Condition();

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Suffix();
}
