using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;
using RocketOps.Client;
using RocketOps.Operator.Entities;
using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Exporting;

/// <summary>
/// The topics and consumer groups of a live cluster as objects. All masters are asked before the first object is made: of a topic whose brokers were not all asked nobody could say whether they agree. Only asks.
/// </summary>
internal sealed class ClusterExport
{
    private readonly ExportOptions _options;
    private readonly ClusterRef _reference;
    private readonly MergedTable _topics;
    private readonly MergedTable _groups;

    private ClusterExport(ExportOptions options, string cluster, ClusterRef reference, IReadOnlyList<string> masters, MergedTable topics, MergedTable groups)
    {
        _options = options;
        Cluster = cluster;
        _reference = reference;
        Masters = masters;
        _topics = topics;
        _groups = groups;
    }

    /// <summary>Name that the brokers give their cluster.</summary>
    public string Cluster { get; }

    /// <summary>The broker groups whose masters were asked.</summary>
    public IReadOnlyList<string> Masters { get; }

    /// <summary>Broker groups that have no master to ask; what they have is not in the objects.</summary>
    public required IReadOnlyList<string> WithoutMaster { get; init; }

    /// <summary>Throws <see cref="CommandFailedException"/> or <see cref="RocketMqException"/> when a master does not answer, when the cluster has to be chosen, or when there is no name to refer to it.</summary>
    public static async Task<ClusterExport> ReadAsync(ClusterConnection connection, ExportOptions options, CancellationToken cancellation)
    {
        IReadOnlyList<BrokerData> masters = await connection.MastersAsync(options.Cluster, cancellation);
        ClusterInfo info = await connection.Admin.GetClusterInfoAsync(cancellation);
        string cluster = masters[0].Cluster;
        ClusterRef reference = options.ClusterRef ?? (ClusterRef.FindProblem(cluster) is null
            ? ClusterRef.Parse(cluster)
            : throw new CommandFailedException($"the brokers' cluster is called {NoteText.Plain(cluster)}, which no BrokerCluster can be. Give the name of the one that the objects are for: --cluster-ref NAME."));
        HashSet<string> servers = [.. info.Clusters.Keys, .. info.Brokers.Keys];
        MergedTable topics = new();
        MergedTable groups = new();
        foreach (BrokerData master in masters)
        {
            if (options.WantsTopics)
            {
                foreach ((string name, TopicConfig topic) in await connection.Admin.GetTopicConfigsAsync(master.MasterAddress!, cancellation))
                {
                    if (!TopicNames.IsOfServers(name, servers))
                    {
                        topics.Add(name, master.BrokerName, TopicFacts.Of(topic));
                    }
                }
            }

            if (options.WantsGroups)
            {
                foreach ((string name, SubscriptionGroupConfig group) in await connection.Admin.GetSubscriptionGroupsAsync(master.MasterAddress!, cancellation))
                {
                    if (!GroupNames.IsOfServers(name))
                    {
                        groups.Add(name, master.BrokerName, GroupFacts.Of(group));
                    }
                }
            }
        }

        return new ClusterExport(options, cluster, reference, [.. masters.Select(static master => master.BrokerName)], topics, groups)
        {
            WithoutMaster = [.. info.Brokers.Values.Where(broker => broker.Cluster == cluster && broker.MasterAddress is null).Select(static broker => broker.BrokerName).Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>Objects one after the other, topics first, each kind in the order of names; and names that no object can have, with the reason.</summary>
    public IEnumerable<(ExportedObject? Object, string? LeftOut)> Objects() =>
        Of(_topics, Topic.KindName, "topicName", "topic", "topic", _options.WantsTopic, WhyNoTopic).Concat(Of(_groups, ConsumerGroup.KindName, "groupName", "group", "consumer group", _options.WantsGroup, WhyNoGroup));

    /// <summary>A sentence for each pattern that nothing is called like.</summary>
    public IEnumerable<string> Unmatched() =>
        Unmatched(_options.Topics, _topics, "topic", static pattern => new ExportOptions { Topics = [pattern] }.WantsTopic)
            .Concat(Unmatched(_options.Groups, _groups, "consumer group", static pattern => new ExportOptions { Groups = [pattern] }.WantsGroup));

    private static IEnumerable<string> Unmatched(IReadOnlyList<string> patterns, MergedTable table, string what, Func<string, Func<string, bool>> matcher) =>
        patterns.Where(pattern => !table.Names.Any(matcher(pattern))).Select(pattern => $"there is no {what} {pattern}.{NearestWord.Hint(pattern, table.Names)}");

    private IEnumerable<(ExportedObject? Object, string? LeftOut)> Of(
        MergedTable table, string kind, string nameField, string fallback, string what, Func<string, bool> isWanted, Func<string, string?> problem)
    {
        // Of all names, so that a filter never changes what an object is called.
        IReadOnlyDictionary<string, string> names = ObjectNames.Choose(table.Names, fallback);
        ObjectExporter writer = new(kind, nameField, _reference, Masters, _options.Observe);
        foreach (string name in table.Names.Where(isWanted))
        {
            yield return problem(name) is { } why
                ? (null, $"{what} {NoteText.Plain(name)} is left out: {why}")
                : (writer.Write(name, names[name], table.Find(name)), null);
        }
    }

    private string? WhyNoTopic(string topic) =>
        !Operator.Topics.TopicValidator.IsValidName(topic) ? "a Topic takes names of 1 to 127 letters, digits, '-', '_', '%' and '|'."
        : TopicNames.IsOfBrokers(topic) ? "brokers make topics of such names themselves."
        : _reference.IsNameOfServers(topic) ? $"cluster {_reference.Name} and its broker groups are called so, and make topics of their names themselves. Refer to a cluster of another name: --cluster-ref NAME."
        : null;

    private static string? WhyNoGroup(string group) =>
        !Operator.ConsumerGroups.ConsumerGroupValidator.IsValidName(group) ? "a ConsumerGroup takes names of 1 to 120 letters, digits, '-', '_', '%' and '|'."
        : GroupNames.IsSystem(group) ? "brokers make groups of such names themselves."
        : null;
}
