using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Compares a topic with what its masters said in the cluster's round, and brings those into line that differ. Asks a master by itself only where something is to be written, or
/// where a topic that is not the object's was found.
/// </summary>
internal sealed partial class TopicReconciler
{
    private readonly MasterRounds<TopicSettings> _rounds;
    private readonly MasterCalls _calls;
    private readonly BrokerTopics _brokers;
    private readonly TopicRemoval _removal;
    private readonly ILogger<TopicReconciler> _logger;

    public TopicReconciler(MasterRounds<TopicSettings> rounds, MasterCalls calls, BrokerTopics brokers, TopicRemoval removal, ILogger<TopicReconciler> logger)
    {
        _rounds = rounds;
        _calls = calls;
        _brokers = brokers;
        _removal = removal;
        _logger = logger;
    }

    /// <summary>
    /// Compares each master with the object, without writing anything. Masters where something is to be done have an outcome of null.
    /// </summary>
    /// <param name="topic">The object.</param>
    /// <param name="round">What the masters said.</param>
    public static IReadOnlyList<(RoundMaster<TopicSettings> Master, TopicOutcome? Outcome)> Compare(Topic topic, MasterRound<TopicSettings> round)
    {
        TopicSettings wanted = TopicSettings.Wanted(topic.Spec);
        return [.. round.Masters.Select(master => (master, master.Table is { } topics ? Compare(topic, wanted, master, topics) : AwayOutcome(topic, wanted, master)))];
    }

    /// <summary>Returns the outcome of a master where something is to be done, and nothing may be done now.</summary>
    public static TopicOutcome Left(Topic topic, RoundMaster<TopicSettings> master, Problem pending)
    {
        TopicBrokerStatus? claim = TopicClaims.Find(topic, master.Broker);
        return new TopicOutcome(master.Broker, master.Table?.Find(EffectiveName.Of(topic)), DrainingSince: claim?.DrainingSince, Pending: pending, Observed: claim is null);
    }

    /// <summary>Returns the settings of the topic on the broker, as the status has them.</summary>
    public static TopicSettings Settings(TopicBrokerStatus last) => new(last.ReadQueues, last.WriteQueues, last.Permission, last.MessageType ?? TopicSettings.DefaultMessageType, last.Order == true);

    /// <summary>Asks a master for the topic, which is not the object's there, at this moment.</summary>
    public async Task<(TopicSettings? Found, TopicOutcome? Failure)> GetAsync(BrokerCluster cluster, Topic topic, IRocketMqAdmin admin, RoundMaster<TopicSettings> master, CancellationToken cancellationToken)
    {
        string name = EffectiveName.Of(topic);
        try
        {
            TopicConfig? config = await _calls.WithDeadlineAsync(token => admin.GetTopicConfigAsync(master.Address!, name, token), cancellationToken);
            master.Table!.Set(name, BrokerTopics.Settings(config));
            return (BrokerTopics.Settings(config), null);
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            return (null, Failed(failed, cluster, name, master));
        }
    }

    /// <summary>Brings the topic on one master to what is wanted, as far as one pass may go.</summary>
    public async Task<TopicOutcome> ReconcileAsync(BrokerCluster cluster, Topic topic, IRocketMqAdmin admin, RoundMaster<TopicSettings> master, CancellationToken cancellationToken)
    {
        string name = EffectiveName.Of(topic);
        try
        {
            TopicOutcome outcome = await _brokers.ConvergeAsync(
                admin, new GroupMaster(master.Broker, master.Address), topic.Uid()!, name, TopicSettings.Wanted(topic.Spec), TopicClaims.Find(topic, master.Broker), cancellationToken);
            master.Table!.Set(name, outcome.Found);
            return outcome;
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            return Failed(failed, cluster, name, master);
        }
    }

    /// <summary>Takes the topic away from one master, which is not asked to have it any more, as far as one pass may go.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="topic">The object, which has the topic there.</param>
    /// <param name="admin">Its client.</param>
    /// <param name="master">The master.</param>
    /// <param name="mayClose">The topic is everywhere it is asked for.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<TopicOutcome> RemoveAsync(BrokerCluster cluster, Topic topic, IRocketMqAdmin admin, RoundMaster<TopicSettings> master, bool mayClose, CancellationToken cancellationToken)
    {
        if (master.Table is not { } topics)
        {
            return new TopicOutcome(master.Broker, null, Pending: master.Away!.Problem);
        }

        string name = EffectiveName.Of(topic);
        try
        {
            TopicOutcome outcome = await _removal.StepAsync(admin, new GroupMaster(master.Broker, master.Address), topic, mayClose, cancellationToken);
            topics.Set(name, outcome.Found);
            return outcome;
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            return Failed(failed, cluster, name, master);
        }
    }

    private static TopicOutcome? Compare(Topic topic, TopicSettings wanted, RoundMaster<TopicSettings> master, MasterTable<TopicSettings> topics)
    {
        TopicSettings? found = topics.Find(EffectiveName.Of(topic));
        if (topic.Spec.ManagementPolicy == ManagementPolicy.Observe)
        {
            return new TopicOutcome(
                master.Broker, found, Observed: true, Pending: found is null ? new Problem(Reasons.NotThere, $"{master.Broker} has no topic {EffectiveName.Of(topic)}; it is watched only.") : null);
        }

        return TopicClaims.Find(topic, master.Broker) is { DrainingSince: null } && found == wanted ? new TopicOutcome(master.Broker, found) : null;
    }

    /// <summary>
    /// A master that restarts says nothing new of a topic that was as asked for there; nor does a group that is being added. Only when it is away for long, or when the topic waits anyway, it counts.
    /// </summary>
    private static TopicOutcome AwayOutcome(Topic topic, TopicSettings wanted, RoundMaster<TopicSettings> master)
    {
        Away away = master.Away ?? throw new ArgumentException("A master whose topics are not known is away.", nameof(master));
        TopicBrokerStatus? last = TopicClaims.Entry(topic, master.Broker);
        bool wasThere = last is null || topic.Spec.ManagementPolicy == ManagementPolicy.Observe || (last is { DrainingSince: null, Observed: not true } && Settings(last) == wanted);
        return !away.IsLong && wasThere && Conditions.IsTrue(topic.Status?.Conditions, ConditionTypes.Ready)
            ? new TopicOutcome(master.Broker, null)
            : new TopicOutcome(master.Broker, null, Pending: away.Problem);
    }

    private TopicOutcome Failed(Exception failed, BrokerCluster cluster, string name, RoundMaster<TopicSettings> master)
    {
        LogFailed(failed, name, master.Broker);
        (Problem? refused, Problem? silent) = _rounds.Failed(cluster.Key(), master, failed);
        return new TopicOutcome(master.Broker, null, Pending: silent, Problem: refused);
    }

    [LoggerMessage(EventId = 5102, Level = LogLevel.Warning, Message = "Topic {Topic} could not be brought up to date on {Broker}; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string topic, string broker);
}
