using System.Globalization;
using System.Text.RegularExpressions;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;
using YamlDotNet.RepresentationModel;

namespace RocketOps.Cli.Tests.Alerts;

/// <summary>The rules about brokers name what a broker's page has, and that of a slave fires when its master is lost.</summary>
public sealed partial class BrokerAlertsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public void Rules_AreWholeAndOneEach()
    {
        YamlMappingNode[] rules = [.. Rules()];

        rules.Should().NotBeEmpty();
        rules.Select(static rule => Text(rule, "alert")).Should().OnlyHaveUniqueItems();
        rules.Should().OnlyContain(static rule => Text(rule, "for").Length > 0 && (Text((YamlMappingNode)rule["labels"], "severity") == "critical" || Text((YamlMappingNode)rule["labels"], "severity") == "warning"));
        rules.Select(static rule => (YamlMappingNode)rule["annotations"]).Should().OnlyContain(static texts => Text(texts, "summary").Contains("$labels.instance", StringComparison.Ordinal) && Text(texts, "description").EndsWith('.'));
    }

    [Fact]
    public async Task Rules_NameWhatABrokerTells_AndTheMasterOfASlaveIsLost()
    {
        int port = LoopbackPorts.Find(0);
        await using RocketOpsServer master = new();
        await master.StartAsync();
        await using RocketOpsSlave slave = new(master.NameServerAddress, new Dictionary<string, string>(StringComparer.Ordinal) { ["httpPort"] = port.ToString(CultureInfo.InvariantCulture) });
        await slave.StartAsync();
        using HttpClient http = new();
        string page = "";
        await Eventually.TrueAsync(async () => Connected(page = await PageAsync(http, port)) == "1", "the slave follows", Patience);

        string[] named = [.. Rules().SelectMany(static rule => Name().Matches(Text(rule, "expr")).Select(static name => name.Value))];
        named.Should().HaveCountGreaterThanOrEqualTo(3).And.OnlyContain(name => page.Contains($"\n{name}{{", StringComparison.Ordinal));
        Rules().Single(static rule => Text(rule, "alert") == "RocketOpsSlaveNotFollowing")["expr"].ToString().Should().Be("rocketops_replication_connected < 1");

        await master.KillBrokerAsync();

        await Eventually.TrueAsync(async () => Connected(await PageAsync(http, port)) == "0", "the loss of the master is told", Patience);
    }

    /// <summary>Empty while nobody listens.</summary>
    private static async Task<string> PageAsync(HttpClient http, int port)
    {
        try
        {
            return await http.GetStringAsync($"http://127.0.0.1:{port}/metrics");
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    private static string Connected(string page) => ConnectedLine().Match(page).Groups["value"].Value;

    private static IEnumerable<YamlMappingNode> Rules()
    {
        YamlStream stream = [];
        using StreamReader reader = File.OpenText(Path.Combine(SharedKits.RepositoryRoot, "deploy", "alerts", "brokers.yaml"));
        stream.Load(reader);
        YamlSequenceNode groups = (YamlSequenceNode)stream.Documents.Single().RootNode["groups"];
        return groups.SelectMany(static group => (YamlSequenceNode)group["rules"]).Cast<YamlMappingNode>();
    }

    private static string Text(YamlMappingNode node, string key) => ((YamlScalarNode)node[key]).Value!;

    [GeneratedRegex("rocket(ops|mq)_[a-z_]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();

    [GeneratedRegex("^rocketops_replication_connected\\{.*\\} (?<value>[0-9]+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ConnectedLine();
}
