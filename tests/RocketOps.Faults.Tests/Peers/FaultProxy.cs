using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RocketOps.Faults.Tests.Peers;

/// <summary>The way of clients to a server, which a test damages. It knows frames. Thread-safe.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly HashSet<ProxiedConnection> _connections = [];
    private readonly ConcurrentDictionary<int, int> _requests = new();
    private readonly Task _accepting;
    private TaskCompletionSource _over = NewOver();
    private PeerFault _fault = PeerFault.None;
    private long _damaged;

    /// <param name="address">Where clients connect to.</param>
    /// <param name="target">Where the server listens.</param>
    public FaultProxy(IPEndPoint address, IPEndPoint target)
    {
        _target = target;
        _over.SetResult();
        _listener = new TcpListener(address);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Frames and connections that a fault has met so far.</summary>
    public long Damaged => Volatile.Read(ref _damaged);

    /// <summary>The fault at this moment, and its end.</summary>
    public (PeerFault Fault, Task Over) Now
    {
        get
        {
            lock (_lock)
            {
                return (_fault, _over.Task);
            }
        }
    }

    public void Begin(PeerFault fault)
    {
        ProxiedConnection[] found;
        lock (_lock)
        {
            _fault = fault;
            _over = NewOver();
            found = [.. _connections];
        }

        foreach (ProxiedConnection connection in found)
        {
            if (fault.EndsConnections)
            {
                NoteDamage();
                connection.End();
            }
            else if (fault.Kind == PeerFaultKind.OldConnectionsDead)
            {
                connection.Silence();
            }
        }
    }

    /// <summary>Ends the fault. A connection whose frames it cut ends, as none can follow.</summary>
    public void Heal()
    {
        ProxiedConnection[] found;
        lock (_lock)
        {
            _fault = PeerFault.None;
            _over.TrySetResult();
            found = [.. _connections];
        }

        foreach (ProxiedConnection connection in found.Where(static connection => connection.IsCut))
        {
            connection.End();
        }
    }

    /// <summary>Requests of a code that clients have sent so far.</summary>
    public int Requests(int code) => _requests.GetValueOrDefault(code);

    public void NoteRequest(int code) => _requests.AddOrUpdate(code, 1, static (_, count) => count + 1);

    public void NoteDamage() => Interlocked.Increment(ref _damaged);

    public async ValueTask DisposeAsync()
    {
        Begin(new PeerFault(PeerFaultKind.Refused));
        Heal();
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stopping.Dispose();
    }

    private static TaskCompletionSource NewOver() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task AcceptAsync()
    {
        List<Task> served = [];
        try
        {
            while (true)
            {
                served.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token)));
                served.RemoveAll(static task => task.IsCompletedSuccessfully);
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using ProxiedConnection connection = new(this, client, _stopping.Token);
        lock (_lock)
        {
            if (_fault.Kind == PeerFaultKind.Refused)
            {
                NoteDamage();
                client.Client.LingerState = new LingerOption(enable: true, seconds: 0);
                return;
            }

            _connections.Add(connection);
        }

        await connection.ServeAsync(_target);
        lock (_lock)
        {
            _connections.Remove(connection);
        }
    }
}
