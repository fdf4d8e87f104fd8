using System.Net;
using System.Net.Sockets;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>The way by which members reach one of them, its remoting and its replication port: passes everything on, passes nothing on while it says nothing about it (half-open), or ends every connection.</summary>
internal sealed class MemberProxy : IAsyncDisposable
{
    private readonly List<TcpListener> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _open = new();
    private CancellationTokenSource _connected = new();
    private bool _refuses;

    /// <param name="address">Where members connect to.</param>
    /// <param name="target">Where the member listens.</param>
    /// <param name="ports">The same there and here.</param>
    public MemberProxy(IPAddress address, IPAddress target, params int[] ports)
    {
        _open.SetResult();
        foreach (int port in ports)
        {
            TcpListener listener = new(address, port);
            listener.Start();
            _listeners.Add(listener);
            _accepting.Add(AcceptAsync(listener, new IPEndPoint(target, port)));
        }
    }

    /// <summary>Nothing comes through, and nobody is told.</summary>
    public void Freeze()
    {
        lock (_lock)
        {
            _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>All connections end, and so do new ones.</summary>
    public void Refuse()
    {
        CancellationTokenSource ended;
        lock (_lock)
        {
            _refuses = true;
            ended = _connected;
            _connected = new CancellationTokenSource();
        }

        ended.Cancel();
    }

    public void Heal()
    {
        lock (_lock)
        {
            _refuses = false;
            _open.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Refuse();
        Heal();
        await _stopping.CancelAsync();
        _listeners.ForEach(static listener => listener.Stop());
        await Task.WhenAll(_accepting);
        _stopping.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, IPEndPoint target)
    {
        List<Task> served = [];
        try
        {
            while (true)
            {
                served.Add(ServeAsync(await listener.AcceptTcpClientAsync(_stopping.Token), target));
                served.RemoveAll(static task => task.IsCompletedSuccessfully);
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient from, IPEndPoint target)
    {
        using (from)
        using (TcpClient to = new())
        {
            bool refuses;
            CancellationToken ended;
            lock (_lock)
            {
                refuses = _refuses;
                ended = _connected.Token;
            }

            if (refuses)
            {
                return;
            }

            try
            {
                await to.ConnectAsync(target, ended);
                await Task.WhenAny(PassAsync(from.GetStream(), to.GetStream(), ended), PassAsync(to.GetStream(), from.GetStream(), ended));
            }
            catch (Exception over) when (over is SocketException or IOException or OperationCanceledException)
            {
                // Either end is gone, or this connection was ended.
            }
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to, CancellationToken ended)
    {
        byte[] buffer = new byte[32 * 1024];
        try
        {
            while (true)
            {
                int read = await from.ReadAsync(buffer, ended);
                Task open;
                lock (_lock)
                {
                    open = _open.Task;
                }

                await open.WaitAsync(ended);
                if (read == 0)
                {
                    return;
                }

                await to.WriteAsync(buffer.AsMemory(0, read), ended);
            }
        }
        catch (Exception over) when (over is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The other direction ends with this one.
        }
    }
}
