using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Topics;

/// <summary>
/// What brokers said lately of all their topics, shared by the passes of all Topic objects: looking for drift costs one request per broker and round, not one per
/// topic. Only for topics nobody is changing; where something is to be written, the broker is asked for that topic anew.
/// </summary>
internal sealed class TopicTables
{
    private readonly OperatorOptions _options;
    private readonly SharedAnswers<ObjectKey, ClusterInfo> _clusters;
    private readonly SharedAnswers<string, Dictionary<string, TopicSettings>> _tables;

    public TopicTables(OperatorOptions options, TimeProvider time)
    {
        _options = options;
        _clusters = new SharedAnswers<ObjectKey, ClusterInfo>(time, options.AdminTimeout, options.ProgressInterval, options.ProgressInterval);
        _tables = new SharedAnswers<string, Dictionary<string, TopicSettings>>(time, options.AdminTimeout, MaxAge, options.ProgressInterval);
    }

    /// <summary>Every topic is looked at once per round, at its own time: with half a round an answer serves about half of them.</summary>
    private TimeSpan MaxAge => _options.ResyncInterval / 2;

    /// <summary>Who is registered, hardly older than the question: addresses change with every restart.</summary>
    public Task<ClusterInfo> ClusterAsync(ObjectKey cluster, IRocketMqAdmin admin, CancellationToken cancellationToken) =>
        _clusters.GetAsync(cluster, _options.ProgressInterval, admin.GetClusterInfoAsync, cancellationToken);

    /// <summary>The topic as the broker had it lately; null when it did not know it.</summary>
    public async Task<TopicSettings?> FindAsync(IRocketMqAdmin admin, string address, string topic, CancellationToken cancellationToken)
    {
        Dictionary<string, TopicSettings> table = await _tables.GetAsync(address, MaxAge, token => ReadAsync(admin, address, token), cancellationToken);
        return table.GetValueOrDefault(topic);
    }

    /// <summary>A topic was written there.</summary>
    public void Forget(string address) => _tables.Forget(address);

    private static async Task<Dictionary<string, TopicSettings>> ReadAsync(IRocketMqAdmin admin, string address, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, TopicConfig> configs = await admin.GetTopicConfigsAsync(address, cancellationToken);
        return configs.ToDictionary(static pair => pair.Key, static pair => BrokerTopics.Settings(pair.Value)!, StringComparer.Ordinal);
    }
}
