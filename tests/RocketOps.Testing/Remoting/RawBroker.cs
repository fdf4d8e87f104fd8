namespace RocketOps.Testing.Remoting;

/// <summary>The few requests to a broker that tests make by plain frames.</summary>
public static class RawBroker
{
    public const int Success = 0;

    public const int FlushDiskTimeout = 10;

    public const int SlaveNotAvailable = 11;

    public const int FlushSlaveTimeout = 12;
    public const int TopicNotExist = 17;
    public const int PullNotFound = 19;
    public const int PullRetryImmediately = 20;
    public const int PullOffsetMoved = 21;

    private const int SendMessage = 10;
    private const int PullMessage = 11;
    private const int UpdateConsumerOffset = 15;
    private const int UpdateAndCreateTopic = 17;
    private const int DeleteTopicInBroker = 215;
    private const int RecallMessage = 370;

    public static Task<RawFrame> SendAsync(
        RawConnection broker, string topic, int queueId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default) =>
        SendAsync(broker, topic, queueId, body, properties: string.Empty, cancellationToken);

    /// <summary>With properties as they are encoded.</summary>
    public static Task<RawFrame> SendAsync(
        RawConnection broker, string topic, int queueId, ReadOnlyMemory<byte> body, string properties, CancellationToken cancellationToken = default) =>
        broker.RequestAsync(SendMessage, RawFields.Send(topic, queueId, properties), body, cancellationToken);

    public static Task<RawFrame> PullAsync(
        RawConnection broker, string topic, int queueId, long offset, int maxMessages = 32, string group = "raw_consumer", string tags = "*", CancellationToken cancellationToken = default) =>
        broker.RequestAsync(
            PullMessage, RawFields.Pull(group, topic, queueId, offset, maxMessages, subscription: tags), cancellationToken: cancellationToken);

    /// <summary>Takes back what a send with a time of delivery was answered with <paramref name="recallHandle"/>.</summary>
    public static Task<RawFrame> RecallAsync(RawConnection broker, string topic, string recallHandle, CancellationToken cancellationToken = default) =>
        broker.RequestAsync(RecallMessage, RawFields.Recall("raw_producer", topic, recallHandle), cancellationToken: cancellationToken);

    public static Task<RawFrame> UpdateOffsetAsync(RawConnection broker, string group, string topic, int queueId, long offset, CancellationToken cancellationToken = default) =>
        broker.RequestAsync(UpdateConsumerOffset, RawFields.Commit(group, topic, queueId, offset), cancellationToken: cancellationToken);

    public static Task<RawFrame> CreateTopicAsync(RawConnection broker, string topic, int queues, CancellationToken cancellationToken = default) =>
        CreateTopicAsync(broker, topic, queues, queues, cancellationToken);

    /// <summary>The same with fewer queues to write to than to read from, or more.</summary>
    public static Task<RawFrame> CreateTopicAsync(RawConnection broker, string topic, int readQueues, int writeQueues, CancellationToken cancellationToken = default) =>
        broker.RequestAsync(UpdateAndCreateTopic, RawFields.Topic(topic, readQueues, writeQueues), cancellationToken: cancellationToken);

    public static Task<RawFrame> DeleteTopicAsync(RawConnection broker, string topic, CancellationToken cancellationToken = default) =>
        broker.RequestAsync(DeleteTopicInBroker, RawFields.Of(("topic", topic)), cancellationToken: cancellationToken);
}
