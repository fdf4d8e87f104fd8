namespace RocketOps.Client;

/// <summary>
/// Operations of a producer, for programs that replace it in their tests. <see cref="RocketMqProducer"/> says what each method promises.
/// </summary>
public interface IRocketMqProducer : IAsyncDisposable
{
    /// <inheritdoc cref="RocketMqProducer.ConnectAsync"/>
    Task ConnectAsync(IReadOnlyCollection<string> topics, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.SendAsync(Message, CancellationToken)"/>
    Task<SendResult> SendAsync(Message message, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.SendAsync(Message, MessageQueue, CancellationToken)"/>
    Task<SendResult> SendAsync(Message message, MessageQueue queue, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.SendAsync(Message, string, CancellationToken)"/>
    Task<SendResult> SendAsync(Message message, string shardingKey, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.SendBatchAsync(IReadOnlyList{Message}, CancellationToken)"/>
    Task<SendResult> SendBatchAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.CreateBatch"/>
    MessageBatch CreateBatch(string topic);

    /// <inheritdoc cref="RocketMqProducer.SendBatchAsync(MessageBatch, CancellationToken)"/>
    Task<SendResult> SendBatchAsync(MessageBatch batch, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.SendOneWayAsync"/>
    Task SendOneWayAsync(Message message, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.BeginTransactionAsync"/>
    Task<IMessageTransaction> BeginTransactionAsync(Message message, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.RecallAsync"/>
    Task<string> RecallAsync(string recallHandle, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.RequestAsync"/>
    Task<ReceivedMessage> RequestAsync(Message message, TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.ReplyAsync(ReceivedMessage, ReadOnlyMemory{byte}, CancellationToken)"/>
    Task ReplyAsync(ReceivedMessage request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.ReplyAsync(ReceivedMessage, string, CancellationToken)"/>
    Task ReplyAsync(ReceivedMessage request, string body, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="RocketMqProducer.GetQueuesAsync"/>
    Task<IReadOnlyList<MessageQueue>> GetQueuesAsync(string topic, CancellationToken cancellationToken = default);
}
