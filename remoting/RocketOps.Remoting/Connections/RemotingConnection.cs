using System.Buffers;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// One connection, the same at both ends and over every <see cref="ConnectionDriver"/>: frames are handled as a batch and answered with
/// one send; requests in the other
/// direction have their own correlation ids; any thread may append whole frames to the output. All public members are thread-safe.
/// </summary>
public sealed class RemotingConnection
{
    /// <summary>Deferred-reply buffers kept for reuse: one being filled, one being flushed, one spare.</summary>
    private const int KeptReplies = 3;

    private readonly ConnectionDriver _driver;
    private readonly ByteBudget _budget;
    private readonly RequestHandlerRegistry _handlers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RequestBatch _batch;
    private readonly OutstandingRequests _outstanding;
    private readonly ConnectionOutput _output;
    private readonly CancellationTokenSource _closed = new();

    private readonly Lock _repliesGate = new();
    private readonly Stack<DeferredReplies> _freeReplies = new();

    private readonly PeerSilence? _silence;
    private readonly FrameWatch _frameWatch = new();
    private ReadTurn _turn;
    private SemaphoreSlim? _heavyAnswers;
    private long _frames;
    private volatile bool _aborted;
    private volatile bool _isGivenUp;
    private string? _closeReason;
    private long _lastActivity;
    private long _heldBytes;

    /// <summary>Further time of an answer that this program was too busy to read (<see cref="TimeoutCause.BusyProgram"/>).</summary>
    public static readonly TimeSpan ExtraTime = TimeSpan.FromSeconds(1);

    internal RemotingConnection(
        ConnectionDriver driver, RequestHandlerRegistry handlers, RemotingOptions options, ByteBudget budget, TimeProvider time, ILogger logger, PeerSilence? silence = null)
    {
        _silence = silence;
        _driver = driver;
        _handlers = handlers;
        Options = options;
        _budget = budget;
        _time = time;
        _logger = logger;
        _output = driver.Output;
        End = new OrderlyEnd(driver);
        _batch = new RequestBatch(this);
        _lastActivity = time.GetTimestamp();
        Closed = _closed.Token;
        _outstanding = new OutstandingRequests(driver.RemoteEndPoint, options.MaxOutstandingRequests);
    }

    /// <summary>Unique among the connections of this process.</summary>
    public string Id => _driver.Id;

    /// <summary>The peer's address; <see cref="IPAddress.None"/> when the transport has none.</summary>
    public IPEndPoint RemoteEndPoint => _driver.RemoteEndPoint;

    /// <summary>This end's address.</summary>
    public IPEndPoint LocalEndPoint => _driver.LocalEndPoint;

    public RemotingOptions Options { get; }

    /// <summary>Cancelled when the connection has closed, for whatever reason.</summary>
    public CancellationToken Closed { get; }

    /// <summary>
    /// Sends a request to the peer and waits for its answer, whatever its code. The opaque is set here. Throws
    /// <see cref="TimeoutException"/> when no answer came in time,
    /// <see cref="IOException"/> when the connection closed first, <see cref="InvalidOperationException"/> when too many requests are
    /// outstanding. A client's connection whose
    /// peer was silent for the whole time is given up: it closes, and its other requests fail with <see cref="PeerSilentException"/>.
    /// </summary>
    public async Task<RemotingCommand> InvokeAsync(RemotingCommand request, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        using AwaitedAnswer answer = new(this, request.Code, timeout, _time);
        _outstanding.Add(request, answer);
        try
        {
            if (!Send(request))
            {
                throw ClosedException();
            }

            answer.Start();
            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _outstanding.Remove(request.Opaque);
        }
    }

