namespace RocketOps.Client;

/// <summary>Settings of a <c>RocketMqProducer</c>. Defaults are the Java client's.</summary>
public sealed record ProducerOptions : ClientOptions
{
    /// <summary>Producer group: brokers check the transactions of a group with any of its members.</summary>
    public string Group { get; init; } = "DEFAULT_PRODUCER";

    /// <summary>
    /// Time for one send with all its attempts, with asking name servers for a route that is not known. While the topic has another
    /// broker, an attempt has its share of what is left, at least 500 ms.
    /// Matches sendMsgTimeout (3 s). Also how long disposing waits for what is under way.
    /// </summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Further attempts, on another broker where there is one and else after a pause, after a send failed. Matches
    /// retryTimesWhenSendFailed (2).
    /// </summary>
    public int RetryTimes { get; init; } = 2;

    /// <summary>
    /// True when a message that a broker has, but not as safely as it is configured to, is sent again to another broker: stored twice
    /// rather than less safely. Matches retryAnotherBrokerWhenNotStoreOK.
    /// </summary>
    public bool RetryAnotherBrokerWhenNotStoreOk { get; init; }

    /// <summary>
    /// True when brokers that answered slowly or failed get no messages for a while, as long as there are others: for 2 s after a send that
    /// took 550 ms, 5 s after 1.8 s, 6 s after 3 s, 10 s after 5 s or a failure, and 30 s after 15 s. Not for sends to one queue or key.
    /// Matches sendLatencyFaultEnable and its tables of 5.5.0.
    /// </summary>
    public bool SendLatencyFaultEnable { get; init; }

    /// <summary>
    /// Most sends of this producer that are under way at a time, one-way ones and batches among them; a batch is one (32 768). A connection
    /// takes 65 535 requests. Java's backPressureForAsyncSendNum (1024) is of asynchronous sends alone, and off by default. Sends that
    /// <see cref="AutoBatch"/> collects are bounded by <see cref="TotalBatchMaxBytes"/> instead.
    /// </summary>
    public int MaxInFlight { get; init; } = 32_768;

    /// <summary>
    /// Most bytes of bodies that are under way at a time (32 MiB): with more than 64 MiB that wait to be written, a connection is closed. A
    /// larger message goes alone. As Java's backPressureForAsyncSendSize (100 MiB).
    /// </summary>
    public long MaxInFlightBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>Behaviour of a send beyond <see cref="MaxInFlight"/> or <see cref="MaxInFlightBytes"/>: it waits.</summary>
    public WhenFull WhenFull { get; init; } = WhenFull.Wait;

    /// <summary>
    /// True when messages that are sent one by one travel together where they can: those that come for a topic, or for one queue or key of
    /// it, while a request is under way leave with the next one, in the order they came. Each send has its own result or exception. Delayed
    /// messages, transactions, requests and replies are sent by themselves. Matches autoBatch.
    /// </summary>
    public bool AutoBatch { get; init; }

    /// <summary>
    /// Bytes of a batch that <see cref="AutoBatch"/> makes; a larger message, or one that is compressed, goes by itself. Matches
    /// batchMaxBytes (32 KiB).
    /// </summary>
    public int BatchMaxBytes { get; init; } = 32 * 1024;

    /// <summary>
    /// Time for which the first message of a batch waits for others although nothing is under way. Zero by default, as a busy queue makes
    /// batches by itself and an idle one should delay nothing; must be less than <see cref="SendTimeout"/>, which it is part of. Matches
    /// batchMaxDelayMs, which is 10 ms.
    /// </summary>
    public TimeSpan BatchMaxDelay { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// Memory of the messages that wait to be sent in batches, 512 bytes for each beside its own; a send beyond it fails at once. Matches
    /// totalBatchMaxBytes (32 MiB).
    /// </summary>
    public long TotalBatchMaxBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>
    /// Algorithm by which bodies are compressed. Matches rocketmq.message.compressType (ZLIB). Java consumers of 4.9.7 and 5.5.0 read both.
    /// </summary>
    public CompressionType CompressionType { get; init; } = CompressionType.Zlib;

    /// <summary>Bodies from this size on are sent compressed. Matches compressMsgBodyOverHowmuch (4096).</summary>
    public int CompressBodyOverBytes { get; init; } = 4096;

    /// <summary>Larger bodies are refused here already. Matches maxMessageSize (4 MiB) of client and broker.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Queues of topics that brokers create on the first message. Matches defaultTopicQueueNums (4).</summary>
    public int DefaultTopicQueues { get; init; } = 4;

    /// <summary>
    /// Says what became of a transaction that was neither committed nor rolled back, when a broker asks.
    /// <c>RocketMqProducer.BeginTransactionAsync</c> needs it, and all
    /// producers of a group should have the same: a broker asks any of them.
    /// </summary>
    public TransactionChecker? TransactionChecker { get; init; }

    /// <summary>
    /// Calls of the <see cref="TransactionChecker"/> at the same time. Java's checkThreadPoolMaxSize is 1; here one slow look-up does not
    /// hold up the others.
    /// </summary>
    public int MaxConcurrentChecks { get; init; } = 4;

    /// <summary>Compressed bodies that brokers send to this producer may grow to this; larger ones are reported and not unpacked.</summary>
    public int MaxDecompressedBytes { get; init; } = 64 * 1024 * 1024;
}
