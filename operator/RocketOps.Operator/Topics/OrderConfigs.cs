using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Keeps on the name servers, as <c>mqadmin updateTopic -o true</c> does, how many queues producers have on each broker for a topic with the order flag, and nothing for one without it. All name servers are
/// asked once per round for the entries of all topics. Thread-safe.
/// </summary>
internal sealed partial class OrderConfigs(OperatorOptions options, TimeProvider time, MasterCalls calls, ILogger<OrderConfigs> logger)
{
    /// <summary>Namespace of the name servers' values. Source: admin.md §2.1.</summary>
    public const string Namespace = "ORDER_TOPIC_CONFIG";

    /// <summary>Mark of a value that name servers do not agree about; no value is empty.</summary>
    private const string Differing = "";

    private readonly LatestAnswers<ObjectKey, MasterTable<string>> _tables = new(time, options.AdminTimeout, options.ProgressInterval, options.ResyncInterval);

    /// <summary><c>a-0:8;a-1:8</c>: queues that brokers have and the object asks for. One that is away keeps its queues: that is what the entry is for.</summary>
    /// <param name="topic">The object.</param>
    /// <param name="masters">Those that are asked to have the topic.</param>
    public static string Text(Topic topic, IEnumerable<RoundMaster<TopicSettings>> masters)
    {
        int most = TopicSettings.Wanted(topic.Spec).WriteQueues;
        string name = EffectiveName.Of(topic);
        return Text(masters
            .Where(master => TopicClaims.Find(topic, master.Broker) is not null)
            .Select(master => (master.Broker, Math.Min(most, master.Table is { } topics ? topics.Find(name)?.WriteQueues ?? 0 : TopicClaims.Find(topic, master.Broker)!.WriteQueues))));
    }

    /// <summary>The same of brokers and their queues.</summary>
    public static string Text(IEnumerable<(string Broker, int Queues)> brokers) =>
        string.Join(';', brokers.Where(static broker => broker.Queues > 0).Select(static broker => string.Create(CultureInfo.InvariantCulture, $"{broker.Broker}:{broker.Queues}")));

    /// <summary>Returns the value that the name servers have, for people; null when they have none, or do not answer.</summary>
    public async Task<string?> FindAsync(BrokerCluster cluster, Topic topic, IRocketMqAdmin admin, CancellationToken cancellationToken) =>
        (await GetLatestAsync(cluster, admin, cancellationToken)).Answer?.Find(EffectiveName.Of(topic)) is { } text ? text == Differing ? "not the same everywhere" : text : null;

    /// <summary>
    /// Writes the value before something is written on brokers: no producer is sent to a queue that is about to close, and no broker takes
    /// the flag that is about to go from its name server.
    /// </summary>
    /// <returns>What it waits for; null when the brokers may be written.</returns>
    public async Task<Problem?> NarrowAsync(BrokerCluster cluster, Topic topic, IRocketMqAdmin admin, IReadOnlyList<RoundMaster<TopicSettings>> masters, CancellationToken cancellationToken) =>
        TopicClaims.HasAny(topic) ? await KeepAsync(cluster, topic, admin, masters, isThere: true, cancellationToken) : null;

    /// <summary>Writes the value after that: producers use what is there now.</summary>
    /// <returns>What it waits for; null when the name servers have it.</returns>
    public async Task<Problem?> WidenAsync(BrokerCluster cluster, Topic topic, IRocketMqAdmin admin, IReadOnlyList<RoundMaster<TopicSettings>> masters, CancellationToken cancellationToken) =>
        topic.Spec.Order ? await KeepAsync(cluster, topic, admin, masters, isThere: false, cancellationToken) : null;

    /// <summary>The topic goes.</summary>
    public async Task RemoveAsync(BrokerCluster cluster, string topic, IRocketMqAdmin admin, CancellationToken cancellationToken)
    {
        await admin.DeleteNameServerValueAsync(Namespace, topic, cancellationToken);
        _tables.Known(cluster.Key())?.Set(topic, null);
    }

    private async Task<Problem?> KeepAsync(
        BrokerCluster cluster, Topic topic, IRocketMqAdmin admin, IReadOnlyList<RoundMaster<TopicSettings>> masters, bool isThere, CancellationToken cancellationToken)
    {
        string name = EffectiveName.Of(topic);
        Latest<MasterTable<string>> latest = await GetLatestAsync(cluster, admin, cancellationToken);
        if (latest is not { IsFailing: false, Answer: { } entries })
        {
            // Nothing new is known. A topic that was fine stays so, and one without the flag needs nothing of them.
            bool isFine = Conditions.IsTrue(topic.Status?.Conditions, ConditionTypes.Ready) && topic.Status?.ObservedGeneration == topic.Metadata.Generation;
            return isFine || !(topic.Spec.Order || topic.Status?.Brokers?.Exists(static broker => broker.Order == true) == true) ? null : Silent();
        }

        string? text = topic.Spec.Order ? Text(topic, masters.Where(master => !ClusterMasters.IsClosed(cluster, master.Broker))) : null;
        string? found = entries.Find(name);
        if (found == text || text is { Length: 0 } || (isThere && found is null))
        {
            return null;
        }

        try
        {
            await calls.WithDeadlineAsync(
                async token =>
                {
                    await (text is null ? admin.DeleteNameServerValueAsync(Namespace, name, token) : admin.SetNameServerValueAsync(Namespace, name, text, token));
                    return true;
                },
                cancellationToken);
            entries.Set(name, text);
            LogWritten(name, text ?? "removed");
            return null;
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, name);
            _tables.Fail(cluster.Key());
            return AdminFailures.Refusal(failed) is { } refusal ? new Problem(Reasons.NameServersUnreachable, $"A name server does not take the order configuration: {refusal}.") : Silent();
        }
    }

    private static Problem Silent() => new(Reasons.NameServersUnreachable, "Not every name server answers the operator: the order configuration of the topic waits for them.");

    private Task<Latest<MasterTable<string>>> GetLatestAsync(BrokerCluster cluster, IRocketMqAdmin admin, CancellationToken cancellationToken) => _tables.GetAsync(
        cluster.Key(),
        options.ResyncInterval / 2,
        async token => new MasterTable<string>((await admin.GetNameServerValuesAsync(Namespace, token)).Select(static entry => KeyValuePair.Create(entry.Key, entry.Value ?? Differing))),
        cancellationToken);

    [LoggerMessage(EventId = 5104, Level = LogLevel.Information, Message = "The order configuration of topic {Topic} on the name servers: {Text}.")]
    private partial void LogWritten(string topic, string text);

    [LoggerMessage(EventId = 5105, Level = LogLevel.Warning, Message = "The order configuration of topic {Topic} could not be written; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string topic);
}
