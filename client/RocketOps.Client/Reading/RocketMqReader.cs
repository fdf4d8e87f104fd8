using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Client.Calls;
using RocketOps.Client.Subscriptions;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;

namespace RocketOps.Client;

/// <summary>
/// Reads messages and offsets of queues directly, as a member of no group: nothing is committed and nobody's messages are taken away. For
/// tools; an application
/// uses a consumer. Broker addresses are <c>host:port</c>. Every method throws <see cref="RocketMqException"/> when a broker refuses or
/// does not answer in time.
/// Thread-safe.
/// </summary>
public sealed class RocketMqReader : IAsyncDisposable
{
    /// <summary>The group RocketMQ's own tools read with: every broker has it from the start.</summary>
    private const string Group = "TOOLS_CONSUMER";

    private const int SuspendFlag = 2;
    private const int SubscriptionFlag = 4;

    /// <summary>Bodies may unpack to this: sixteen times what a broker accepts packed by default.</summary>
    private const int MaxDecompressedBytes = 64 * 1024 * 1024;

    private readonly AdminOptions _options;
    private readonly RemotingClient _remoting;
    private readonly RemotingCaller _caller;

    /// <param name="options">Their name servers are not used: every method is told a broker.</param>
    public RocketMqReader(AdminOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        ILoggerFactory loggers = options.LoggerFactory ?? NullLoggerFactory.Instance;
        HostResolver resolver = HostResolver.FromEnvironment();
        _remoting = new RemotingClient(new RemotingClientOptions { ConnectTimeout = options.ConnectTimeout, InvokeTimeout = options.RequestTimeout }, loggers, resolver.ResolveAsync, time: options.TimeProvider);
        _caller = new RemotingCaller(_remoting, options.TimeProvider);
    }

    /// <summary>
    /// Reads messages of a queue from an offset on; waits up to <paramref name="wait"/> for the first when there is none yet.
    /// </summary>
    /// <param name="brokerAddress">Member of the queue's broker group.</param>
    /// <param name="queue">Queue to read.</param>
    /// <param name="offset">First offset wanted.</param>
    /// <param name="maxMessages">Messages wanted, from 1 on; brokers give at most 32 that are no longer in memory. A batch that is stored
    /// as one record comes whole.</param>
    /// <param name="expression">Which ones, found by the broker.</param>
    /// <param name="wait">How long the broker may hold the request; zero asks for what is there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ReadResult> ReadAsync(
        string brokerAddress, MessageQueue queue, long offset, int maxMessages, SubscriptionExpression expression, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentNullException.ThrowIfNull(expression);
        Subscription subscription = Subscription.Of(queue.Topic, expression, _options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.PullMessage)
            .Set("consumerGroup", Group)
            .Set("topic", queue.Topic)
            .Set("queueId", queue.QueueId)
            .Set("queueOffset", offset)
            .Set("maxMsgNums", maxMessages)
            .Set("sysFlag", SubscriptionFlag | (wait > TimeSpan.Zero ? SuspendFlag : 0))
            .Set("commitOffset", 0)
            .Set("suspendTimeoutMillis", (long)wait.TotalMilliseconds)
            .Set("subscription", subscription.Expression)
            .Set("subVersion", subscription.Version)
            .Set("expressionType", subscription.ExpressionType)
            .Set("bname", queue.BrokerName);
        RemotingCommand response = await _caller.InvokeAsync(brokerAddress, request, wait + _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        long next = response.ReadInt64("nextBeginOffset", offset, brokerAddress);
        switch (response.Code)
        {
            case ResponseCode.Success:
                (List<ReceivedMessage> messages, List<string> problems) = Decode(response.Body, queue, offset, response.ReadInt64("offsetDelta", 0, brokerAddress));
                return new ReadResult([.. messages.Where(message => subscription.Matches(message.Properties))], next, problems);
            case ResponseCode.PullNotFound or ResponseCode.PullRetryImmediately or ResponseCode.PullOffsetMoved:
                return new ReadResult([], next, []);
            default:
                throw subscription.IsSql
                    ? new SubscriptionRefusedException(queue.Topic, expression.Text, response.Code, response.Remark, brokerAddress)
                    : new RocketMqException(response.Code, response.Remark, brokerAddress);
        }
    }

    /// <summary>Offset of the oldest message of a queue.</summary>
    public Task<long> GetMinOffsetAsync(string brokerAddress, MessageQueue queue, CancellationToken cancellationToken = default) =>
        AskOffsetAsync(brokerAddress, RequestCode.GetMinOffset, queue, time: null, cancellationToken);

    /// <summary>Offset the next message of a queue will get.</summary>
    public Task<long> GetMaxOffsetAsync(string brokerAddress, MessageQueue queue, CancellationToken cancellationToken = default) =>
        AskOffsetAsync(brokerAddress, RequestCode.GetMaxOffset, queue, time: null, cancellationToken);

    /// <summary>Offset of the first message stored at a time or later.</summary>
    public Task<long> FindOffsetAsync(string brokerAddress, MessageQueue queue, DateTimeOffset time, CancellationToken cancellationToken = default) =>
        AskOffsetAsync(brokerAddress, RequestCode.SearchOffsetByTimestamp, queue, time, cancellationToken);

