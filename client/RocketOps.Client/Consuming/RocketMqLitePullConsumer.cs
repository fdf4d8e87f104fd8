using System.Runtime.CompilerServices;
using RocketOps.Client.Calls;
using RocketOps.Client.Consuming.Offsets;
using RocketOps.Client.Consuming.Polling;
using RocketOps.Client.Consuming.Pulling;
using RocketOps.Client.Routing;

namespace RocketOps.Client;

/// <summary>
/// A consumer that the program polls: of topics whose queues its group shares out
/// (<see cref="SubscribeAsync(string, string, CancellationToken)"/>), or of queues it names itself
/// (<see cref="AssignAsync"/>). There are no retries and no dead letters: what was polled is done with, or the program seeks back.
/// Matches DefaultLitePullConsumer. Thread-safe; one poll at a time.
/// </summary>
public sealed class RocketMqLitePullConsumer : IAsyncDisposable
{
    private static readonly TimeSpan StreamPoll = TimeSpan.FromSeconds(30);

    private readonly LitePullConsumerOptions _options;
    private readonly PollingMode _mode = new();
    private readonly RocketMqPushConsumer _consumer;
    private readonly StartOffsets _questions;
    private readonly SemaphoreSlim _polling = new(1, 1);

    // Guards the choice between subscribing and assigning, and what is assigned.
    private readonly SemaphoreSlim _choosing = new(1, 1);
    private bool _isSubscribed;

    /// <summary>
    /// Connects to nothing yet. Throws <see cref="ArgumentException"/> when the group cannot be one or no name server is given.
    /// </summary>
    public RocketMqLitePullConsumer(LitePullConsumerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _consumer = new RocketMqPushConsumer(options.ToPushOptions(), _mode);
        _questions = new StartOffsets(_consumer.Client, _consumer.Options, Offsets);
    }

    /// <summary>Id by which brokers know this consumer.</summary>
    public string ClientId => _consumer.ClientId;

    /// <summary>The queues it reads.</summary>
    public IReadOnlyCollection<MessageQueue> AssignedQueues => _consumer.AssignedQueues;

    private PolledOffsets Offsets => _mode.Offsets!;

    /// <summary>
    /// Reads a topic together with the other members of the group; a second call for the topic replaces the first. Throws
    /// <see cref="InvalidOperationException"/> when queues were assigned, and
    /// <see cref="ArgumentException"/> when the name or the expression cannot be one.
    /// </summary>
    /// <param name="topic">Name of the topic.</param>
    /// <param name="expression">Tags: <c>*</c> for all or <c>TagA || TagB</c>.</param>
    /// <param name="cancellationToken">Gives up telling the brokers.</param>
    public Task SubscribeAsync(string topic, string expression = "*", CancellationToken cancellationToken = default) => SubscribeAsync(topic, SubscriptionExpression.Tags(expression), cancellationToken);

    /// <summary>
    /// Subscribes like the other overload, with tags or <see cref="SubscriptionExpression.Sql"/>. Brokers check the expression: see
    /// <see cref="RocketMqPushConsumer.StartAsync"/> for what is thrown and when.
    /// </summary>
    public async Task SubscribeAsync(string topic, SubscriptionExpression expression, CancellationToken cancellationToken = default)
    {
        await _choosing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_mode.Assigned is not null)
            {
                throw new InvalidOperationException($"the queues of this consumer were assigned by hand: subscribe with another one ({nameof(AssignAsync)} and {nameof(SubscribeAsync)} exclude each other)");
            }

