using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace RocketOps.Embedded.Kubelet.Network;

/// <summary>
/// Listens on one address and passes each connection on to the first target that takes it. Bytes are read only when the last ones have been
/// written, so a slow reader slows its writer; the end of one direction is passed on alone, a failure of either ends both with a reset.
/// </summary>
internal sealed partial class TcpForwarder : IAsyncDisposable
{
    // Further connections wait in the kernel's queue, whose length is the second number.
    private const int MaxConnections = 1024;
    private const int Backlog = 128;
    private const int BufferBytes = 16 * 1024;

    private static readonly TimeSpan AcceptRetry = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly Func<IReadOnlyList<IPEndPoint>> _targets;
    private readonly TimeSpan _connectTimeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _slots = new(MaxConnections);
    private readonly ConcurrentDictionary<Socket, Task> _connections = new();
    private readonly Task _accepting;

    private TcpForwarder(Socket listener, Func<IReadOnlyList<IPEndPoint>> targets, TimeSpan connectTimeout, TimeProvider time, ILogger logger)
    {
        _listener = listener;
        _targets = targets;
        _connectTimeout = connectTimeout;
        _time = time;
        _logger = logger;
        Address = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = Task.Run(AcceptAllAsync);
    }

    public IPEndPoint Address { get; }

    /// <summary>Begins to listen.</summary>
    /// <param name="address">Where; port 0 takes a free one.</param>
    /// <param name="targets">Asked for each connection; they are tried in this order. None refuses the connection.</param>
    /// <param name="connectTimeout">How long a target may take to accept before the next one is asked.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="logger">Told when connections cannot be taken.</param>
    /// <exception cref="SocketException">The address is taken or not of this machine.</exception>
    public static TcpForwarder Listen(IPEndPoint address, Func<IReadOnlyList<IPEndPoint>> targets, TimeSpan connectTimeout, TimeProvider time, ILogger logger)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(address);
            listener.Listen(Backlog);
            return new TcpForwarder(listener, targets, connectTimeout, time, logger);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Stops listening and resets the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections.Values);
        _slots.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAllAsync()
    {
        try
        {
            while (true)
            {
                await _slots.WaitAsync(_stop.Token);
                if (await TryAcceptAsync() is not { } client)
                {
                    _slots.Release();
                    await Task.Delay(AcceptRetry, _time, _stop.Token);
                    continue;
                }

                // The entry is there before the connection can end and take it out.
                TaskCompletionSource begin = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _connections[client] = ServeAsync(client, begin.Task);
                begin.SetResult();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    /// <summary>Null when the machine is short of something, such as file handles.</summary>
    private async Task<Socket?> TryAcceptAsync()
    {
        try
        {
            return await _listener.AcceptAsync(_stop.Token);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            _stop.Token.ThrowIfCancellationRequested();
            LogAcceptFailed(_logger, failure, Address);
            return null;
        }
    }

    private async Task ServeAsync(Socket client, Task begin)
    {
        await begin;
        try
        {
            using Socket? target = await ConnectAsync();
            if (target is null || !await PassAsync(client, target))
            {
                Reset(client);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException)
        {
            Reset(client);
        }
        finally
        {
            client.Dispose();
            _connections.TryRemove(client, out _);
            _slots.Release();
        }
    }

    private async Task<Socket?> ConnectAsync()
    {
        foreach (IPEndPoint target in _targets())
        {
            using CancellationTokenSource late = new(_connectTimeout, _time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _stop.Token);
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(target, either.Token);
                return socket;
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                socket.Dispose();
                _stop.Token.ThrowIfCancellationRequested();
            }
        }

        return null;
    }

    /// <summary>Both directions; whether both came to an orderly end.</summary>
    private async Task<bool> PassAsync(Socket client, Socket target)
    {
        client.NoDelay = true;
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        bool[] orderly = await Task.WhenAll(PassAsync(client, target, failed), PassAsync(target, client, failed));
        bool isOrderly = orderly is [true, true];
        if (!isOrderly)
        {
            Reset(target);
        }

        return isOrderly;
    }

    private static async Task<bool> PassAsync(Socket from, Socket to, CancellationTokenSource failed)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int received;
            while ((received = await from.ReceiveAsync(buffer.AsMemory(0, BufferBytes), failed.Token)) > 0)
            {
                int sent = 0;
                while (sent < received)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, received - sent), failed.Token);
                }
            }

            to.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            await failed.CancelAsync();
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>So that the peer takes what it has not got for lost.</summary>
    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (SocketException)
        {
            // The connection is gone already, which is what a reset is for.
        }

        socket.Dispose();
    }

    [LoggerMessage(EventId = 7062, Level = LogLevel.Warning, Message = "A connection to {Address} could not be accepted; trying again.")]
    private static partial void LogAcceptFailed(ILogger logger, Exception failure, IPEndPoint address);
}
