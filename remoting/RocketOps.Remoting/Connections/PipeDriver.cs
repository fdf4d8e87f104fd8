using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Protocol.Framing;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Carries a connection over a pair of pipes: a client's, or those of a server's streams. A round is what this one connection has readable.
/// </summary>
internal sealed class PipeDriver : ConnectionDriver
{
    private readonly PipeTransport _transport;
    private readonly PipeOutput _output;
    private readonly ByteBudget _budget;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _heldBytes;

    /// <param name="transport">Bytes that come and go.</param>
    /// <param name="handlers">Handle the peer's requests.</param>
    /// <param name="options">Limits.</param>
    /// <param name="budget">Counts the bytes held.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Log.</param>
    /// <param name="silence">Watches the peer of a client's connection; null at a server.</param>
    public PipeDriver(
        PipeTransport transport, RequestHandlerRegistry handlers, RemotingOptions options, ByteBudget budget, TimeProvider time, ILogger logger, PeerSilence? silence = null)
    {
        _transport = transport;
        _budget = budget;
        _time = time;
        _logger = logger;
        _output = new PipeOutput(this, transport.Output, options.MaxUnsentBytes);
        Connection = new RemotingConnection(this, handlers, options, budget, time, logger, silence);
    }

    public override string Id => _transport.Id;

    /// <summary>The peer's address; <see cref="IPAddress.None"/> when the transport has none.</summary>
    public override IPEndPoint RemoteEndPoint => _transport.RemoteEndPoint;

    public override IPEndPoint LocalEndPoint => _transport.LocalEndPoint;

    public override ConnectionOutput Output => _output;

    public override long UnfinishedBytes => Volatile.Read(ref _heldBytes);

    public override void Abort(string reason) => _transport.Abort(reason);

    public override void StopReading() => _transport.Input.CancelPendingRead();

    public override void OnDrained() => _drained.TrySetResult();

    /// <summary>Runs until the connection ends. Never throws.</summary>
    public async Task RunAsync()
    {
        PipeReader input = _transport.Input;
        Connection.Opened();
        try
        {
            await ReadLoopAsync(input).ConfigureAwait(false);
            if (Connection.End.IsStopping)
            {
                await DrainAsync().ConfigureAwait(false);
                Connection.End.SayLastWords();
            }
        }
        catch (Exception error)
        {
            Connection.NoteFailure(error);
            if (error is FrameFormatException)
            {
                // What was stored before the malformed frame is answered first, however long its flush takes.
                Connection.End.Stop();
                await DrainAsync().ConfigureAwait(false);
            }
        }

        await CloseAsync(input).ConfigureAwait(false);
    }

    private async Task ReadLoopAsync(PipeReader input)
    {
        while (!Connection.End.IsStopping)
        {
            while (_heldBytes == 0 && _budget.Pauses(Connection) && !Connection.End.IsStopping)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(ByteBudget.CheckMilliseconds), _time, _transport.Closed).ConfigureAwait(false);
            }

            ReadResult result = await input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            while (HandleRound(ref buffer))
            {
                // When the answers to a part of the batch fill the output, the rest waits until the peer takes them.
                if (_output.PausedFlush is { } full)
                {
                    await full.ConfigureAwait(false);
                }
            }

            Hold(buffer.Length);
            input.AdvanceTo(buffer.Start, buffer.End);
            if (_output.PausedFlush is { } paused)
            {
                // The peer does not read its answers: take no more requests from it until it does.
                await paused.ConfigureAwait(false);
            }

            if (result.IsCompleted)
            {
                if (!buffer.IsEmpty)
                {
                    Connection.NoteEnd("closed by the peer inside a frame");
                }

                return;
            }
        }
    }

    /// <summary>
    /// One round of this connection alone; true when it ended early because the output was full, or it had gone on for long.
    /// </summary>
    private bool HandleRound(ref ReadOnlySequence<byte> buffer)
    {
        Connection.BeginBatch(_time.GetTimestamp());
        bool endedEarly = false;
        DriverRound round = DriverRound.Enter(runsItems: true);
        try
        {
            try
            {
                endedEarly = HandleFrames(ref buffer);
            }
            finally
            {
                // Also when a later frame is malformed: what was stored before it must be written and answered.
                Connection.Seal(round);
                round.Commit();
                round.Complete();
                if (!Connection.End.HoldsAnswerBack)
                {
                    _output.Flush();
                }

                round.Flush();
                round.RunAfterReplies(_logger, _time);
            }
        }
        finally
        {
            round.Exit();
        }

        return endedEarly;
    }

    /// <summary>
    /// Handles every whole frame of the buffer and leaves the rest in it; true when it stopped because the output is full or the turn
    /// over.
    /// </summary>
    private bool HandleFrames(ref ReadOnlySequence<byte> buffer)
    {
        Span<byte> lengthField = stackalloc byte[FrameLayout.LengthSize];
        while (!_output.IsFull)
        {
            buffer = buffer.Slice(Connection.Receive(buffer.FirstSpan));
            if (_output.IsFull || Connection.IsTurnOver)
            {
                return true;
            }

            if (buffer.Length < FrameLayout.LengthSize)
            {
                return false;
            }

            // What is left begins with a frame that is not whole, or crosses the transport's blocks and is made contiguous.
            buffer.Slice(0, FrameLayout.LengthSize).CopyTo(lengthField);
            int size = FrameLayout.ReadFrameSize(lengthField, Connection.Options.MaxFrameBytes);
            if (buffer.Length < size)
            {
                return false;
            }

            if (buffer.FirstSpan.Length < size)
            {
                HandleStraddlingFrame(buffer.Slice(0, size), size);
                buffer = buffer.Slice(size);
            }
        }

        return true;
    }

    private void HandleStraddlingFrame(in ReadOnlySequence<byte> frame, int size)
    {
        byte[] copy = FrameBuffers.Rent(size);
        try
        {
            frame.CopyTo(copy);
            Connection.HandleFrame(copy.AsSpan(0, size));
        }
        finally
        {
            FrameBuffers.Return(copy);
        }
    }

    /// <summary>Tells the budget how much of a frame that is not whole lies in the pipe.</summary>
    private void Hold(long bytes)
    {
        long change = bytes - _heldBytes;
        if (change != 0)
        {
            Volatile.Write(ref _heldBytes, bytes);
            Connection.ChangeHeld(change);
        }
    }

    private async Task DrainAsync()
    {
        if (!Connection.End.IsWorking)
        {
            return;
        }

        try
        {
            await _drained.Task.WaitAsync(OrderlyEnd.DrainTimeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Connection.NoteDrainTimedOut();
        }
    }

    private async Task CloseAsync(PipeReader input)
    {
        Task? paused = _output.End();
        Hold(0);
        Connection.DisposeBatch();
        await input.CompleteAsync().ConfigureAwait(false);
        if (paused is not null)
        {
            _transport.Abort(Connection.CloseReason ?? "closed while the peer does not read");
            await paused.ConfigureAwait(false);
        }

        await _output.CompleteAsync().ConfigureAwait(false);
        await Connection.EndAsync().ConfigureAwait(false);
    }
}
