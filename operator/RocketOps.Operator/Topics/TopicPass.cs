using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Compares a topic with what its masters said in the cluster's round, and brings those into line that differ. Asks a master by itself only where something is to be written, or
/// where a topic that is not the object's was found.
/// </summary>
internal sealed partial class TopicPass
{
    private readonly OperatorOptions _options;
    private readonly ClusterTopics _rounds;
    private readonly BrokerTopics _brokers;
    private readonly TimeProvider _time;
    private readonly ILogger<TopicPass> _logger;

    public TopicPass(OperatorOptions options, ClusterTopics rounds, BrokerTopics brokers, TimeProvider time, ILogger<TopicPass> logger)
    {
        _options = options;
        _rounds = rounds;
        _brokers = brokers;
        _time = time;
        _logger = logger;
    }

    /// <summary>What is true of each master without writing anything. Masters where something is to be done have an outcome of null.</summary>
    /// <param name="topic">The object.</param>
    /// <param name="round">What the masters said.</param>
    public static IReadOnlyList<(RoundMaster Master, TopicOutcome? Outcome)> Compare(Topic topic, TopicRound round)
    {
        TopicSettings wanted = TopicSettings.Wanted(topic.Spec);
        return [.. round.Masters.Select(master => (master, master.Topics is { } topics ? Compare(topic, wanted, master, topics) : AwayOutcome(topic, wanted, master)))];
    }

    /// <summary>Asks a master for the topic, which is not the object's there, at this moment.</summary>
    public async Task<(TopicSettings? Found, TopicOutcome? Failure)> LookAsync(BrokerCluster cluster, Topic topic, IRocketMqAdmin admin, RoundMaster master, CancellationToken cancellationToken)
    {
        string name = TopicNames.Effective(topic);
        try
        {
            TopicConfig? config = await WithDeadlineAsync(token => admin.GetTopicConfigAsync(master.Address!, name, token), cancellationToken);
            master.Topics!.Set(name, BrokerTopics.Settings(config));
            return (BrokerTopics.Settings(config), null);
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            return (null, Failed(failed, cluster, name, master));
        }
    }

    /// <summary>Brings the topic on one master to what is wanted, as far as one pass may go.</summary>
    public async Task<TopicOutcome> SyncAsync(BrokerCluster cluster, Topic topic, IRocketMqAdmin admin, RoundMaster master, CancellationToken cancellationToken)
    {
        string name = TopicNames.Effective(topic);
        try
        {
            TopicOutcome outcome = await WithDeadlineAsync(
                token => _brokers.SyncAsync(admin, new TopicMaster(master.Broker, master.Address), name, TopicSettings.Wanted(topic.Spec), TopicClaims.Find(topic, master.Broker), token), cancellationToken);
            master.Topics!.Set(name, outcome.Found);
            return outcome;
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            return Failed(failed, cluster, name, master);
        }
    }

    private static TopicOutcome? Compare(Topic topic, TopicSettings wanted, RoundMaster master, TopicTable topics)
    {
        TopicSettings? found = topics.Find(TopicNames.Effective(topic));
        if (topic.Spec.ManagementPolicy == TopicManagementPolicy.Observe)
        {
            return new TopicOutcome(
                master.Broker, found, Observed: true, Pending: found is null ? new Problem(Reasons.NotThere, $"{master.Broker} has no topic {TopicNames.Effective(topic)}; it is watched only.") : null);
        }

        return TopicClaims.Find(topic, master.Broker) is { DrainingSince: null } && found == wanted ? new TopicOutcome(master.Broker, found) : null;
    }

    /// <summary>
    /// A master that restarts says nothing new of a topic that was as asked for there; nor does a group that is being added. Only when it is away for long, or when the topic waits anyway, it counts.
    /// </summary>
    private static TopicOutcome AwayOutcome(Topic topic, TopicSettings wanted, RoundMaster master)
    {
        Away away = master.Away ?? throw new ArgumentException("A master whose topics are not known is away.", nameof(master));
        TopicBrokerStatus? last = TopicClaims.Entry(topic, master.Broker);
        bool wasThere = last is null || topic.Spec.ManagementPolicy == TopicManagementPolicy.Observe || (last is { DrainingSince: null, Observed: not true } && Settings(last) == wanted);
        return !away.IsLong && wasThere && Conditions.IsTrue(topic.Status?.Conditions, ConditionTypes.Ready)
            ? new TopicOutcome(master.Broker, null)
            : new TopicOutcome(master.Broker, null, Pending: away.Problem);
    }

    private static TopicSettings Settings(TopicBrokerStatus last) => new(last.ReadQueues, last.WriteQueues, last.Permission, last.MessageType ?? TopicSettings.DefaultMessageType);

    private TopicOutcome Failed(Exception failed, BrokerCluster cluster, string name, RoundMaster master)
    {
        LogFailed(failed, name, master.Broker);
        if (AdminFailures.Refusal(failed) is { } refusal)
        {
            return new TopicOutcome(master.Broker, null, Problem: new Problem(Reasons.Refused, $"{master.Broker} refuses: {refusal}."));
        }

        _rounds.NoAnswer(cluster.Key(), master.Address!);
        return new TopicOutcome(master.Broker, null, Pending: new Problem(Reasons.BrokerUnreachable, $"The master of {master.Broker} does not answer the operator."));
    }

    private async Task<T> WithDeadlineAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new CancellationTokenSource(_options.AdminTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        return await call(either.Token);
    }

    [LoggerMessage(EventId = 5102, Level = LogLevel.Warning, Message = "Topic {Topic} could not be brought up to date on {Broker}; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string topic, string broker);
}
