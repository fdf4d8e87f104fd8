using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Framing;
using RocketOps.Remoting.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// One connection, the same at both ends: a loop that reads what is there, handles it as one batch and answers it with one send; requests in the other
/// direction with their own correlation ids; an output that any thread may append whole frames to. All public members are thread-safe.
/// </summary>
public sealed class RemotingConnection
{
    /// <summary>Deferred-reply buffers kept for reuse: one being filled, one being flushed, one spare.</summary>
    private const int KeptReplies = 3;

    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    private readonly ConnectionContext _context;
    private readonly RequestHandlerRegistry _handlers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RequestBatch _batch;
    private readonly OutstandingRequests _outstanding;
    private readonly ConnectionOutput _output;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Lock _repliesGate = new();
    private readonly Stack<DeferredReplies> _freeReplies = new();

    private int _working;
    private volatile bool _stopping;
    private string? _closeReason;
    private long _lastActivity;

    internal RemotingConnection(ConnectionContext context, RequestHandlerRegistry handlers, RemotingOptions options, TimeProvider time, ILogger logger)
    {
        _context = context;
        _handlers = handlers;
        Options = options;
        _time = time;
        _logger = logger;
        _output = new ConnectionOutput(this, context.Transport.Output, options.MaxUnsentBytes);
        _batch = new RequestBatch(this);
        _lastActivity = time.GetTimestamp();
        Closed = _closed.Token;
        RemoteEndPoint = context.RemoteEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);
        _outstanding = new OutstandingRequests(RemoteEndPoint, options.MaxOutstandingRequests);
        LocalEndPoint = context.LocalEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0);
    }

    /// <summary>Unique among the connections of this process.</summary>
    public string Id => _context.ConnectionId;

    /// <summary>The peer's address; <see cref="IPAddress.None"/> when the transport has none.</summary>
    public IPEndPoint RemoteEndPoint { get; }

    /// <summary>This end's address.</summary>
    public IPEndPoint LocalEndPoint { get; }

    public RemotingOptions Options { get; }

    /// <summary>Cancelled when the connection has closed, for whatever reason.</summary>
    public CancellationToken Closed { get; }

    /// <summary>
    /// Sends a request to the peer and waits for its answer, whatever its code. The opaque is set here. Throws <see cref="TimeoutException"/> when no answer came in time,
    /// <see cref="IOException"/> when the connection closed first, <see cref="InvalidOperationException"/> when too many requests are outstanding.
    /// </summary>
    public async Task<RemotingCommand> InvokeAsync(RemotingCommand request, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        Task<RemotingCommand> answer = _outstanding.Add(request);
        try
        {
            if (!Send(request))
            {
                throw ClosedException();
            }

            return await answer.WaitAsync(timeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException expired)
        {
            throw new TimeoutException($"{RemoteEndPoint} did not answer request code {request.Code} within {timeout.TotalMilliseconds:0} ms", expired);
        }
        finally
        {
            _outstanding.Remove(request);
        }
    }

    /// <summary>Sends a request that will not be answered; false when the connection is closed.</summary>
    public bool SendOneWay(RemotingCommand request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Opaque = _outstanding.NextOpaque();
        request.Flag |= RemotingCommand.OneWayFlag;
        return Send(request);
    }

    /// <summary>Sends a frame as it is and flushes; false when the connection is closed. For answers use <see cref="RemotingCommand.CreateResponse"/>.</summary>
    public bool Send(RemotingCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Version = Options.Version;
        ArrayBufferWriter<byte> frame = new(256 + command.Body.Length);
        RemotingCommandCodec.Write(command, frame);
        return WriteAndFlush(frame.WrittenSpan);
    }

    /// <summary>
    /// Leases the output for writing whole frames in place. Within a handler lease without flush: the batch flushes at its end.
    /// Writing to a closed connection is harmless and goes nowhere.
    /// </summary>
    public OutputLease LeaseOutput(bool flush)
    {
        _output.Lease();
        return new OutputLease(_output, flush);
    }

    /// <summary>
    /// Answers a request from within its handler or later, from any thread. One-way requests are not answered. Not for the hot path: it allocates the header's strings.
    /// </summary>
    public void Reply(in RequestFrame request, int code, string? remark)
    {
        if (!request.IsOneWay)
        {
            Reply(request.SerializeType, request.Opaque, code, remark);
        }
    }

    /// <inheritdoc cref="Reply(in RequestFrame, int, string?)"/>
    public void Reply(SerializeType serializeType, int opaque, int code, string? remark) =>
        Send(new RemotingCommand { SerializeType = serializeType, Opaque = opaque, Code = code, Remark = remark, Flag = RemotingCommand.ResponseFlag });

    /// <summary>Closes the connection at once; the reason is logged.</summary>
    public void Abort(string reason)
    {
        NoteEnd(reason);
        _context.Abort(new ConnectionAbortedException(reason));
    }

    /// <summary>Runs until the connection ends. Never throws.</summary>
    internal async Task RunAsync()
    {
        PipeReader input = _context.Transport.Input;
        CancellationToken stopRequested = _context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        RemotingLog.Opened(_logger, RemoteEndPoint, Id);
        using (stopRequested.UnsafeRegister(static state => ((RemotingConnection)state!).Stop(), this))
        {
            try
            {
                await ReadLoopAsync(input).ConfigureAwait(false);
                if (_stopping)
                {
                    await DrainAsync().ConfigureAwait(false);
                }
            }
            catch (FrameFormatException malformed)
            {
                _closeReason = malformed.Message;
                RemotingLog.Malformed(_logger, RemoteEndPoint, Id, malformed.Message);
            }
            catch (Exception error) when (error is IOException or ConnectionAbortedException or ConnectionResetException or OperationCanceledException)
            {
                NoteEnd(error.Message);
            }
            catch (Exception error)
            {
                _closeReason = error.Message;
                RemotingLog.Failed(_logger, error, RemoteEndPoint, Id);
            }
        }

        await CloseAsync(input).ConfigureAwait(false);
    }

    /// <summary>Stops reading; what is being worked on is still answered. Used when the server or client shuts down.</summary>
    internal void Stop()
    {
        _stopping = true;
        _context.Transport.Input.CancelPendingRead();
    }

    /// <summary>Closes the connection when nothing came or went for longer than the idle timeout.</summary>
    internal void CloseIfIdle()
    {
        if (Options.IdleTimeout > TimeSpan.Zero && _time.GetElapsedTime(Volatile.Read(ref _lastActivity)) > Options.IdleTimeout)
        {
            Abort($"idle for more than {Options.IdleTimeout.TotalSeconds:0} s");
        }
    }

    internal void RunDetached(AsyncRequestHandler handler, RemotingCommand request)
    {
        if (Interlocked.Increment(ref _working) > Options.MaxDetachedRequests)
        {
            EndWork();
            if (!request.IsOneWay)
            {
                Send(RemotingCommand.CreateResponse(request, ResponseCode.SystemBusy, "[OVERLOAD]system busy, start flow control for a while"));
            }

            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Connection.HandleDetachedAsync(work.Handler, work.Request), (Connection: this, Handler: handler, Request: request), preferLocal: false);
    }

    internal DeferredReplies RentReplies()
    {
        Interlocked.Increment(ref _working);
        lock (_repliesGate)
        {
            if (_freeReplies.TryPop(out DeferredReplies? replies))
            {
                return replies;
            }
        }

        return new DeferredReplies(this);
    }

    internal void Recycle(DeferredReplies replies)
    {
        replies.Reset();
        bool kept = false;
        lock (_repliesGate)
        {
            if (_freeReplies.Count < KeptReplies && !_closed.IsCancellationRequested)
            {
                _freeReplies.Push(replies);
                kept = true;
            }
        }

        if (!kept)
        {
            replies.ReturnBuffer();
        }

        EndWork();
    }

    /// <summary>Appends whole frames to the output; the batch flushes.</summary>
    internal void Write(ReadOnlySpan<byte> frames) => _output.Write(frames);

    internal bool WriteAndFlush(ReadOnlySpan<byte> frames) => _output.WriteAndFlush(frames);

    internal void NoteActivity() => Volatile.Write(ref _lastActivity, _time.GetTimestamp());

    /// <summary>Remembers why the connection ends, unless a reason is known already.</summary>
    internal void NoteEnd(string reason) => Interlocked.CompareExchange(ref _closeReason, reason, null);

    private async Task ReadLoopAsync(PipeReader input)
    {
        while (!_stopping)
        {
            ReadResult result = await input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            _batch.ReadAt = _time.GetTimestamp();
            Volatile.Write(ref _lastActivity, _batch.ReadAt);
            Task? paused;
            try
            {
                HandleFrames(ref buffer);
            }
            finally
            {
                // Also when a later frame is malformed: what was stored before it must be written and answered.
                _batch.Complete();
                paused = _output.Flush();
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (paused is not null)
            {
                // The peer does not read its answers: take no more requests from it until it does.
                await paused.ConfigureAwait(false);
            }

            if (result.IsCompleted)
            {
                if (!buffer.IsEmpty)
                {
                    _closeReason = "closed by the peer inside a frame";
                }

                return;
            }
        }
    }

    /// <summary>Handles every whole frame of the buffer and leaves the rest in it.</summary>
    private void HandleFrames(ref ReadOnlySequence<byte> buffer)
    {
        Span<byte> lengthField = stackalloc byte[FrameLayout.LengthSize];
        while (true)
        {
            ReadOnlySpan<byte> first = buffer.FirstSpan;
            int size;
            if (first.Length >= FrameLayout.LengthSize)
            {
                size = FrameLayout.ReadFrameSize(first, Options.MaxFrameBytes);
            }
            else if (buffer.Length >= FrameLayout.LengthSize)
            {
                buffer.Slice(0, FrameLayout.LengthSize).CopyTo(lengthField);
                size = FrameLayout.ReadFrameSize(lengthField, Options.MaxFrameBytes);
            }
            else
            {
                return;
            }

            if (first.Length >= size)
            {
                HandleFrame(first[..size]);
            }
            else if (buffer.Length >= size)
            {
                HandleStraddlingFrame(buffer.Slice(0, size), size);
            }
            else
            {
                return;
            }

            buffer = buffer.Slice(size);
        }
    }

    /// <summary>A frame that crosses the transport's blocks is made contiguous. Only whole frames get here, so the size is that of bytes received.</summary>
    private void HandleStraddlingFrame(in ReadOnlySequence<byte> frame, int size)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            frame.CopyTo(copy);
            HandleFrame(copy.AsSpan(0, size));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private void HandleFrame(ReadOnlySpan<byte> bytes)
    {
        RequestFrame frame = RequestFrame.Parse(bytes);
        if (frame.IsResponse)
        {
            if (!_outstanding.TryAnswer(frame))
            {
                // Its request timed out or was cancelled before; RocketMQ drops it the same way.
                RemotingLog.UnmatchedResponse(_logger, RemoteEndPoint, frame.Opaque, frame.Code);
            }

            return;
        }

        if (!_handlers.TryGet(frame.Code, out IRequestHandler? handler))
        {
            RemotingLog.UnknownCode(_logger, RemoteEndPoint, frame.Code);
            Reply(frame, ResponseCode.RequestCodeNotSupported, $" request type {frame.Code} not supported");
            return;
        }

        try
        {
            handler.Handle(frame, _batch);
        }
        catch (RemotingCommandException refusal)
        {
            Reply(frame, refusal.ResponseCode, refusal.Message);
        }
        catch (Exception error) when (error is not FrameFormatException)
        {
            RemotingLog.HandlerFailed(_logger, error, frame.Code, RemoteEndPoint);
            Reply(frame, ResponseCode.SystemError, $"{error.GetType().Name}: {error.Message}");
        }
    }

    private async Task HandleDetachedAsync(AsyncRequestHandler handler, RemotingCommand request)
    {
        RemotingCommand? response;
        try
        {
            response = await handler.HandleAsync(this, request, Closed).ConfigureAwait(false);
        }
        catch (RemotingCommandException refusal)
        {
            response = RemotingCommand.CreateResponse(request, refusal.ResponseCode, refusal.Message);
        }
        catch (OperationCanceledException) when (Closed.IsCancellationRequested)
        {
            // Nobody is left to answer.
            response = null;
        }
        catch (Exception error)
        {
            RemotingLog.HandlerFailed(_logger, error, request.Code, RemoteEndPoint);
            response = RemotingCommand.CreateResponse(request, ResponseCode.SystemError, $"{error.GetType().Name}: {error.Message}");
        }

        try
        {
            if (response is not null && !request.IsOneWay)
            {
                Send(response);
            }
        }
        catch (Exception error)
        {
            // An answer that cannot be written (a remark or field beyond the format's limits) must not leave the peer waiting in silence.
            RemotingLog.HandlerFailed(_logger, error, request.Code, RemoteEndPoint);
            Send(RemotingCommand.CreateResponse(request, ResponseCode.SystemError, $"{error.GetType().Name}: {error.Message}"));
        }
        finally
        {
            EndWork();
        }
    }

    private void EndWork()
    {
        if (Interlocked.Decrement(ref _working) == 0 && _stopping)
        {
            _drained.TrySetResult();
        }
    }

    private async Task DrainAsync()
    {
        if (Volatile.Read(ref _working) == 0)
        {
            return;
        }

        try
        {
            await _drained.Task.WaitAsync(DrainTimeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            RemotingLog.DrainTimedOut(_logger, RemoteEndPoint, Volatile.Read(ref _working), DrainTimeout.TotalSeconds);
        }
    }

    private async Task CloseAsync(PipeReader input)
    {
        Task? paused = _output.End();
        _batch.Dispose();
        await input.CompleteAsync().ConfigureAwait(false);
        if (paused is not null)
        {
            _context.Abort(new ConnectionAbortedException(_closeReason ?? "closed while the peer does not read"));
            await paused.ConfigureAwait(false);
        }

        await _output.CompleteAsync().ConfigureAwait(false);
        try
        {
            await _closed.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException error)
        {
            RemotingLog.ClosedCallbackFailed(_logger, error, RemoteEndPoint);
        }

        _outstanding.FailAll(ClosedException);

        lock (_repliesGate)
        {
            while (_freeReplies.TryPop(out DeferredReplies? replies))
            {
                replies.ReturnBuffer();
            }
        }

        RemotingLog.Ended(_logger, RemoteEndPoint, Id, _closeReason ?? (_stopping ? "shut down" : "closed by the peer"));
    }

    private IOException ClosedException() => new($"the connection to {RemoteEndPoint} is closed: {_closeReason ?? "closed by the peer"}");
}