            _isSubscribed = true;
            await _consumer.SubscribeAsync(topic, expression, NeverCalled, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _choosing.Release();
        }
    }

    /// <summary>
    /// Reads just these queues, whatever other members of the group read; a later call replaces them. Reading begins at the group's
    /// committed offsets, or where
    /// <see cref="SeekAsync"/> says. Throws <see cref="InvalidOperationException"/> when a topic was subscribed to.
    /// </summary>
    /// <param name="queues">All that are wanted; none gives all up.</param>
    /// <param name="expression">Which messages of them; null for all.</param>
    /// <param name="cancellationToken">Gives up telling the brokers.</param>
    public async Task AssignAsync(IReadOnlyCollection<MessageQueue> queues, SubscriptionExpression? expression = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queues);
        SubscriptionExpression wanted = expression ?? SubscriptionExpression.All;
        await _choosing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_isSubscribed)
            {
                throw new InvalidOperationException($"this consumer has subscribed to topics: assign queues to another one ({nameof(AssignAsync)} and {nameof(SubscribeAsync)} exclude each other)");
            }

            _mode.Assigned = [.. queues.Distinct()];
            foreach (string topic in queues.Select(static queue => queue.Topic).Distinct(StringComparer.Ordinal))
            {
                // A new subscription would begin anew with queues that are read already.
                if (!_consumer.Subscriptions.Any(known => known.Topic == topic && known.Expression == wanted.Text && known.IsSql == wanted.IsSql))
                {
                    await _consumer.SubscribeAsync(topic, wanted, NeverCalled, cancellationToken).ConfigureAwait(false);
                }
            }

            _consumer.Rebalance();
        }
        finally
        {
            _choosing.Release();
        }
    }

    /// <summary>
    /// Begins to read; the first poll does so too. Throws what <see cref="RocketMqPushConsumer.StartAsync"/> throws. Idempotent.
    /// </summary>
    public Task StartAsync(CancellationToken cancellationToken = default) => _consumer.StartAsync(cancellationToken);

    /// <summary>
    /// Up to <see cref="LitePullConsumerOptions.PullBatchSize"/> messages that have come, in the order of each queue; waits for the
    /// first. With
    /// <see cref="LitePullConsumerOptions.AutoCommit"/> it says that those of the polls before are done with. Throws
    /// <see cref="OperationCanceledException"/>, which loses no message,
    /// <see cref="ObjectDisposedException"/>, and <see cref="RocketMqException"/> when the next message cannot be unpacked: seek past it.
    /// </summary>
    /// <param name="timeout">How long to wait; zero takes what is here.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Empty when nothing came in time.</returns>
    public async Task<IReadOnlyList<ReceivedMessage>> PollAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        await _polling.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _consumer.StartAsync(cancellationToken).ConfigureAwait(false);
            PolledMessages messages = _mode.Messages!;
            if (_options.AutoCommit)
            {
                Offsets.Settle();
            }

            long begin = _options.TimeProvider.GetTimestamp();
            while (true)
            {
                ObjectDisposedException.ThrowIf(messages.IsStopped, this);
                List<ReceivedMessage> polled = Take(messages);
                TimeSpan left = timeout - _options.TimeProvider.GetElapsedTime(begin);
                if (polled.Count > 0 || left <= TimeSpan.Zero)
                {
                    return polled;
                }

                await messages.WaitAsync(left, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _polling.Release();
        }
    }

    /// <summary>
    /// The messages as they come, without an end: by cancelling (which throws <see cref="OperationCanceledException"/>), by leaving the
    /// loop or by disposing the consumer. With
    /// <see cref="LitePullConsumerOptions.AutoCommit"/> messages count as done with when the loop has gone through all that one poll
    /// brought.
    /// </summary>
    public async IAsyncEnumerable<ReceivedMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            IReadOnlyList<ReceivedMessage> polled;
            try
            {
                polled = await PollAsync(StreamPoll, cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                yield break;
            }

            foreach (ReceivedMessage message in polled)
            {
                yield return message;
            }
        }
    }

    /// <summary>
    /// Commits that all that was polled is done with, and returns when the brokers have it. Throws
    /// <see cref="OffsetsNotCommittedException"/>, which says which queues are committed, when one does not: the newest offset of the
    /// others goes with the next commit. A broker that did not answer the last commit is waited for 250 ms only.
    /// </summary>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        Offsets.Settle();
        await CommitAsync(_consumer.OwnedQueues, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Commits an offset of one queue: everything before it is done with. Throws <see cref="RocketMqException"/> when its broker does not
    /// take it and <see cref="InvalidOperationException"/> when
    /// this consumer does not read the queue.
    /// </summary>
    public async Task CommitAsync(MessageQueue queue, long offset, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (!_consumer.Reads(queue))
        {
            throw new InvalidOperationException($"{queue} is not read by this member of group {_options.Group}");
        }

        Offsets.Settle(queue, offset);
        await CommitAsync([queue], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The group's committed offset of a queue; null when there is none, or 0 where the broker says so of a queue that is young. Throws
    /// <see cref="RocketMqException"/> when no broker says.
    /// </summary>
    public Task<long?> GetCommittedAsync(MessageQueue queue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return AskAsync(queue, () => Offsets.LoadAsync(queue, cancellationToken), cancellationToken);
    }

    /// <summary>Offset behind what was polled of a queue; null before the first message.</summary>
    public long? PositionOf(MessageQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return Offsets.FindHandedOut(queue);
    }

    /// <summary>
    /// The queues of a topic that can be read; empty when it does not exist. Throws <see cref="RocketMqException"/> when no name server
    /// answers. Matches fetchMessageQueues.
    /// </summary>
    public async Task<IReadOnlyList<MessageQueue>> GetQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        Names.CheckTopic(topic, nameof(topic));
        return await _consumer.Client.Routes.GetAsync(topic, cancellationToken).ConfigureAwait(false) is { } route ? TopicQueueLists.ForRead(topic, route) : [];
    }

    /// <summary>
    /// Offset of the first message stored at a time or later. Throws <see cref="RocketMqException"/> when no broker says. Matches
    /// offsetForTimestamp.
    /// </summary>
    public Task<long> FindOffsetAsync(MessageQueue queue, DateTimeOffset time, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return AskAsync(queue, () => _questions.AtAsync(queue, time, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Goes on with a queue at an offset; what came before and was not polled is dropped. Nothing is committed by it. Throws
    /// <see cref="InvalidOperationException"/> when this consumer does not read the
    /// queue at the moment. An offset outside the queue is corrected by the broker.
    /// </summary>
    public Task SeekAsync(MessageQueue queue, long offset, CancellationToken cancellationToken = default) => _consumer.SeekAsync(queue, offset, cancellationToken);

    /// <summary>
    /// Moves a queue to its oldest message, like <see cref="SeekAsync"/>. Throws <see cref="RocketMqException"/> when no broker says where
    /// it is.
    /// </summary>
    public Task SeekToBeginAsync(MessageQueue queue, CancellationToken cancellationToken = default) => _consumer.SeekToBeginAsync(queue, cancellationToken);

    /// <summary>
    /// Moves a queue behind its newest message, like <see cref="SeekAsync"/>. Throws <see cref="RocketMqException"/> when no broker says
    /// where it is.
    /// </summary>
    public Task SeekToEndAsync(MessageQueue queue, CancellationToken cancellationToken = default) => _consumer.SeekToEndAsync(queue, cancellationToken);

    /// <summary>
    /// Moves a queue to the first message stored at that time or later, like <see cref="SeekAsync"/>. Throws
    /// <see cref="RocketMqException"/> when no broker says where it is.
    /// </summary>
    public Task SeekToTimeAsync(MessageQueue queue, DateTimeOffset time, CancellationToken cancellationToken = default) => _consumer.SeekToTimeAsync(queue, time, cancellationToken);

    /// <summary>Polls bring nothing of a topic until <see cref="Resume(string)"/>; what has come waits.</summary>
    public void Pause(string topic) => _consumer.Pause(topic);

    /// <summary>Pauses one queue, like <see cref="Pause(string)"/>.</summary>
    public void Pause(MessageQueue queue) => _consumer.Pause(queue);

    /// <inheritdoc cref="RocketMqPushConsumer.Resume(string)"/>
    public void Resume(string topic) => _consumer.Resume(topic);

    /// <inheritdoc cref="RocketMqPushConsumer.Resume(MessageQueue)"/>
    public void Resume(MessageQueue queue) => _consumer.Resume(queue);

    /// <summary>
    /// Commits what is done with, as far as it was said, and leaves the group. Polls that wait end with
    /// <see cref="ObjectDisposedException"/>. Idempotent.
    /// </summary>
    public ValueTask DisposeAsync() => _consumer.DisposeAsync();

    private static ValueTask<ConsumeResult> NeverCalled(ReceivedMessage message, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("a lite pull consumer has no handlers");

    private async Task CommitAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken)
    {
        if (await Offsets.CommitAsync(queues, cancellationToken).ConfigureAwait(false) is { } failure)
        {
            throw failure;
        }
    }

    // Also of queues whose topic nobody has asked about yet.
    private async Task<T> AskAsync<T>(MessageQueue queue, Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        await _consumer.Client.Routes.GetAsync(queue.Topic, cancellationToken).ConfigureAwait(false);
        return await ask().ConfigureAwait(false);
    }

    private List<ReceivedMessage> Take(PolledMessages messages)
    {
        List<PulledMessage> taken = messages.Take(Math.Max(1, _options.PullBatchSize));
        List<ReceivedMessage> polled = new(taken.Count);
        for (int i = 0; i < taken.Count; i++)
        {
            PulledMessage message = taken[i];
            try
            {
                polled.Add(ReceivedMessages.From(message.Stored, message.Owner.Queue, _options.MaxDecompressedBytes, _options.ZstdDecompressor));
            }
            catch (InvalidDataException unreadable)
            {
                messages.PutBack(taken[i..]);
                if (polled.Count == 0)
                {
                    throw new RocketMqException($"the message at {message.Stored.QueueOffset} of {message.Owner.Queue} cannot be handed out: {unreadable.Message}; seek past it", unreadable) { Reason = RocketMqErrorReason.InvalidAnswer };
                }

                break;
            }

            message.Owner.Finish(message.Stored.QueueOffset);
        }

        return polled;
    }
}
