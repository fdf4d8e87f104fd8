using System.Collections.Concurrent;
using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Looks at the topics of whole clusters: each round asks a name server who is there and each master once for all its topics, and every Topic object takes what concerns it from that. A master
/// that does not answer holds no pass up. Knows since when somebody is away. Bounded by the number of broker groups. Thread-safe.
/// </summary>
internal sealed class ClusterTopics
{
    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;
    private readonly LatestAnswers<ObjectKey, ClusterInfo> _infos;
    private readonly LatestAnswers<(ObjectKey Cluster, string Address), TopicTable> _tables;
    private readonly ConcurrentDictionary<(ObjectKey Cluster, string Broker), long> _awaySince = new();

    public ClusterTopics(OperatorOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _infos = new(time, options.AdminTimeout, options.ProgressInterval, options.ResyncInterval);
        _tables = new(time, options.AdminTimeout, options.ProgressInterval, options.ResyncInterval);
    }

    /// <summary>Every topic is looked at once per round, at its own time: with half a round an answer serves about half of them.</summary>
    private TimeSpan Round => _options.ResyncInterval / 2;

    /// <param name="cluster">The cluster.</param>
    /// <param name="admin">Its client.</param>
    /// <param name="isSettled">Nothing is awaited: who is registered may be as old as the round. Otherwise it is hardly older than the question, as addresses change with every restart.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<TopicRound> LookAsync(BrokerCluster cluster, IRocketMqAdmin admin, bool isSettled, CancellationToken cancellationToken)
    {
        ObjectKey key = cluster.Key();
        Latest<ClusterInfo> info = await _infos.GetAsync(key, isSettled ? Round : _options.ProgressInterval, admin.GetClusterInfoAsync, cancellationToken);
        ClusterNames names = new ClusterNames(cluster.Name(), cluster.Namespace()!);
        Away? silence = Note(
            key, "", info.IsFailing ? new Problem(Reasons.NameServersUnreachable, $"The name servers at {names.NameServerRegistrationAddress} do not answer the operator.") : null);
        if (info.Answer is null)
        {
            return new TopicRound([], silence);
        }

        List<RoundMaster> masters = [];
        foreach (TopicMaster master in TopicMasters.Find(cluster, info.Answer))
        {
            masters.Add(await LookAsync(key, admin, master, cancellationToken));
        }

        return new TopicRound(masters, silence);
    }

    /// <summary>A master was asked for one topic and did not answer: the other topics need not try.</summary>
    public void NoAnswer(ObjectKey cluster, string address) => _tables.Fail((cluster, address));

    private async Task<RoundMaster> LookAsync(ObjectKey cluster, IRocketMqAdmin admin, TopicMaster master, CancellationToken cancellationToken)
    {
        if (master.Address is not { } address)
        {
            return new RoundMaster(master.Broker, null, null, Note(cluster, master.Broker, new Problem(Reasons.ClusterNotReady, $"No master of {master.Broker} is registered.")));
        }

        Latest<TopicTable> table = await _tables.GetAsync(
            (cluster, address), Round, async token => new TopicTable(address, await admin.GetTopicConfigsAsync(address, token)), cancellationToken);
        return table.IsFailing
            ? new RoundMaster(master.Broker, address, null, Note(cluster, master.Broker, new Problem(Reasons.BrokerUnreachable, $"The master of {master.Broker} does not answer the operator.")))
            : new RoundMaster(master.Broker, address, table.Answer, Note(cluster, master.Broker, null));
    }

    private Away? Note(ObjectKey cluster, string broker, Problem? problem)
    {
        if (problem is null)
        {
            _awaySince.TryRemove((cluster, broker), out _);
            return null;
        }

        long since = _awaySince.GetOrAdd((cluster, broker), static (_, time) => time.GetTimestamp(), _time);
        return new Away(problem, _time.GetElapsedTime(since) >= _options.TopicGrace);
    }
}
