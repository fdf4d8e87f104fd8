using System.Globalization;

namespace RocketOps.Testing.Remoting;

/// <summary>The few requests to a broker that tests make by plain frames.</summary>
public static class RawBroker
{
    public const int Success = 0;

    public const int FlushDiskTimeout = 10;

    public const int SlaveNotAvailable = 11;

    public const int FlushSlaveTimeout = 12;
    public const int PullNotFound = 19;
    public const int PullRetryImmediately = 20;
    public const int PullOffsetMoved = 21;

    private const int SendMessage = 10;
    private const int PullMessage = 11;
    private const int UpdateConsumerOffset = 15;
    private const int UpdateAndCreateTopic = 17;
    private const int RecallMessage = 370;

    // PullSysFlag: the request carries its own subscription (remoting.md, PULL_MESSAGE).
    private const int HasSubscription = 1 << 2;

    public static Task<RawFrame> SendAsync(
        RawConnection broker, string topic, int queueId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default) =>
        SendAsync(broker, topic, queueId, body, properties: string.Empty, cancellationToken);

    /// <summary>With properties as they are encoded.</summary>
    public static Task<RawFrame> SendAsync(
        RawConnection broker, string topic, int queueId, ReadOnlyMemory<byte> body, string properties, CancellationToken cancellationToken = default)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal)
        {
            ["producerGroup"] = "raw_producer",
            ["topic"] = topic,
            ["defaultTopic"] = "TBW102",
            ["defaultTopicQueueNums"] = "4",
            ["queueId"] = Text(queueId),
            ["sysFlag"] = "0",
            ["bornTimestamp"] = Text(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()),
            ["flag"] = "0",
            ["properties"] = properties,
            ["reconsumeTimes"] = "0",
            ["unitMode"] = "false",
        };
        return broker.RequestAsync(SendMessage, fields, body, cancellationToken);
    }

    public static Task<RawFrame> PullAsync(
        RawConnection broker, string topic, int queueId, long offset, int maxMessages = 32, string group = "raw_consumer", string tags = "*", CancellationToken cancellationToken = default)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal)
        {
            ["consumerGroup"] = group,
            ["topic"] = topic,
            ["queueId"] = Text(queueId),
            ["queueOffset"] = Text(offset),
            ["maxMsgNums"] = Text(maxMessages),
            ["sysFlag"] = Text(HasSubscription),
            ["commitOffset"] = "0",
            ["suspendTimeoutMillis"] = "0",
            ["subscription"] = tags,
            ["subVersion"] = "0",
            ["expressionType"] = "TAG",
        };
        return broker.RequestAsync(PullMessage, fields, cancellationToken: cancellationToken);
    }

    /// <summary>Takes back what a send with a time of delivery was answered with <paramref name="recallHandle"/>.</summary>
    public static Task<RawFrame> RecallAsync(RawConnection broker, string topic, string recallHandle, CancellationToken cancellationToken = default)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal) { ["producerGroup"] = "raw_producer", ["topic"] = topic, ["recallHandle"] = recallHandle };
        return broker.RequestAsync(RecallMessage, fields, cancellationToken: cancellationToken);
    }

    public static Task<RawFrame> UpdateOffsetAsync(RawConnection broker, string group, string topic, int queueId, long offset, CancellationToken cancellationToken = default)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal)
        {
            ["consumerGroup"] = group,
            ["topic"] = topic,
            ["queueId"] = Text(queueId),
            ["commitOffset"] = Text(offset),
        };
        return broker.RequestAsync(UpdateConsumerOffset, fields, cancellationToken: cancellationToken);
    }

    public static Task<RawFrame> CreateTopicAsync(RawConnection broker, string topic, int queues, CancellationToken cancellationToken = default) =>
        CreateTopicAsync(broker, topic, queues, queues, cancellationToken);

    /// <summary>The same with fewer queues to write to than to read from, or more.</summary>
    public static Task<RawFrame> CreateTopicAsync(RawConnection broker, string topic, int readQueues, int writeQueues, CancellationToken cancellationToken = default)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal)
        {
            ["topic"] = topic,
            ["defaultTopic"] = "TBW102",
            ["readQueueNums"] = Text(readQueues),
            ["writeQueueNums"] = Text(writeQueues),
            ["perm"] = "6",
            ["topicFilterType"] = "SINGLE_TAG",
            ["topicSysFlag"] = "0",
            ["order"] = "false",
        };
        return broker.RequestAsync(UpdateAndCreateTopic, fields, cancellationToken: cancellationToken);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
