using System.Globalization;
using RocketOps.Client.Internal;
using RocketOps.Client.Tracing;
using RocketOps.Remoting.Commands;

namespace RocketOps.Client.Producing.Transactions;

/// <summary>A half message at its broker, and the one request that ends it.</summary>
internal sealed class MessageTransaction : IMessageTransaction
{
    /// <summary>Hexadecimal digits of the byte offset at the end of an offset message id (remoting.md §4.5).</summary>
    private const int OffsetDigits = 16;

    private readonly ClientInstance _client;
    private readonly ProducerOptions _options;
    private readonly SendResult _half;
    private readonly Message _message;
    private readonly MessageTracer? _tracer;
    private readonly long _commitLogOffset;
    private int _ended;

    /// <summary>Throws <see cref="RocketMqException"/> when the broker's answer does not say where the half is.</summary>
    /// <param name="client">Reaches the broker.</param>
    /// <param name="options">Group and time-out.</param>
    /// <param name="message">What was sent.</param>
    /// <param name="half">What the send was answered.</param>
    /// <param name="tracer">Tells how it ends; null for nobody.</param>
    public MessageTransaction(ClientInstance client, ProducerOptions options, Message message, SendResult half, MessageTracer? tracer)
    {
        _client = client;
        _options = options;
        _message = message;
        _tracer = tracer;
        _half = half;
        if (half.OffsetMessageId.Length < OffsetDigits
            || !long.TryParse(half.OffsetMessageId.AsSpan()[^OffsetDigits..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _commitLogOffset))
        {
            throw new RocketMqException($"broker {half.Queue.BrokerName} answered \"{half.OffsetMessageId}\", which does not say where the message of the transaction is; it will ask for its state") { IsOutcomeUnknown = true };
        }
    }

    public string MessageId => _half.MessageId;

    public Task CommitAsync(CancellationToken cancellationToken = default) => EndAsync(TransactionResolution.Commit, cancellationToken);

    public Task RollbackAsync(CancellationToken cancellationToken = default) => EndAsync(TransactionResolution.Rollback, cancellationToken);

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            ClientLog.TransactionLeftOpen(_client.Logger, MessageId, _message.Topic);
        }

        return ValueTask.CompletedTask;
    }

    private async Task EndAsync(TransactionResolution resolution, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            throw new InvalidOperationException($"the transaction of message {MessageId} has ended: commit or roll back once");
        }

        string broker = _half.Queue.BrokerName;
        string address = _client.Routes.FindMaster(broker) ?? throw new RocketMqException($"broker {broker} has no master that could end the transaction of message {MessageId}; it will ask for its state");
        RemotingCommand request = EndTransaction.Request(resolution, _options.Group, _message.Topic, broker, _half.QueueOffset, _commitLogOffset, MessageId, answersCheck: false);
        _tracer?.Add(new EndTransactionTraceEntry(
            MessageId, _message.Keys, _tracer.NowMs, TraceEntry.DefaultRegion, _options.Group, _message.Topic, _message.Tag, address, resolution, AnswersCheck: false));
        await _client.Caller.InvokeSuccessAsync(address, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
    }
}
