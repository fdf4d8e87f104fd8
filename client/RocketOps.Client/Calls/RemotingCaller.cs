using System.Net.Sockets;
using System.Runtime.CompilerServices;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Calls;

/// <summary>
/// Requests whose failures come out as <see cref="RocketMqException"/>, saying which server, why, and whether the request may have been
/// carried out. Thread-safe.
/// </summary>
/// <param name="remoting">Connections.</param>
/// <param name="time">Clock.</param>
/// <param name="watch">Hears which servers answer and which cannot be reached; null when nothing is to be told.</param>
internal sealed class RemotingCaller(RemotingClient remoting, TimeProvider time, IServerWatch? watch = null)
{
    /// <summary>
    /// The answer, whatever its code. Throws <see cref="RocketMqException"/> without a response code when there is none within the time,
    /// connecting included.
    /// </summary>
    public async Task<RemotingCommand> InvokeAsync(string address, RemotingCommand request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        RemotingConnection connection = remoting.Find(address) ?? await ConnectAsync(address, timeout, cancellationToken).ConfigureAwait(false);
        try
        {
            TimeSpan left = timeout - time.GetElapsedTime(begin);
            RemotingCommand response = await connection.InvokeAsync(request, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            NoteAnswer(address);
            return response;
        }
        catch (Exception failure) when (IsUnreachable(failure))
        {
            throw Unreachable(address, failure, isOutcomeUnknown: true);
        }
    }

    /// <summary>Gets the answer to a send like the other overload, for the request that is sent for every message.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SendAnswer> InvokeAsync(string address, ISendCall call, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        RemotingConnection connection = remoting.Find(address) ?? await ConnectAsync(address, timeout, cancellationToken).ConfigureAwait(false);
        TimeSpan left = timeout - time.GetElapsedTime(begin);
        left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        try
        {
            SendAnswer answer = await call.InvokeAsync(connection, left, cancellationToken).ConfigureAwait(false);
            NoteAnswer(address);
            return answer;
        }
        catch (ProgramBusyException busy)
        {
            throw new RocketMqException($"{address}: {busy.Message}", busy) { IsOutcomeUnknown = call.WasSent, Reason = RocketMqErrorReason.ClientBusy };
        }
        catch (TimeoutException late)
        {
            string text = $"{address} did not answer a send within {left.TotalMilliseconds:0} ms";
            throw new RocketMqException(text, late) { IsOutcomeUnknown = call.WasSent, Reason = RocketMqErrorReason.Timeout, IsServerAway = NoteSilence(address, text) };
        }
        catch (Exception failure) when (IsUnreachable(failure))
        {
            throw Unreachable(address, failure, call.WasSent);
        }
    }

    /// <summary>The open connection to a server; null when there is none.</summary>
    public RemotingConnection? Find(string address) => remoting.Find(address);

    /// <summary>The answer of a request that succeeded. Throws <see cref="RocketMqException"/> with the server's code otherwise.</summary>
    public async Task<RemotingCommand> InvokeSuccessAsync(string address, RemotingCommand request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        RemotingCommand response = await InvokeAsync(address, request, timeout, cancellationToken).ConfigureAwait(false);
        return response.Code == ResponseCode.Success ? response : throw new RocketMqException(response.Code, response.Remark, address);
    }

    /// <summary>
    /// Sends without waiting for an answer. Throws <see cref="RocketMqException"/> when the server cannot be reached within the time.
    /// </summary>
    public async Task SendOneWayAsync(string address, RemotingCommand request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        RemotingConnection connection = remoting.Find(address) ?? await ConnectAsync(address, timeout, cancellationToken).ConfigureAwait(false);
        try
        {
            if (!connection.SendOneWay(request))
            {
                throw new IOException($"the connection to {address} is closed");
            }
        }
        catch (Exception failure) when (IsUnreachable(failure))
        {
            throw Unreachable(address, failure, isOutcomeUnknown: false);
        }
    }

    private async Task<RemotingConnection> ConnectAsync(string address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await remoting.ConnectAsync(address, cancellationToken).WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException late)
        {
            string text = $"{address} took no connection within {timeout.TotalMilliseconds:0} ms";
            throw new RocketMqException(text, late) { Reason = RocketMqErrorReason.Unreachable, IsServerAway = NoteUnreachable(address, text) };
        }
        catch (Exception failure) when (IsUnreachable(failure))
        {
            throw Unreachable(address, failure, isOutcomeUnknown: false, isConnecting: true);
        }
    }

    // Most failures name the address already. A connection that its peer closed says nothing of the peer, which may be back already.
    private RocketMqException Unreachable(string address, Exception failure, bool isOutcomeUnknown, bool isConnecting = false)
    {
        string text = failure.Message.Contains(address, StringComparison.Ordinal) ? failure.Message : $"{address}: {failure.Message}";
        return new RocketMqException(text, failure)
        {
            IsOutcomeUnknown = isOutcomeUnknown,
            Reason = isConnecting ? RocketMqErrorReason.Unreachable : ReasonOf(failure),
            IsServerAway = isConnecting || failure is PeerSilentException ? NoteUnreachable(address, text) : failure is TimeoutException and not ProgramBusyException && NoteSilence(address, text),
        };
    }

    private void NoteAnswer(string address)
    {
        if (watch is { IsEmpty: false })
        {
            watch.NoteAnswer(address);
        }
    }

    /// <summary>A request ran out of time. When its connection was given up for that, the server is away; else it is slow.</summary>
    private bool NoteSilence(string address, string reason) => remoting.Find(address) is null && NoteUnreachable(address, reason);

    private bool NoteUnreachable(string address, string reason)
    {
        watch?.NoteUnreachable(address, reason);
        return watch is not null;
    }

    private static RocketMqErrorReason ReasonOf(Exception failure) => failure switch
    {
        ProgramBusyException or InvalidOperationException => RocketMqErrorReason.ClientBusy,
        TimeoutException or PeerSilentException => RocketMqErrorReason.Timeout,
        FormatException => RocketMqErrorReason.InvalidAnswer,
        _ => RocketMqErrorReason.ConnectionLost,
    };

    private static bool IsUnreachable(Exception failure) =>
        failure is TimeoutException or IOException or SocketException or FormatException or InvalidOperationException and not ObjectDisposedException;
}
