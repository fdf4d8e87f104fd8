namespace RocketOps.Client;

/// <summary>Settings of a <c>RocketMqLitePullConsumer</c>. Defaults are those of Java's DefaultLitePullConsumer.</summary>
public sealed record LitePullConsumerOptions : ClientOptions
{
    /// <summary>Consumer group, 1–120 characters a-z A-Z 0-9 _ - % |.</summary>
    public required string Group { get; init; }

    /// <inheritdoc cref="PushConsumerOptions.MessageModel"/>
    public MessageModel MessageModel { get; init; } = MessageModel.Clustering;

    /// <inheritdoc cref="PushConsumerOptions.ConsumeFromWhere"/>
    public ConsumeFromWhere? ConsumeFromWhere { get; init; }

    /// <inheritdoc cref="PushConsumerOptions.ConsumeFromTime"/>
    public DateTimeOffset? ConsumeFromTime { get; init; }

    /// <summary>
    /// True when each poll marks the messages of the polls before as done, and offsets are committed every <see cref="CommitInterval"/>.
    /// Otherwise only <c>RocketMqLitePullConsumer.CommitAsync</c> commits. Matches autoCommit.
    /// </summary>
    public bool AutoCommit { get; init; } = true;

    /// <summary>Interval between commits of offsets. Matches autoCommitIntervalMillis (5 s).</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Messages asked for at once, and most messages of a poll. Matches pullBatchSize (10).</summary>
    public int PullBatchSize { get; init; } = 10;

    /// <summary>Messages of all queues held here before pulls wait. Matches pullThresholdForAll (10000).</summary>
    public long MaxBufferedMessages { get; init; } = 10_000;

    /// <inheritdoc cref="PushConsumerOptions.MaxBufferedMessagesPerQueue"/>
    public int MaxBufferedMessagesPerQueue { get; init; } = 1000;

    /// <inheritdoc cref="PushConsumerOptions.MaxBufferedBytesPerQueue"/>
    public long MaxBufferedBytesPerQueue { get; init; } = 100L * 1024 * 1024;

    /// <summary>Distance of the oldest message held here to the newest before the next pull waits. Matches consumeMaxSpan (2000).</summary>
    public int MaxOffsetSpan { get; init; } = 2000;

    /// <inheritdoc cref="PushConsumerOptions.OnAssigned"/>
    public Func<IReadOnlyCollection<MessageQueue>, CancellationToken, ValueTask>? OnAssigned { get; init; }

    /// <inheritdoc cref="PushConsumerOptions.OnRevoked"/>
    public Func<IReadOnlyCollection<MessageQueue>, CancellationToken, ValueTask>? OnRevoked { get; init; }

    /// <inheritdoc cref="PushConsumerOptions.RebalanceInterval"/>
    public TimeSpan RebalanceInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <inheritdoc cref="PushConsumerOptions.PullSuspend"/>
    public TimeSpan PullSuspend { get; init; } = TimeSpan.FromSeconds(15);

    /// <inheritdoc cref="PushConsumerOptions.PullTimeout"/>
    public TimeSpan PullTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc cref="PushConsumerOptions.PullRetryDelay"/>
    public TimeSpan PullRetryDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <inheritdoc cref="PushConsumerOptions.MaxDecompressedBytes"/>
    public int MaxDecompressedBytes { get; init; } = 64 * 1024 * 1024;

    /// <inheritdoc cref="PushConsumerOptions.ZstdDecompressor"/>
    public BodyDecompressor? ZstdDecompressor { get; init; }

    /// <inheritdoc cref="PushConsumerOptions.BroadcastOffsetFolder"/>
    public string? BroadcastOffsetFolder { get; init; }

    /// <summary>The same for the consumer that does the work.</summary>
    internal PushConsumerOptions ToPushOptions() => new()
    {
        NameServers = NameServers,
        InstanceName = InstanceName,
        UnitName = UnitName,
        ConnectTimeout = ConnectTimeout,
        RequestTimeout = RequestTimeout,
        RouteRefreshInterval = RouteRefreshInterval,
        HeartbeatInterval = HeartbeatInterval,
        TimeProvider = TimeProvider,
        LoggerFactory = LoggerFactory,
        OnError = OnError,
        Client = Client,
        Group = Group,
        MessageModel = MessageModel,
        ConsumeFromWhere = ConsumeFromWhere,
        ConsumeFromTime = ConsumeFromTime,
        CommitInterval = CommitInterval,
        PullBatchSize = PullBatchSize,
        MaxBufferedMessages = MaxBufferedMessages,
        MaxBufferedMessagesPerQueue = MaxBufferedMessagesPerQueue,
        MaxBufferedBytesPerQueue = MaxBufferedBytesPerQueue,
        MaxOffsetSpan = MaxOffsetSpan,
        OnAssigned = OnAssigned,
        OnRevoked = OnRevoked,
        RebalanceInterval = RebalanceInterval,
        PullSuspend = PullSuspend,
        PullTimeout = PullTimeout,
        PullRetryDelay = PullRetryDelay,
        MaxDecompressedBytes = MaxDecompressedBytes,
        ZstdDecompressor = ZstdDecompressor,
        BroadcastOffsetFolder = BroadcastOffsetFolder,
        IsPolled = true,
    };
}