    /// <summary>
    /// Sends a request of the hot path, which hears of its answer itself; <see cref="Forget"/> it when the answer is no longer waited
    /// for. False when the connection is
    /// closed: it then hears of nothing. Throws <see cref="InvalidOperationException"/> when too many requests are outstanding.
    /// </summary>
    public bool TrySend(DirectRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        _outstanding.Add(request);
        bool sent = false;
        try
        {
            using OutputLease lease = LeaseOutput(flush: true);
            if (lease.IsOpen && !_aborted)
            {
                lease.Advance(request.WriteHeader(lease.GetSpan(request.MaxHeaderBytes), request.Opaque, Options.Version));
                lease.Write(request.Body.Span);
                sent = true;
            }
        }
        finally
        {
            if (!sent)
            {
                _outstanding.Remove(request.Opaque);
            }
        }

        return sent;
    }

    /// <summary>The answer of the request is no longer waited for; one that comes all the same is dropped.</summary>
    public void Forget(DirectRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        _outstanding.Remove(request.Opaque);
    }

    /// <summary>
    /// Judges a request whose time is over, for the timer that ends it. A busy program is reported, at most every 30 s. On a server's
    /// connection every peer counts as slow:
    /// clients are silent for long.
    /// </summary>
    /// <param name="sentAt">Timestamp from just before the request was sent.</param>
    /// <param name="wait">Time that its answer had.</param>
    public TimeoutJudgement JudgeTimeout(long sentAt, TimeSpan wait)
    {
        if (_silence is null)
        {
            return default;
        }

        TimeoutJudgement judgement = _silence.Judge(sentAt, wait, _outstanding.Count);
        if (judgement.Cause == TimeoutCause.BusyProgram && _silence.MayReport())
        {
            RemotingLog.ProgramBusy(_logger, RemoteEndPoint, judgement.Length.TotalMilliseconds, judgement.Count);
        }

        return judgement;
    }

    /// <summary>
    /// Closes the connection when the judgement says that the peer is silent. All that waits for an answer on it fails at once with <see
    /// cref="PeerSilentException"/>.
    /// </summary>
    public void GiveUpIfSilent(TimeoutJudgement judgement)
    {
        if (judgement.Cause != TimeoutCause.SilentPeer || _aborted)
        {
            return;
        }

        _isGivenUp = true;
        Abort(string.Create(
            CultureInfo.InvariantCulture, $"given up: nothing was heard for {judgement.Length.TotalSeconds:0.0} s; {judgement.Count} requests were under way"));
        _outstanding.FailAll(ClosedException);
    }

    /// <summary>Sends a request that will not be answered; false when the connection is closed.</summary>
    public bool SendOneWay(RemotingCommand request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Opaque = _outstanding.NextOpaque();
        request.Flag |= RemotingCommand.OneWayFlag;
        return Send(request);
    }

    /// <summary>
    /// Sends a frame as it is and flushes; false when the connection is closed. For answers use
    /// <see cref="RemotingCommand.CreateResponse"/>.
    /// </summary>
    public bool Send(RemotingCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return WriteAndFlush(Encode(command).WrittenSpan);
    }

    private ArrayBufferWriter<byte> Encode(RemotingCommand command)
    {
        command.Version = Options.Version;
        ArrayBufferWriter<byte> frame = new(256 + command.Body.Length);
        RemotingCommandCodec.Write(command, frame);
        return frame;
    }

    /// <summary>
    /// Leases the output for writing whole frames in place. Within a handler lease without flush: the batch flushes at its end. With
    /// flush the frames leave when the lease
    /// is disposed, or, on a driver's thread within a round, at the end of the round, once for all that was written to this connection.
    /// Writing to a closed connection is harmless and goes nowhere.
    /// </summary>
    public OutputLease LeaseOutput(bool flush)
    {
        DriverRound? round = flush ? DriverRound.Current : null;
        _output.Lease();
        return new OutputLease(this, _output, round, flush);
    }

