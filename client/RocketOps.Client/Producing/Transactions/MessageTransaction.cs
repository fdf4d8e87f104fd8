using System.Globalization;
using RocketOps.Client.Calls;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Producing.Sending;
using RocketOps.Client.Tracing;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Producing.Transactions;

/// <summary>A half message at its broker, and the request that ends it, which may be repeated until it succeeds.</summary>
internal sealed class MessageTransaction : IMessageTransaction
{
    /// <summary>Hexadecimal digits of the byte offset at the end of an offset message id (remoting.md §4.5).</summary>
    private const int OffsetDigits = 16;

    private readonly ClientInstance _client;
    private readonly ProducerOptions _options;
    private readonly SendResult _half;
    private readonly Message _message;
    private readonly MessageTracer? _tracer;
    private readonly CallsUnderWay _calls;
    private readonly long _commitLogOffset;

    // Guards the two that follow.
    private readonly Lock _gate = new();
    private State _state;
    private TransactionResolution _resolution;

    /// <summary>Throws <see cref="RocketMqException"/> when the broker's answer does not say where the half is.</summary>
    /// <param name="client">Reaches the broker.</param>
    /// <param name="options">Group and time-out.</param>
    /// <param name="message">What was sent.</param>
    /// <param name="half">What the send was answered.</param>
    /// <param name="tracer">Tells how it ends; null for nobody.</param>
    /// <param name="calls">Those of the producer.</param>
    public MessageTransaction(ClientInstance client, ProducerOptions options, Message message, SendResult half, MessageTracer? tracer, CallsUnderWay calls)
    {
        _calls = calls;
        _client = client;
        _options = options;
        _message = message;
        _tracer = tracer;
        _half = half;
        if (half.OffsetMessageId.Length < OffsetDigits
            || !long.TryParse(half.OffsetMessageId.AsSpan()[^OffsetDigits..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _commitLogOffset))
        {
            throw new RocketMqException($"broker {half.Queue.BrokerName} answered \"{half.OffsetMessageId}\", which does not say where the message of the transaction is; it will ask for its state") { IsOutcomeUnknown = true, Reason = RocketMqErrorReason.InvalidAnswer };
        }
    }

    public string MessageId => _half.MessageId;

    public Task CommitAsync(CancellationToken cancellationToken = default) => EndAsync(TransactionResolution.Commit, cancellationToken);

    public Task RollbackAsync(CancellationToken cancellationToken = default) => EndAsync(TransactionResolution.Rollback, cancellationToken);

    /// <summary>
    /// Rolls back like <see cref="RollbackAsync"/>, within a call of the producer that is still under way: it goes on although the producer
    /// takes no further calls.
    /// </summary>
    public Task RollbackAsPartAsync(CancellationToken cancellationToken) => EndAsPartAsync(TransactionResolution.Rollback, cancellationToken);

    public ValueTask DisposeAsync()
    {
        bool isOpen;
        lock (_gate)
        {
            isOpen = _state == State.Open;
            _state = State.Ended;
        }

        if (isOpen)
        {
            ClientLog.TransactionLeftOpen(_client.Logger, MessageId, _message.Topic);
        }

        return ValueTask.CompletedTask;
    }

    private async Task EndAsync(TransactionResolution resolution, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _calls.Enter();
        try
        {
            await EndAsPartAsync(resolution, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _calls.Leave();
        }
    }

    private async Task EndAsPartAsync(TransactionResolution resolution, CancellationToken cancellationToken)
    {
        bool isFirst = Begin(resolution);
        State reached = State.Failed;
        try
        {
            await SendAsync(resolution, isFirst, cancellationToken).ConfigureAwait(false);
            reached = State.Ended;
        }
        finally
        {
            Reach(reached);
        }
    }

    /// <summary>
    /// Begins an attempt to end the transaction; true when it is the first. One that failed may have reached the broker, so that only the
    /// same may be tried again.
    /// </summary>
    private bool Begin(TransactionResolution resolution)
    {
        lock (_gate)
        {
            bool isFirst = _state == State.Open;
            if (!isFirst && (_state != State.Failed || _resolution != resolution))
            {
                throw new InvalidOperationException(
                    _state == State.Failed
                        ? $"the {_resolution} of message {MessageId} failed, but may have reached the broker: repeat it, or leave the transaction to the {nameof(ProducerOptions.TransactionChecker)}"
                        : $"the transaction of message {MessageId} has ended: commit or roll back once");
            }

            _state = State.Ending;
            _resolution = resolution;
            return isFirst;
        }
    }

    private void Reach(State state)
    {
        lock (_gate)
        {
            // It may have been disposed meanwhile.
            _state = _state == State.Ending ? state : _state;
        }
    }

    private async Task SendAsync(TransactionResolution resolution, bool isFirst, CancellationToken cancellationToken)
    {
        CallTime time = new(_options.RequestTimeout, _options.TimeProvider);
        string broker = _half.Queue.BrokerName;
        if (_client.Routes.FindMaster(broker) is null)
        {
            // The broker may have got its master since the route was asked for.
            await time.WithinAsync($"no name server told who is master of broker {broker}", token => _client.Routes.RefreshAsync(_message.Topic, token), cancellationToken).ConfigureAwait(false);
        }

        string address = _client.Routes.FindMaster(broker) ?? throw new RocketMqException($"broker {broker} has no master that could end the transaction of message {MessageId}; it will ask for its state") { Reason = RocketMqErrorReason.NoRoute };
        RemotingCommand request = EndTransaction.Request(resolution, _options.Group, _message.Topic, broker, _half.QueueOffset, _commitLogOffset, MessageId, answersCheck: false);
        if (isFirst)
        {
            _tracer?.Add(new EndTransactionTraceEntry(
                new TracedMessage(MessageId, _message.Keys, _message.Topic, _message.Tag), new TraceOrigin(_tracer.NowMs, SendTrace.DefaultRegion, _options.Group),
                address, resolution, AnswersCheck: false));
        }

        await _client.Caller.InvokeSuccessAsync(address, request, time.Left, cancellationToken).ConfigureAwait(false);
    }

    private enum State
    {
        Open,
        Ending,
        Failed,
        Ended,
    }
}
