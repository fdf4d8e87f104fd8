namespace RocketOps.Client;

/// <summary>Settings of a <c>RocketMqPushConsumer</c>. Defaults are the Java client's.</summary>
public sealed record PushConsumerOptions : ClientOptions
{
    /// <summary>Consumer group, 1–120 characters a-z A-Z 0-9 _ - % |. All members must subscribe to the same.</summary>
    public required string Group { get; init; }

    public MessageModel MessageModel { get; init; } = MessageModel.Clustering;

    /// <summary>
    /// Position at which the group begins in a queue it has no offset for. Null means <see cref="ConsumeFromWhere.LastOffset"/>, as in the
    /// Java client, with a warning when that skips messages.
    /// </summary>
    public ConsumeFromWhere? ConsumeFromWhere { get; init; }

    /// <summary>
    /// Start time for <see cref="ConsumeFromWhere.Timestamp"/>. Matches consumeTimestamp: half an hour before the start when not set.
    /// </summary>
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
    /// Messages of one topic held here, in place of <see cref="MaxBufferedMessagesPerQueue"/>: shared out evenly among its queues. Null:
    /// the queues' limit. Matches pullThresholdForTopic.
    /// </summary>
    public int? MaxBufferedMessagesPerTopic { get; init; }

    /// <summary>
    /// Bytes of one topic held here, in place of <see cref="MaxBufferedBytesPerQueue"/>, likewise. Null: the queues' limit. Matches
    /// pullThresholdSizeForTopic.
    /// </summary>
    public long? MaxBufferedBytesPerTopic { get; init; }

    /// <summary>
    /// Longest time a handler may have a message. Then the message is given back for another delivery (delay level 3), so that the queue's
    /// offset goes on; the handler is not stopped, and its later result does not count. Not used when broadcasting or in order. Matches
    /// consumeTimeout (15 min).
    /// </summary>
    public TimeSpan ConsumeTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Distance of the oldest unfinished message to the newest one pulled before the next pull waits: what would come twice after a
    /// crash. Matches consumeConcurrentlyMaxSpan (2000).
    /// </summary>
    public int MaxOffsetSpan { get; init; } = 2000;

    /// <summary>
    /// Deliveries of one message before it goes to the dead-letter topic. Null means 16, and in an orderly group without end, as there
    /// nothing may be skipped unasked.
    /// Matches maxReconsumeTimes.
    /// </summary>
    public int? MaxReconsumeTimes { get; init; }

    /// <summary>
    /// Handles the messages of a queue one after another, in their order, also across members: each queue is locked at its broker while a
    /// member reads it. Several queues are
    /// handled at a time. A message that is given back holds up its queue for <see cref="SuspendDelay"/> and is tried again here. All
    /// members of the group must say the same.
    /// </summary>
    public bool IsOrderly { get; init; }

    /// <summary>
    /// Pause of a queue in an orderly group after a message that was not done. Matches suspendCurrentQueueTimeMillis (1 s).
    /// </summary>
    public TimeSpan SuspendDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Interval between renewals of an orderly group's locks. A member that cannot renew one for half an interval longer gives the queue
    /// up. At most 30 s, as brokers forget a lock after 60 s. Matches rocketmq.client.rebalance.lockInterval (20 s).
    /// </summary>
    public TimeSpan LockRenewInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Called when this member gets queues, before the first message of them is pulled; <c>RocketMqPushConsumer.SeekAsync</c> may be
    /// called in it. The three calls come one
    /// after another and are waited for; an exception is logged and goes no further. They must not stop the consumer.
    /// </summary>
    public Func<IReadOnlyCollection<MessageQueue>, CancellationToken, ValueTask>? OnAssigned { get; init; }

    /// <summary>
    /// Called when this member has given queues up in good order, also at the stop: their offsets are committed, and in an orderly group
    /// no handler works on them any more and nobody
    /// else has them yet.
    /// </summary>
    public Func<IReadOnlyCollection<MessageQueue>, CancellationToken, ValueTask>? OnRevoked { get; init; }

    /// <summary>
    /// Called when an orderly group's lock was lost: another member may have the queue already, and what was not committed comes again.
    /// </summary>
    public Func<IReadOnlyCollection<MessageQueue>, CancellationToken, ValueTask>? OnLost { get; init; }

    /// <summary>Interval between commits of offsets. Matches persistConsumerOffsetInterval (5 s).</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Interval between rebalances without a reason; a change causes one at once. Matches rocketmq.client.rebalance.waitInterval (20 s).
    /// </summary>
    public TimeSpan RebalanceInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Longest time a broker may hold a pull that finds nothing. Matches brokerSuspendMaxTimeMillis (15 s).</summary>
    public TimeSpan PullSuspend { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest wait for the answer to a pull. Matches consumerTimeoutMillisWhenSuspend (30 s).</summary>
    public TimeSpan PullTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Pause after a pull failed; at most 1 s after a broker answered SYSTEM_BUSY or SYSTEM_ERROR. Matches
    /// pullTimeDelayMillsWhenException (3 s).
    /// </summary>
    public TimeSpan PullRetryDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Compressed bodies may grow to this; larger ones are given back. Sixteen times what a broker accepts packed by default.
    /// </summary>
    public int MaxDecompressedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Unpacks bodies that were compressed with Zstd. Null: such messages are reported and given back.</summary>
    public BodyDecompressor? ZstdDecompressor { get; init; }

    /// <summary>Longest time a stop waits for handlers that are at work.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Folder for the offsets of broadcasting groups. Null: <c>.rocketops/offsets</c> in the home directory.</summary>
    public string? BroadcastOffsetFolder { get; init; }

    /// <summary>Messages of all queues held here. Only a lite pull consumer has such a limit.</summary>
    internal long MaxBufferedMessages { get; init; } = long.MaxValue;

    /// <summary>True when a lite pull consumer does the handing out: pulls commit nothing by themselves then.</summary>
    internal bool IsPolled { get; init; }

    /// <summary>True when queues are locked: in an orderly group, but not when broadcasting, where everybody reads them all.</summary>
    internal bool IsLocking => IsOrderly && MessageModel == MessageModel.Clustering;
}

/// <summary>Position at which a group begins in a queue it has no offset for.</summary>
public enum ConsumeFromWhere
{
    /// <summary>
    /// Start with messages that arrive from now on. A broker may say "from the start" for a queue that is still whole in memory.
    /// </summary>
    LastOffset,

    /// <summary>Start with the oldest message.</summary>
    FirstOffset,

    /// <summary>Start with the first message stored at <see cref="PushConsumerOptions.ConsumeFromTime"/> or later.</summary>
    Timestamp,
}
