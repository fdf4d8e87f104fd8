namespace RocketOps.Client;

/// <summary>Settings of a <see cref="RocketMqPushConsumer"/>. Defaults are the Java client's.</summary>
public sealed record PushConsumerOptions : ClientOptions
{
    /// <summary>Consumer group, 1–120 characters a-z A-Z 0-9 _ - % |. All members must subscribe to the same.</summary>
    public required string Group { get; init; }

    public MessageModel MessageModel { get; init; } = MessageModel.Clustering;

    /// <summary>
    /// Where the group begins in a queue it has no offset for. Null means <see cref="ConsumeFromWhere.LastOffset"/>, as in the Java client, with a warning when that
    /// skips messages.
    /// </summary>
    public ConsumeFromWhere? ConsumeFromWhere { get; init; }

    /// <summary>For <see cref="ConsumeFromWhere.Timestamp"/>. Matches consumeTimestamp: half an hour before the start when not set.</summary>
    public DateTimeOffset? ConsumeFromTime { get; init; }

    /// <summary>Messages handled at the same time. Matches consumeThreadMin and consumeThreadMax (20).</summary>
    public int MaxConcurrency { get; init; } = 20;

    /// <summary>Messages asked for at once. Matches pullBatchSize (32).</summary>
    public int PullBatchSize { get; init; } = 32;

    /// <summary>Messages of one queue held here before its next pull waits. Matches pullThresholdForQueue (1000).</summary>
    public int MaxBufferedMessagesPerQueue { get; init; } = 1000;

    /// <summary>Bytes of one queue held here before its next pull waits. Matches pullThresholdSizeForQueue (100 MiB).</summary>
    public long MaxBufferedBytesPerQueue { get; init; } = 100L * 1024 * 1024;

    /// <summary>
    /// Distance of the oldest unfinished message to the newest one pulled before the next pull waits: what would come twice after a crash. Matches consumeConcurrentlyMaxSpan (2000).
    /// </summary>
    public int MaxOffsetSpan { get; init; } = 2000;

    /// <summary>Deliveries of one message before it goes to the dead-letter topic. Matches maxReconsumeTimes (16).</summary>
    public int MaxReconsumeTimes { get; init; } = 16;

    /// <summary>How often offsets are committed. Matches persistConsumerOffsetInterval (5 s).</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often queues are shared out anew without a reason; on a change it happens at once. Matches rocketmq.client.rebalance.waitInterval (20 s).</summary>
    public TimeSpan RebalanceInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a broker may hold a pull that finds nothing. Matches brokerSuspendMaxTimeMillis (15 s).</summary>
    public TimeSpan PullSuspend { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an answer to a pull is waited for. Matches consumerTimeoutMillisWhenSuspend (30 s).</summary>
    public TimeSpan PullTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause after a pull failed. Matches pullTimeDelayMillsWhenException (3 s).</summary>
    public TimeSpan PullRetryDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Compressed bodies may grow to this; larger ones are given back. Sixteen times what a broker accepts packed by default.</summary>
    public int MaxDecompressedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long a stop waits for handlers that are at work.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Folder for the offsets of broadcasting groups. Null: <c>.rocketops/offsets</c> in the home directory.</summary>
    public string? BroadcastOffsetFolder { get; init; }
}

/// <summary>Who of a group gets a message.</summary>
public enum MessageModel
{
    /// <summary>One member.</summary>
    Clustering,

    /// <summary>Every member.</summary>
    Broadcasting,
}

/// <summary>Where a group begins in a queue it has no offset for.</summary>
public enum ConsumeFromWhere
{
    /// <summary>With messages that arrive from now on. A broker may say "from the start" for a queue that is still whole in memory.</summary>
    LastOffset,

    /// <summary>With the oldest message.</summary>
    FirstOffset,

    /// <summary>With the first message stored at <see cref="PushConsumerOptions.ConsumeFromTime"/> or later.</summary>
    Timestamp,
}