    /// <summary>Messages of a topic with a key, the newest first.</summary>
    /// <param name="brokerAddress">Broker to ask.</param>
    /// <param name="topic">Their topic.</param>
    /// <param name="key">One of the keys their producer gave them.</param>
    /// <param name="maxMessages">At most so many, from 1 on.</param>
    /// <param name="begin">Stored at this time or later.</param>
    /// <param name="end">Stored at this time or before.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<ReceivedMessage>> FindByKeyAsync(
        string brokerAddress, string topic, string key, int maxMessages, DateTimeOffset begin, DateTimeOffset end, CancellationToken cancellationToken = default) =>
        QueryAsync(brokerAddress, topic, key, maxMessages, begin, end, byUniqueKey: false, cancellationToken);

    /// <summary>
    /// Messages of a topic whose producer gave them this id: one, several when a send was repeated, or those of a batch that is stored as
    /// one record.
    /// </summary>
    public Task<IReadOnlyList<ReceivedMessage>> FindByIdAsync(string brokerAddress, string topic, string messageId, CancellationToken cancellationToken = default) =>
        QueryAsync(brokerAddress, topic, messageId, 32, DateTimeOffset.UnixEpoch, _options.TimeProvider.GetUtcNow().AddDays(1), byUniqueKey: true, cancellationToken);

    /// <summary>
    /// The message at a byte offset of a broker's commit log, of a batch that is stored as one record the first; null when there is none.
    /// </summary>
    public async Task<ReceivedMessage?> FindByCommitLogOffsetAsync(string brokerAddress, long offset, CancellationToken cancellationToken = default)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.ViewMessageById).Set("offset", offset);
        RemotingCommand response = await _caller.InvokeAsync(brokerAddress, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code == ResponseCode.Success ? DecodeAll(response, brokerAddress).FirstOrDefault() : null;
    }

    /// <summary>Closes the connections. Idempotent.</summary>
    public ValueTask DisposeAsync() => _remoting.DisposeAsync();

    private static (List<ReceivedMessage> Messages, List<string> Problems) Decode(ReadOnlyMemory<byte> records, MessageQueue? queue, long from = 0, long offsetDelta = 0)
    {
        List<ReceivedMessage> messages = [];
        List<string> problems = [];
        List<StoredMessage> decoded = [];
        while (!records.IsEmpty)
        {
            decoded.Clear();
            try
            {
                StoredMessageDecoder.DecodeInto(decoded, ref records);

                // A batch comes whole, also when some of its messages lie before what was asked for.
                foreach (StoredMessage stored in decoded.Select(record => record.Moved(offsetDelta)).Where(stored => !stored.IsInner || stored.QueueOffset >= from))
                {
                    messages.Add(ReceivedMessages.From(stored, queue ?? new MessageQueue(stored.Topic, string.Empty, stored.QueueId), MaxDecompressedBytes));
                }
            }
            catch (InvalidDataException unreadable)
            {
                // The decoder has moved past it; the records behind it are good.
                problems.Add(unreadable.Message);
            }
        }

        return (messages, problems);
    }

    private static List<ReceivedMessage> DecodeAll(RemotingCommand response, string brokerAddress)
    {
        (List<ReceivedMessage> messages, List<string> problems) = Decode(response.Body, queue: null);
        return problems.Count == 0 ? messages : throw new RocketMqException($"a message of {brokerAddress} cannot be read: {problems[0]}") { Reason = RocketMqErrorReason.InvalidAnswer };
    }

    private async Task<long> AskOffsetAsync(string brokerAddress, int code, MessageQueue queue, DateTimeOffset? time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(queue);
        RemotingCommand request = RemotingCommand.CreateRequest(code).Set("topic", queue.Topic).Set("queueId", queue.QueueId).Set("bname", queue.BrokerName);
        if (time is { } at)
        {
            request.Set("timestamp", at.ToUnixTimeMilliseconds());
        }

        RemotingCommand response = await _caller.InvokeSuccessAsync(brokerAddress, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.ReadInt64("offset", 0, brokerAddress);
    }

    private async Task<IReadOnlyList<ReceivedMessage>> QueryAsync(
        string brokerAddress, string topic, string key, int maxMessages, DateTimeOffset begin, DateTimeOffset end, bool byUniqueKey, CancellationToken cancellationToken)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.QueryMessage)
            .Set("topic", topic)
            .Set("key", key)
            .Set("maxNum", maxMessages)
            .Set("beginTimestamp", begin.ToUnixTimeMilliseconds())
            .Set("endTimestamp", end.ToUnixTimeMilliseconds());
        if (byUniqueKey)
        {
            request.Set("_UNIQUE_KEY_QUERY", "true");
        }

        RemotingCommand response = await _caller.InvokeAsync(brokerAddress, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => [.. DecodeAll(response, brokerAddress).OrderByDescending(static message => message.StoreTime)],
            ResponseCode.QueryNotFound => [],
            _ => throw new RocketMqException(response.Code, response.Remark, brokerAddress),
        };
    }
}

/// <summary>Result of a read of a queue.</summary>
/// <param name="Messages">Messages in the order of the queue; empty when there was none that matches.</param>
/// <param name="NextOffset">Offset to go on from.</param>
/// <param name="Problems">
/// Problem of every message that could not be read: damaged, or packed by an algorithm this client does not have.
/// </param>
public sealed record ReadResult(IReadOnlyList<ReceivedMessage> Messages, long NextOffset, IReadOnlyList<string> Problems);
