using RocketOps.Client;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Topics;

/// <summary>Brings a topic on one broker to what is wanted, as far as one pass may go. Each request has a deadline of its own: a broker that answers each of many in time does not fail by all of them together.</summary>
internal sealed class BrokerTopics
{
    // Where clients need no time, a growth takes two writes; a shrink never ends in the pass it began: a fourth step means that the broker does not keep what it is told.
    private const int MaxSteps = 4;

    private readonly MasterCalls _calls;
    private readonly TopicDrain _drain;
    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;

    public BrokerTopics(MasterCalls calls, TopicDrain drain, OperatorOptions options, TimeProvider time)
    {
        _calls = calls;
        _drain = drain;
        _options = options;
        _time = time;
    }

    /// <param name="admin">Client of the cluster.</param>
    /// <param name="master">A broker with a known address.</param>
    /// <param name="uid">Of the object.</param>
    /// <param name="topic">Name on the broker.</param>
    /// <param name="wanted">What the object asks for.</param>
    /// <param name="last">What the last status said of this broker.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<TopicOutcome> ConvergeAsync(
        IRocketMqAdmin admin, GroupMaster master, string uid, string topic, TopicSettings wanted, TopicBrokerStatus? last, CancellationToken cancellationToken)
    {
        string address = master.Address ?? throw new ArgumentException("The broker has no address.", nameof(master));
        bool written = false;
        string? retypedFrom = null;
        DateTimeOffset? drainingSince = last?.DrainingSince;
        TopicConfig? config = await FindAsync();
        for (int i = 0; i < MaxSteps; i++)
        {
            TopicSettings? found = Settings(config);
            DrainReport drain = await DrainAsync(admin, master, uid, topic, wanted, found, drainingSince, cancellationToken);
            TopicChange step = TopicPlanner.Next(wanted, found, drain.Drained, HaveConsumersNoticed(wanted, last, drainingSince));
            if (step.Converged)
            {
                return new TopicOutcome(master.Broker, found, written, RetypedFrom: retypedFrom);
            }

            if (step.Write is null)
            {
                return new TopicOutcome(master.Broker, found, written, drainingSince ?? Now(), Waiting(step, drain), RetypedFrom: retypedFrom);
            }

            if (found is not null && found.MessageType != step.Write.MessageType && await HasMessagesAsync(admin, address, topic, cancellationToken))
            {
                retypedFrom = found.MessageType;
            }

            TopicConfig next = Config(topic, config, step.Write);
            await _calls.WithDeadlineAsync(token => admin.CreateOrUpdateTopicAsync(address, next, token), cancellationToken);
            written = true;
            drainingSince = step.Draining is null && step.Opening is null ? null : Now();

            config = await FindAsync();
            if (Settings(config) == found)
            {
                return new TopicOutcome(
                    master.Broker,
                    found,
                    written,
                    Problem: new Problem(Reasons.Refused, $"{master.Broker} accepted the topic's settings but does not keep them: {Describe(step.Write)}."));
            }
        }

        return new TopicOutcome(master.Broker, Settings(config), written, drainingSince, new Problem(Reasons.Updating, $"{master.Broker} is being updated."), RetypedFrom: retypedFrom);

        Task<TopicConfig?> FindAsync() => _calls.WithDeadlineAsync(token => admin.GetTopicConfigAsync(address, topic, token), cancellationToken);
    }

    public static TopicSettings? Settings(TopicConfig? config) => config is null
        ? null
        : new TopicSettings(
            config.ReadQueues,
            config.WriteQueues,
            (int)config.Permission,
            config.Attributes?.GetValueOrDefault(TopicSettings.MessageTypeAttribute) ?? TopicSettings.DefaultMessageType,
            config.Order);

    private static Problem Waiting(TopicChange step, DrainReport drain) => step.Opening is { } first
        ? new Problem(Reasons.Updating, $"Queues {first} and above are open to consumers, and to producers when all consumers have noticed.")
        : new Problem(Reasons.DrainingQueues, $"Queues {step.Draining} and above wait for {drain.BlockedBy ?? "producers that may still know them"}.");

    private static TopicConfig Config(string topic, TopicConfig? found, TopicSettings settings)
    {
        // Whatever the object does not speak of stays as the broker has it. Attributes given here are added to the stored ones,
        // and brokers of 4.9 know none, so they are sent only when they differ.
        string type = Settings(found)?.MessageType ?? TopicSettings.DefaultMessageType;
        return (found ?? new TopicConfig { Name = topic }) with
        {
            ReadQueues = settings.ReadQueues,
            WriteQueues = settings.WriteQueues,
            Permission = (Client.TopicPermission)settings.Permission,
            Order = settings.Order,
            Attributes = settings.MessageType == type
                ? null
                : new Dictionary<string, string>(StringComparer.Ordinal) { [TopicSettings.MessageTypeAttribute] = settings.MessageType },
        };
    }

    private static string Describe(TopicSettings settings) =>
        $"{settings.ReadQueues} read queues, {settings.WriteQueues} write queues, permission {settings.Permission}, type {settings.MessageType}{(settings.Order ? ", order" : "")}";

    private async Task<bool> HasMessagesAsync(IRocketMqAdmin admin, string address, string topic, CancellationToken cancellationToken)
    {
        try
        {
            return (await _calls.WithDeadlineAsync(token => admin.GetTopicStatsAsync(address, topic, token), cancellationToken)).Queues.Values.Any(static queue => queue.MaxOffset > queue.MinOffset);
        }
        catch (RocketMqException refused) when (refused.ResponseCode == DrainCheck.TopicNotExist)
        {
            return false;
        }
    }

    private async Task<DrainReport> DrainAsync(
        IRocketMqAdmin admin, GroupMaster master, string uid, string topic, TopicSettings wanted, TopicSettings? found, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        bool closed = found is not null && found.ReadQueues > wanted.ReadQueues && found == wanted with { ReadQueues = found.ReadQueues };
        return closed && since is { } start && _time.GetUtcNow() - start >= _options.RouteRefreshGrace
            ? await _drain.AskAsync(admin, uid, master, topic, wanted.ReadQueues, found!.ReadQueues, cancellationToken)
            : new DrainReport(false, null);
    }

    /// <summary>
    /// Consumers learn of queues no sooner than producers do: until both have asked for routes again, messages in a queue that is new may be read by nobody. Where the status says that they had these queues
    /// already, somebody else has taken them from producers, who get them back at once.
    /// </summary>
    private bool HaveConsumersNoticed(TopicSettings wanted, TopicBrokerStatus? last, DateTimeOffset? since) => since is { } start
        ? _time.GetUtcNow() - start >= _options.RouteRefreshGrace
        : last is null || last.ReadQueues == 0 || last.ReadQueues >= wanted.ReadQueues || _options.RouteRefreshGrace == TimeSpan.Zero;

    /// <summary>Returns the current time in whole seconds, as the API keeps times.</summary>
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(_time.GetUtcNow().ToUnixTimeSeconds());
}
