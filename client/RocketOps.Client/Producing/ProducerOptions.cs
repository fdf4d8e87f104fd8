namespace RocketOps.Client;

/// <summary>Settings of a <see cref="RocketMqProducer"/>. Defaults are the Java client's.</summary>
public sealed record ProducerOptions : ClientOptions
{
    /// <summary>Producer group: brokers check the transactions of a group with any of its members.</summary>
    public string Group { get; init; } = "DEFAULT_PRODUCER";

    /// <summary>Time for one send with all its attempts. Matches sendMsgTimeout (3 s).</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Further attempts, on another broker where there is one, after a send failed. Matches retryTimesWhenSendFailed (2).</summary>
    public int RetryTimes { get; init; } = 2;

    /// <summary>
    /// What bodies are compressed with. Matches rocketmq.message.compressType (ZLIB). Java consumers of 4.9.7 and 5.5.0 read both.
    /// </summary>
    public CompressionType CompressionType { get; init; } = CompressionType.Zlib;

    /// <summary>Bodies from this size on are sent compressed. Matches compressMsgBodyOverHowmuch (4096).</summary>
    public int CompressBodyOverBytes { get; init; } = 4096;

    /// <summary>Larger bodies are refused here already. Matches maxMessageSize (4 MiB) of client and broker.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Queues of topics that brokers create on the first message. Matches defaultTopicQueueNums (4).</summary>
    public int DefaultTopicQueues { get; init; } = 4;

    /// <summary>
    /// Says what became of a transaction that was neither committed nor rolled back, when a broker asks. <see cref="RocketMqProducer.BeginTransactionAsync"/> needs it, and all
    /// producers of a group should have the same: a broker asks any of them.
    /// </summary>
    public TransactionChecker? TransactionChecker { get; init; }

    /// <summary>Calls of the <see cref="TransactionChecker"/> at the same time. Java's checkThreadPoolMaxSize is 1; here one slow look-up does not hold up the others.</summary>
    public int MaxConcurrentChecks { get; init; } = 4;

    /// <summary>Compressed bodies that brokers send to this producer may grow to this; larger ones are reported and not unpacked.</summary>
    public int MaxDecompressedBytes { get; init; } = 64 * 1024 * 1024;
}
