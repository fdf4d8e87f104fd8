using System.Globalization;
using System.Text;
using RocketOps.Protocol.Names;
using RocketOps.Protocol.Records;

namespace RocketOps.Cli.Store;

/// <summary>
/// A stored message as it can be sent again: to the topic it was meant for, with what its producer gave it. What brokers added is left out. One that waited for its time waits again.
/// </summary>
internal sealed record Resendable
{
    /// <summary>A slot of the timers begins up to this much before the time that was asked for.</summary>
    private const int LongestTimerStepMs = 1000;

    /// <summary>
    /// Properties that the broker that stored it wrote there, or that would have it treated as something that it is no longer.
    /// </summary>
    private static readonly string[] Added =
    [
        PropertyNames.RealTopic, PropertyNames.RealQueueId, PropertyNames.TransactionPrepared, PropertyNames.TransactionCheckTimes, PropertyNames.TransactionPreparedQueueOffset,
        PropertyNames.TimerOutMs, PropertyNames.TimerEnqueueMs, PropertyNames.TimerDequeueMs, PropertyNames.TimerRollTimes, PropertyNames.TimerDelayMs, PropertyNames.TimerDelaySeconds,
        PropertyNames.InnerBase, PropertyNames.InnerNum, PropertyNames.Cluster, PropertyNames.Region, PropertyNames.TraceOn,
    ];

    public required string Topic { get; init; }

    /// <summary>The topic it was stored in: another one while it waited for its time.</summary>
    public required string StoredIn { get; init; }

    /// <summary>The queue it was in, or was meant for.</summary>
    public required int QueueId { get; init; }

    /// <summary>The id its producer gave it; empty for none.</summary>
    public required string UniqueKey { get; init; }

    public required string Properties { get; init; }

    public required int SysFlag { get; init; }

    public required int Flag { get; init; }

    public required long BornTimestamp { get; init; }

    public required int ReconsumeTimes { get; init; }

    /// <summary>True when the body is a client's batch, as a queue of batches keeps it.</summary>
    public required bool IsBatch { get; init; }

    public required byte[] Body { get; init; }

    /// <summary>The message a record holds; null when it is none of an application, and why.</summary>
    public static Resendable? Of(in RecordView record, out string problem)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        PropertyReader reader = new(record.Properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            properties[Encoding.UTF8.GetString(name)] = Encoding.UTF8.GetString(value);
        }

        string topic = record.TopicName;
        bool isDelayed = topic == TopicNames.Schedule;
        bool isTimed = topic == TopicNames.Timer;
        problem = FindProblem(topic, isDelayed || isTimed, properties, record.SysFlag);
        if (problem.Length > 0)
        {
            return null;
        }

        bool waits = isDelayed || isTimed;
        return new Resendable
        {
            Topic = waits ? properties[PropertyNames.RealTopic] : topic,
            StoredIn = topic,
            QueueId = waits && int.TryParse(properties.GetValueOrDefault(PropertyNames.RealQueueId), NumberStyles.None, CultureInfo.InvariantCulture, out int queue) ? queue : record.QueueId,
            UniqueKey = properties.GetValueOrDefault(PropertyNames.UniqKey, string.Empty),
            Properties = Write(properties, isDelayed, isTimed),
            SysFlag = record.SysFlag & (SysFlags.Compressed | SysFlags.CompressionMask),
            Flag = record.Flag,
            BornTimestamp = record.BornTimestamp,
            ReconsumeTimes = record.ReconsumeTimes,
            IsBatch = (record.SysFlag & SysFlags.InnerBatch) != 0,
            Body = record.Body.ToArray(),
        };
    }

    /// <summary>Tells whether a property comes from the broker that stored the message, not from its producer.</summary>
    public static bool IsAddedByBroker(string property) => Added.Contains(property, StringComparer.Ordinal);

    /// <summary>Properties as a request has them.</summary>
    public static string Join(IEnumerable<KeyValuePair<string, string>> properties)
    {
        StringBuilder text = new();
        foreach ((string name, string value) in properties)
        {
            text.Append(name).Append((char)PropertyReader.NameEnd).Append(value).Append((char)PropertyReader.PropertyEnd);
        }

        return text.ToString();
    }

    private static string FindProblem(string topic, bool waits, Dictionary<string, string> properties, int sysFlag) =>
        topic is TopicNames.TransactionHalf ? "a half message: only its producer knows whether it counts"
        : properties.ContainsKey(PropertyNames.TimerDeleteUniqKey) ? "the recall of a timer"
        : waits ? properties.ContainsKey(PropertyNames.RealTopic) ? string.Empty : "says no topic it waits for"
        : !SysFlags.HasQueueUnit(sysFlag) ? "the end of a transaction"
        : IsOfBroker(topic) ? "a broker's own"
        : string.Empty;

    /// <summary>True for topics of servers, whose names are not known here: so every topic that may be one of replies counts as one.</summary>
    private static bool IsOfBroker(string topic) =>
        !TopicNames.IsRetryOrDeadLetter(topic) && (TopicNames.IsOfServers(topic) || topic.EndsWith(TopicNames.ReplySuffix, StringComparison.Ordinal));

    private static string Write(Dictionary<string, string> properties, bool isDelayed, bool isTimed)
    {
        string? due = !isTimed ? null
            : properties.GetValueOrDefault(PropertyNames.TimerDeliverMs)
                ?? (long.TryParse(properties.GetValueOrDefault(PropertyNames.TimerOutMs), NumberStyles.None, CultureInfo.InvariantCulture, out long slot)
                    ? (slot + LongestTimerStepMs).ToString(CultureInfo.InvariantCulture)
                    : null);
        foreach (string name in Added)
        {
            properties.Remove(name);
        }

        properties.Remove(PropertyNames.TimerDeliverMs);
        if (!isDelayed)
        {
            // It was delivered; the level only says how it came.
            properties.Remove(PropertyNames.Delay);
        }

        if (due is not null)
        {
            properties[PropertyNames.TimerDeliverMs] = due;
        }

        return Join(properties);
    }
}
