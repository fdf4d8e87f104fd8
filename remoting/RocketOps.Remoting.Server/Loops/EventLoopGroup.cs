using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Remoting.Server.Streams;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// The event loops of a server: the first accepts and gives every connection to the loop with the fewest, where it stays.
/// </summary>
internal sealed class EventLoopGroup : IRemotingPorts, IAsyncDisposable
{
    private readonly OpenConnections _connections;
    private readonly List<Socket> _listeners;
    private readonly EventLoop[] _loops;
    private readonly StreamConnections? _tls;
    private readonly string _idPrefix = string.Create(CultureInfo.InvariantCulture, $"{Environment.TickCount64:X}-");
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _watchGate = new();
    private ITimer? _watch;
    private long _lastId;
    private Task? _stopped;

    private EventLoopGroup(OpenConnections connections, INativeSockets sockets, List<Socket> listeners, TimeProvider watchTime)
    {
        _connections = connections;
        _listeners = listeners;
        EndPoints = [.. listeners.Select(static listener => (IPEndPoint)listener.LocalEndPoint!)];
        _tls = connections.Options.Tls is null ? null : new StreamConnections(connections);
        int loops = connections.Options.Loops > 0 ? connections.Options.Loops : Math.Clamp(Environment.ProcessorCount / 2, 1, 8);
        _loops = new EventLoop[loops];
        for (int i = 0; i < loops; i++)
        {
            _loops[i] = new EventLoop(i, this, connections, sockets, watchTime);
        }

        Guard = new LoopGuard(_loops);
    }

    /// <summary>Replaces a loop's thread that hangs in a commit.</summary>
    public LoopGuard Guard { get; }

    /// <summary>Ends when a loop has failed or is stuck, with the reason.</summary>
    public Task<Exception> Failed => _failed.Task;

    public bool TakesTls => _tls is not null;

    /// <summary>The bound addresses with their real ports.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints { get; }

    /// <summary>Binds and starts serving. Throws <see cref="IOException"/> when a port is taken.</summary>
    /// <param name="connections">What the loops share.</param>
    /// <param name="sockets">The system calls.</param>
    /// <param name="listeners">Listeners of the test's own; null binds the end points of the options.</param>
    /// <param name="watchTime">
    /// By which it is judged whether a loop is stuck; null is the system's clock. Not the server's: what threads do takes real time, also where a test moves the clock by hours.
    /// </param>
    public static EventLoopGroup Start(OpenConnections connections, INativeSockets sockets, IReadOnlyList<int>? listeners = null, TimeProvider? watchTime = null)
    {
        watchTime ??= TimeProvider.System;
        List<Socket> bound = BoundPorts.Listen(listeners is null ? connections.Options.EndPoints : []);
        EventLoopGroup group;
        try
        {
            bound.ForEach(static listener => listener.Blocking = false);
            group = new EventLoopGroup(connections, sockets, bound, watchTime);
        }
        catch
        {
            bound.ForEach(static listener => listener.Dispose());
            throw;
        }

        group._loops[0].Listen(listeners ?? [.. bound.Select(static listener => (int)listener.Handle)]);
        foreach (EventLoop loop in group._loops)
        {
            loop.Start();
        }

        group.Guard.Start();
        group._watch = watchTime.CreateTimer(static state => ((EventLoopGroup)state!).GiveUpStuck(), group, TickWatch.Interval, TickWatch.Interval);
        return group;
    }

    public string NextId() => string.Create(CultureInfo.InvariantCulture, $"{_idPrefix}{Interlocked.Increment(ref _lastId)}");

    /// <summary>Finds the loop with the fewest connections of those that serve. A loop that runs asks, so there is one.</summary>
    public EventLoop FewestConnections(EventLoop asking)
    {
        EventLoop fewest = asking;
        foreach (EventLoop loop in _loops)
        {
            if (!loop.HasFailed && loop.Count < fewest.Count)
            {
                fewest = loop;
            }
        }

        return fewest;
    }

    /// <summary>A loop has failed.</summary>
    public void Fail(Exception error) => _failed.TrySetResult(error);

    public void HandOver(int descriptor, IPEndPoint remote, IPEndPoint local) => _tls!.TakeTls(descriptor, remote, local);

    /// <summary>The accepting loop has let go of the listeners.</summary>
    public void CloseListeners(EventLoop loop)
    {
        if (loop == _loops[0])
        {
            _listeners.ForEach(listener => listener.Dispose());
        }
    }

    /// <summary>Stops accepting, lets every connection answer what it has taken, then closes; cuts what is left after the drain timeout or with <paramref name="deadline"/>.</summary>
    public Task StopAsync(CancellationToken deadline) => _stopped ??= StopCoreAsync(deadline);

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);

    private async Task StopCoreAsync(CancellationToken deadline)
    {
        Array.ForEach(_loops, loop => loop.BeginStop());
        Task ended = Task.WhenAll(_loops.Select(loop => loop.Ended).Append(_tls?.StopAsync() ?? Task.CompletedTask));
        ITimer drained = _connections.Time.CreateTimer(static state => ((EventLoopGroup)state!).CutRest(), this, OrderlyEnd.DrainTimeout, Timeout.InfiniteTimeSpan);
        await using (deadline.UnsafeRegister(static state => ((EventLoopGroup)state!).CutRest(), this).ConfigureAwait(false))
        {
            await ended.ConfigureAwait(false);
        }

        // Not before: a loop may be stuck while it stops.
        await _watch!.DisposeAsync().ConfigureAwait(false);
        await Guard.StopAsync().ConfigureAwait(false);
        await drained.DisposeAsync().ConfigureAwait(false);
    }

    private void GiveUpStuck()
    {
        // After a process stood still two looks may come at once.
        lock (_watchGate)
        {
            Array.ForEach(_loops, static loop => loop.GiveUpIfStuck());
        }
    }

    private void CutRest()
    {
        Array.ForEach(_loops, loop => loop.CutRest());
        _connections.CutAll();
    }
}