    /// <summary>
    /// Answers a request from within its handler or later, from any thread. One-way requests are not answered. Not for the hot path: it
    /// allocates the header's strings.
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
        _aborted = true;
        NoteEnd(reason);
        _driver.Abort(reason);
    }

    /// <summary>
    /// Closes the connection once what has been read of it is answered; the reason is logged. <paramref name="lastWords"/> are sent
    /// behind the answers.
    /// </summary>
    public void Finish(string reason, byte[]? lastWords = null)
    {
        NoteEnd(reason);
        End.Finish(lastWords);
    }

    /// <summary>
    /// Same as <see cref="Finish"/>, but not before the next request that takes work is answered: a peer with one request at a time under
    /// way, which sends the next one when it has its answer, cannot be just about to send when the end comes. One that asks nothing more
    /// keeps its connection.
    /// </summary>
    public void FinishBehindAnswer(string reason, byte[]? lastWords = null)
    {
        NoteEnd(reason);
        End.FinishBehindAnswer(lastWords);
    }

    /// <summary>
    /// Ends a connection that is to end behind an answer (<see cref="FinishBehindAnswer"/>) behind this request instead, which the peer
    /// waits for as for an answer, and cannot answer: with it the peer reads the end, and has
    /// nothing on its way that it sends because of it. False, and nothing is sent, for any other connection.
    /// </summary>
    public bool FinishBehind(RemotingCommand last)
    {
        ArgumentNullException.ThrowIfNull(last);
        if (!End.IsLeaving || End.IsStopping)
        {
            return false;
        }

        last.Opaque = _outstanding.NextOpaque();
        last.Flag |= RemotingCommand.OneWayFlag;
        return End.FinishBehind(Encode(last).WrittenSpan);
    }

    /// <summary>
    /// Tells the server's budget that this connection holds so many bytes more, or fewer, for its peer: what handlers keep beyond the
    /// request they are given. Whoever takes
    /// far too much is closed, so it is not to be called under a lock that the end of a connection takes.
    /// </summary>
    public void ChangeHeld(long bytes)
    {
        if (bytes < 0)
        {
            // The sum first, and what it is the sum of first where it grows: so in between it is never more than its parts, which would look like something that closed connections hold.
            _budget.Change(this, bytes);
            Interlocked.Add(ref _heldBytes, bytes);
            return;
        }

        Interlocked.Add(ref _heldBytes, bytes);
        _budget.Change(this, bytes);
    }

    /// <summary>Same as <see cref="ChangeHeld"/>, for as long as a handler works: until the result is disposed.</summary>
    public HeldBytes Hold(long bytes) => new(this, bytes);

    /// <summary>Driver that carries it.</summary>
    internal ConnectionDriver Driver => _driver;

    /// <summary>End of the connection in good order by this side.</summary>
    internal OrderlyEnd End { get; }

    /// <summary>Bytes this connection holds for its peer, as the budget counts them.</summary>
    internal long HeldBytes => Volatile.Read(ref _heldBytes);

    /// <summary>The turn of answers that take much memory while they are built. Few connections ever ask for one.</summary>
    internal SemaphoreSlim HeavyAnswers => _heavyAnswers ?? Interlocked.CompareExchange(ref _heavyAnswers, new SemaphoreSlim(1, 1), null) ?? _heavyAnswers!;

    /// <summary>It is to end soon (<see cref="FinishBehindAnswer"/>): a peer is not to wait for an answer by it for long.</summary>
    public bool IsLeaving => End.IsLeaving;

    /// <summary>
    /// It ends at once, somebody has asked for that: perhaps for what it holds, and what would make it hold more is not begun.
    /// </summary>
    public bool IsAborted => _aborted;

    /// <summary>More is written and not sent than may be gathered.</summary>
    internal bool HasFullOutput => _output.IsFull;

    internal string? CloseReason => _closeReason;

    /// <summary>The driver runs from here on.</summary>
    internal void Opened() => RemotingLog.Opened(_logger, RemoteEndPoint, Id);

    /// <summary>Begins a batch, before the frames of a round are handled; the driver's thread.</summary>
    internal void BeginBatch(long readAt)
    {
        _batch.ReadAt = readAt;
        _turn.Begin(_time);
        Volatile.Write(ref _lastActivity, readAt);
        _silence?.NoteRead(readAt);
    }

    /// <summary>The frames of this batch have taken so long that it is others' turn; the driver's thread.</summary>
    internal bool IsTurnOver => _turn.IsOver;

    /// <summary>
    /// Handles the whole frames at the beginning of <paramref name="readable"/> and returns how many bytes they were; the driver keeps
    /// the rest. Stops early when the output
    /// is full: the driver sends, and calls again when the peer takes what it is sent. Stops when the turn is over too: the driver begins
    /// another batch after others had theirs.
    /// Throws <see cref="FrameFormatException"/> when the peer does not speak the protocol.
    /// </summary>
    internal int Receive(ReadOnlySpan<byte> readable)
    {
        int consumed = 0;
        while (readable.Length - consumed >= FrameLayout.LengthSize && !_output.IsFull && !_turn.IsOver)
        {
            ReadOnlySpan<byte> rest = readable[consumed..];
            int size = FrameLayout.ReadFrameSize(rest, Options.MaxFrameBytes);
            if (rest.Length < size)
            {
                if (rest.Length >= FrameLayout.PrefixSize)
                {
                    // Megabytes of a header that is refused need not be waited for, nor held.
                    FrameLayout.CheckHeader(rest, Options.MaxHeaderBytes);
                }

                break;
            }

            HandleFrame(rest[..size]);
            consumed += size;
            _turn.CountFrame(_time);
        }

        return consumed;
    }

    /// <summary>Ends the batch: its deferred replies go to the round. False when there were none.</summary>
    internal bool Seal(DriverRound round) => _batch.Seal(round);

    /// <summary>Remembers and logs an end that the peer or this program is to blame for.</summary>
    internal void NoteFailure(Exception error)
    {
        switch (error)
        {
            case FrameFormatException:
                _closeReason = error.Message;
                RemotingLog.Malformed(_logger, RemoteEndPoint, Id, error.Message);
                break;
            case IOException or OperationCanceledException:
                NoteEnd(error.Message);
                break;
            default:
                _closeReason = error.Message;
                RemotingLog.Failed(_logger, error, RemoteEndPoint, Id);
                break;
        }
    }

    /// <summary>Closes the connection when nothing came or went for longer than the idle timeout; a client's when nothing came.</summary>
    internal void CloseIfIdle()
    {
        TimeSpan idle = _silence?.Length ?? _time.GetElapsedTime(Volatile.Read(ref _lastActivity));
        if (Options.IdleTimeout > TimeSpan.Zero && idle > Options.IdleTimeout && _silence?.HasUnreadBytes != true)
        {
            Abort($"idle for more than {Options.IdleTimeout.TotalSeconds:0} s");
        }
    }

    /// <summary>
    /// Closes the connection when a frame has begun and its bytes come too slowly. One thread at a time looks, every
    /// <paramref name="interval"/>.
    /// </summary>
    internal void CloseIfStalled(int bytesPerSecond, TimeSpan interval)
    {
        // A peer that does not take its answers is not read from, and what it is sent is bounded and counted by itself.
        // Nor has a frame stalled whose bytes have arrived and wait for a thread of this program.
        long bytes = _output.IsBlocked || End.IsStopping || _silence?.HasUnreadBytes == true ? 0 : _driver.UnfinishedBytes;
        if (_frameWatch.HasStalled(Volatile.Read(ref _frames), bytes, (long)(bytesPerSecond * interval.TotalSeconds)) && !_aborted)
        {
            RemotingLog.FrameStalled(_logger, RemoteEndPoint, Id, bytes, bytesPerSecond);
            Abort($"a frame of which {bytes} bytes have come does not go on");
        }
    }

    /// <summary>Has the request handled on the thread pool. The driver's thread.</summary>
    internal void RunDetached(AsyncRequestHandler handler, in RequestFrame frame)
    {
        // Only this thread begins work.
        if (End.Working >= Options.MaxDetachedRequests)
        {
            Reply(frame, ResponseCode.SystemBusy, "[OVERLOAD]system busy, start flow control for a while");
            return;
        }

        DetachedRequest request = new(this, handler, frame);
        End.BeginWork();
        request.Start();
    }

    internal DeferredReplies RentReplies()
    {
        End.BeginWork();
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

        End.EndWork();
    }

    /// <summary>Sends whole frames behind what was written before.</summary>
    internal void WriteNow(ReadOnlySpan<byte> frames) => _output.WriteAndFlush(frames);

    /// <summary>Appends whole frames to the output; somebody flushes.</summary>
    internal void Write(ReadOnlySpan<byte> frames) => _output.Write(frames);

    /// <summary>Appends whole frames and sends them, within a driver's round at its end; false when the connection is closed.</summary>
    internal bool WriteAndFlush(ReadOnlySpan<byte> frames)
    {
        if (DriverRound.Current is not { } round)
        {
            return _output.WriteAndFlush(frames);
        }

        bool written = _output.Write(frames);
        round.FlushLater(this, frames.Length);
        return written;
    }

    /// <summary>
    /// Same as <see cref="WriteAndFlush"/>, but the driver's thread sends where there is one: for the flusher, which has the next flush to
    /// begin.
    /// </summary>
    internal void WriteAndFlushSoon(ReadOnlySpan<byte> frames)
    {
        if (DriverRound.Current is { } round)
        {
            _output.Write(frames);
            round.FlushLater(this, frames.Length);
        }
        else if (_output.Write(frames))
        {
            _output.FlushSoon();
        }
    }

    /// <summary>Sends what was written.</summary>
    internal void Flush() => _output.Flush();

    /// <summary>Gives back what the batch has rented; after the last frame.</summary>
    internal void DisposeBatch() => _batch.Dispose();

    internal void NoteActivity() => Volatile.Write(ref _lastActivity, _time.GetTimestamp());

    /// <summary>Remembers why the connection ends, unless a reason is known already.</summary>
    internal void NoteEnd(string reason) => Interlocked.CompareExchange(ref _closeReason, reason, null);

    internal void HandleFrame(ReadOnlySpan<byte> bytes)
    {
        // Step 2 of a send and of a pull (ARCHITECTURE.md).
        Volatile.Write(ref _frames, _frames + 1);
        RequestFrame frame = RequestFrame.Parse(bytes, Options.MaxHeaderBytes);
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
            if (_handlers.Gate is not { } gate || gate.TryAdmit(frame, _batch))
            {
                handler.Handle(frame, _batch);
            }
        }
        catch (Exception error) when (RefusalOf(error) is { } refusal)
        {
            Reply(frame, refusal.ResponseCode, refusal.Message);
        }
        catch (Exception error) when (error is not FrameFormatException)
        {
            NoteHandlerFailure(error, frame.Code);
            Reply(frame, ResponseCode.SystemError, $"{error.GetType().Name}: {error.Message}");
        }
    }

    /// <summary>The answer that a handler's exception stands for; null when it is a failure.</summary>
    internal RemotingCommandException? RefusalOf(Exception error) => error as RemotingCommandException ?? _handlers.RefusalOf?.Invoke(error);

    internal void NoteHandlerFailure(Exception error, int code) => RemotingLog.HandlerFailed(_logger, error, code, RemoteEndPoint);

    /// <summary>Sends an answer, or leaves it to the end of the connection (<see cref="OrderlyEnd.TryHoldBack"/>).</summary>
    internal void Answer(RemotingCommand response, bool isHeldBack)
    {
        if (isHeldBack)
        {
            End.WriteHeldBack(Encode(response).WrittenSpan);
        }
        else
        {
            Send(response);
        }
    }

    internal void NoteDrainTimedOut() => RemotingLog.DrainTimedOut(_logger, RemoteEndPoint, End.Working, OrderlyEnd.DrainTimeout.TotalSeconds);

    /// <summary>The driver has let go of the connection's socket: whoever waits for something here is told. Never throws.</summary>
    internal async Task EndAsync()
    {
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

        RemotingLog.Ended(_logger, RemoteEndPoint, Id, _closeReason ?? (End.IsStopping ? "shut down" : "closed by the peer"));
    }

    private IOException ClosedException()
    {
        string text = $"the connection to {RemoteEndPoint} is closed: {_closeReason ?? "closed by the peer"}";
        return _isGivenUp ? new PeerSilentException(text) : new IOException(text);
    }
}
