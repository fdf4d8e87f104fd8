using System.Net;
using System.Net.Sockets;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// Stands between a slave and its master's replication port and spoils the connection: passes bytes on in pieces of any size and late, ends connections in the middle of a frame,
/// and loses bytes of the log, which TCP does not, but a faulty box on the way may. Everything it does follows from the seed and what comes.
/// </summary>
internal sealed class HaProxy : IAsyncDisposable
{
    private const int MaxPieceBytes = 8 * 1024;

    private readonly string _master;
    private readonly int _seed;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private int _connections;
    private int _cut;
    private int _lost;
    private volatile bool _isFaithful;

    public HaProxy(string master, int seed)
    {
        _master = master;
        _seed = seed;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>Connections it ended.</summary>
    public int Cut => Volatile.Read(ref _cut);

    /// <summary>Connections on which it lost bytes.</summary>
    public int Lost => Volatile.Read(ref _lost);

    /// <summary>From now on new connections are passed on as they are.</summary>
    public void BeFaithful() => _isFaithful = true;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> served = [];
        try
        {
            while (true)
            {
                served.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token), new Random(_seed + _connections++)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient slave, Random random)
    {
        using (slave)
        using (TcpClient master = new())
        using (CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token))
        {
            try
            {
                await master.ConnectAsync(IPEndPoint.Parse(_master), ending.Token);
                Task reports = slave.GetStream().CopyToAsync(master.GetStream(), ending.Token);
                Task log = _isFaithful ? master.GetStream().CopyToAsync(slave.GetStream(), ending.Token) : SpoilAsync(master.GetStream(), slave.GetStream(), random, ending.Token);
                await Task.WhenAny(reports, log);
                await ending.CancelAsync();
                await Task.WhenAll(reports, log);
            }
            catch (Exception ended) when (ended is IOException or SocketException or OperationCanceledException)
            {
                // Either end has gone, or this one is to.
            }
        }
    }

    /// <summary>Passes the log on until it has done its harm.</summary>
    private async Task SpoilAsync(NetworkStream from, NetworkStream to, Random random, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[MaxPieceBytes];
        long harmAt = random.Next(1, 300_000);
        bool loses = random.Next(2) == 0;
        long passed = 0;
        while (true)
        {
            int read = await from.ReadAsync(buffer.AsMemory(0, random.Next(1, MaxPieceBytes)), cancellationToken);
            if (read == 0)
            {
                return;
            }

            if (random.Next(4) == 0)
            {
                await Task.Delay(random.Next(1, 20), cancellationToken);
            }

            if (passed + read >= harmAt)
            {
                int whole = (int)(harmAt - passed);
                await to.WriteAsync(buffer.AsMemory(0, Math.Min(whole, read)), cancellationToken);
                if (!loses)
                {
                    Interlocked.Increment(ref _cut);
                    return;
                }

                // A few bytes are missing from now on: the slave has to find that out.
                Interlocked.Increment(ref _lost);
                int missing = Math.Min(read - whole, random.Next(1, 16));
                await to.WriteAsync(buffer.AsMemory(whole + missing, read - whole - missing), cancellationToken);
                harmAt = long.MaxValue;
            }
            else
            {
                await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            passed += read;
        }
    }
}
