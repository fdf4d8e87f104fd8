using System.Net;
using System.Net.Sockets;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

/// <summary>A way to a server of this machine whose connections can vanish, as those do whose load balancer has forgotten them: nothing arrives any more, and nobody closes them.</summary>
internal sealed class VanishingPath : IAsyncDisposable
{
    private readonly int _server;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly List<Task> _ways = [];
    private readonly TaskCompletionSource _swallowed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _accepting;
    private volatile int _vanished;
    private int _taken;

    public VanishingPath(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Completes when something was sent over a connection that has vanished.</summary>
    public Task Swallowed => _swallowed.Task;

    /// <summary>Whatever is connected now stays so and carries nothing; later connections are not concerned.</summary>
    public void Vanish() => _vanished = Volatile.Read(ref _taken);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        await _accepting.ContinueWith(static _ => { }, TaskScheduler.Default);
        await Task.WhenAll(_ways).ContinueWith(static _ => { }, TaskScheduler.Default);
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_ended.Token);
            _ways.Add(CarryAsync(client, Interlocked.Increment(ref _taken)));
        }
    }

    private async Task CarryAsync(TcpClient client, int number)
    {
        using TcpClient near = client;
        using TcpClient far = new();
        await far.ConnectAsync(IPAddress.Loopback, _server, _ended.Token);
        await Task.WhenAny(CopyAsync(near.GetStream(), far.GetStream(), number), CopyAsync(far.GetStream(), near.GetStream(), number));
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, int number)
    {
        byte[] buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer, _ended.Token) is > 0 and int length)
        {
            if (number <= _vanished)
            {
                _swallowed.TrySetResult();
            }
            else
            {
                await to.WriteAsync(buffer.AsMemory(0, length), _ended.Token);
            }
        }
    }
}
