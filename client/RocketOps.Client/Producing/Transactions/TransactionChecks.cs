using System.Threading.Channels;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Producing.Sending;
using RocketOps.Client.Tracing;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Producing.Transactions;

/// <summary>
/// Answers brokers that ask what became of a transaction: CHECK_TRANSACTION_STATE (39), one-way, with the half as its body. A bounded number of questions waits, in
/// messages and in bytes, for a bounded number of checkers; one that finds no room is dropped, as the broker asks again. Source: remoting.md §2.2, §5.4.
/// </summary>
internal sealed class TransactionChecks : IRequestHandler
{
    /// <summary>Questions that wait. Matches checkRequestHoldMax (2000).</summary>
    private const int MaxWaiting = 2000;

    /// <summary>Bytes of the messages that wait: without a bound of their own 2000 of the largest would take the memory of the process.</summary>
    private const long MaxWaitingBytes = 64L * 1024 * 1024;

    private readonly ProducerOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<Question> _waiting = Channel.CreateBounded<Question>(MaxWaiting);
    private readonly Lazy<Task> _workers;
    private ClientInstance? _client;
    private MessageTracer? _tracer;
    private long _waitingBytes;

    public TransactionChecks(ProducerOptions options)
    {
        _options = options;
        _workers = new Lazy<Task>(() => Task.WhenAll(Enumerable.Range(0, Math.Max(1, options.MaxConcurrentChecks)).Select(_ => Task.Run(WorkAsync))));
    }

    /// <summary>Questions may come from here on; called once, by whoever made the client out of this handler.</summary>
    public void Begin(ClientInstance client, MessageTracer? tracer)
    {
        _tracer = tracer;
        Volatile.Write(ref _client, client);
    }

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        if (Volatile.Read(ref _client) is not { } client)
        {
            return;
        }

        if (_options.TransactionChecker is null)
        {
            ClientLog.TransactionCheckerMissing(client.Logger, _options.Group, batch.Connection.RemoteEndPoint);
            return;
        }

        _ = _workers.Value;
        RemotingCommand request = frame.ToCommand();
        if (Interlocked.Add(ref _waitingBytes, request.Body.Length) > MaxWaitingBytes || !_waiting.Writer.TryWrite(new Question(batch.Connection, request)))
        {
            Interlocked.Add(ref _waitingBytes, -request.Body.Length);
            ClientLog.TransactionCheckDropped(client.Logger, _options.Group, batch.Connection.RemoteEndPoint);
        }
    }

    /// <summary>Takes no further question, cancels the checkers at work and waits for them, up to the time of a request. Never fails.</summary>
    public async Task StopAsync()
    {
        _waiting.Writer.TryComplete();
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_workers.IsValueCreated)
        {
            try
            {
                await _workers.Value.WaitAsync(_options.RequestTimeout, _options.TimeProvider).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                ClientLog.TransactionCheckerStuck(_client!.Logger, _options.Group);
            }
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            await foreach (Question question in _waiting.Reader.ReadAllAsync(_stopping.Token).ConfigureAwait(false))
            {
                Interlocked.Add(ref _waitingBytes, -question.Request.Body.Length);
                await AnswerAsync(_client!, question).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The producer is being disposed; another member of the group is asked.
        }
    }

    private async Task AnswerAsync(ClientInstance client, Question question)
    {
        string id = "unknown";
        try
        {
            Half half = Read(question.Request);
            id = half.Message.MessageId;
            TransactionResolution resolution = await _options.TransactionChecker!(half.Message, _stopping.Token).ConfigureAwait(false);
            _tracer?.Add(new EndTransactionTraceEntry(
                new TracedMessage(id, half.Message.Keys, half.Message.Topic, half.Message.Tag),
                new TraceOrigin(_tracer.NowMs, half.Message.Properties.GetValueOrDefault(PropertyNames.Region) ?? SendTrace.DefaultRegion, _options.Group),
                question.Connection.RemoteEndPoint.ToString()!, resolution, AnswersCheck: true));
            if (resolution is not (TransactionResolution.Commit or TransactionResolution.Rollback))
            {
                return;
            }

            RemotingCommand end = EndTransaction.Request(
                resolution, _options.Group, half.Message.Topic, question.Request.Get("bname"), half.Offset, half.CommitLogOffset, id, answersCheck: true);
            RemotingCommand answer = await question.Connection.InvokeAsync(end, _options.RequestTimeout, _stopping.Token).ConfigureAwait(false);
            if (answer.Code != ResponseCode.Success)
            {
                ClientLog.TransactionAnswerFailed(client.Logger, resolution, id, $"{question.Connection.RemoteEndPoint} answered {answer.Code}: {answer.Remark}");
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The producer is being disposed.
        }
        catch (Exception failure) when (failure is InvalidDataException or RemotingCommandException)
        {
            ClientLog.TransactionCheckUnreadable(client.Logger, question.Connection.RemoteEndPoint, failure.Message);
        }
        catch (Exception failure)
        {
            // The checker's own, or the connection's: either way the broker asks again.
            ClientLog.TransactionCheckFailed(client.Logger, failure, _options.Group, id);
        }
    }

    // Throws InvalidDataException for a body that is no message, RemotingCommandException for a header that lacks a field.
    private Half Read(RemotingCommand request)
    {
        ReadOnlyMemory<byte> rest = request.Body;
        StoredMessage stored = StoredMessageDecoder.Decode(ref rest);
        string? group = stored.Properties.GetValueOrDefault(PropertyNames.ProducerGroup);
        if (!string.Equals(group, _options.Group, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"the message is of group \"{group}\", not of {_options.Group}");
        }

        ReceivedMessage message = ReceivedMessages.From(stored, new MessageQueue(stored.Topic, request.Get("bname") ?? string.Empty, stored.QueueId), _options.MaxDecompressedBytes);
        return new Half(message, request.GetRequiredInt64("tranStateTableOffset"), request.GetRequiredInt64("commitLogOffset"));
    }

    private readonly record struct Question(RemotingConnection Connection, RemotingCommand Request);

    private readonly record struct Half(ReceivedMessage Message, long Offset, long CommitLogOffset);
}
