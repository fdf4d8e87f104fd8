using System.Net;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// Requests of other threads to an event loop: connections it is to look at or to take over, and its stop. Whoever puts something in wakes
/// the loop if it sleeps. Thread-safe, but for the methods that say that they are the loop's.
/// </summary>
internal sealed class LoopInbox
{
    private readonly INativeSockets _sockets;
    private readonly int _signal;
    private readonly Lock _gate = new();
    private List<LoopSocket> _posted = [];
    private List<LoopSocket> _postedSpare = [];
    private List<AdoptedSocket> _adopted = [];
    private List<AdoptedSocket> _adoptedSpare = [];
    private bool _closed;
    private int _sleeping;
    private volatile int _stopStage;

    /// <param name="sockets">The system calls.</param>
    /// <param name="signal">What the loop waits for beside its connections.</param>
    public LoopInbox(INativeSockets sockets, int signal)
    {
        _sockets = sockets;
        _signal = signal;
    }

    /// <summary>Stage that the loop is to reach in its stop: 0 none, 1 it drains, 2 it cuts what is left.</summary>
    public int StopStage => _stopStage;

    /// <summary>The loop waits for events, and nobody has woken it.</summary>
    public bool IsSleeping => Volatile.Read(ref _sleeping) == 1;

    /// <summary>The loop looks at the socket in its next tick.</summary>
    public void Post(LoopSocket socket)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _posted.Add(socket);
                WakeLocked();
            }
        }
    }

    /// <summary>Hands the loop a connection another loop has accepted; false when this loop has ended.</summary>
    public bool TryAdopt(in AdoptedSocket accepted)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _adopted.Add(accepted);
            WakeLocked();
            return true;
        }
    }

    /// <summary>The loop's stop gets at least as far as <paramref name="stage"/>.</summary>
    public void Advance(int stage)
    {
        lock (_gate)
        {
            _stopStage = Math.Max(_stopStage, stage);
            if (!_closed)
            {
                WakeLocked();
            }
        }
    }

    /// <summary>
    /// The loop's, before it sleeps: false when there is something to do. Whoever puts something in from here on wakes the loop; what was put in before is seen here.
    /// </summary>
    public bool TryAnnounceSleep(int reachedStage)
    {
        Interlocked.Exchange(ref _sleeping, 1);
        lock (_gate)
        {
            return _posted.Count == 0 && _adopted.Count == 0 && _stopStage <= reachedStage;
        }
    }

    /// <summary>The loop's, after it slept.</summary>
    public void EndSleep() => Volatile.Write(ref _sleeping, 0);

    /// <summary>The loop's: takes everything out. The lists are the caller's until the next call, which wants them empty.</summary>
    public void Take(out List<LoopSocket> posted, out List<AdoptedSocket> adopted)
    {
        lock (_gate)
        {
            posted = _posted;
            _posted = _postedSpare;
            _postedSpare = posted;
            adopted = _adopted;
            _adopted = _adoptedSpare;
            _adoptedSpare = adopted;
        }
    }

    /// <summary>The loop's: takes nothing any more, unless a connection was handed over meanwhile.</summary>
    public bool TryClose()
    {
        lock (_gate)
        {
            _closed = _adopted.Count == 0;
            return _closed;
        }
    }

    /// <summary>Takes nothing any more, whatever there is; gives out the connections that were handed over and are not the loop's yet.</summary>
    public void Close(out List<AdoptedSocket> adopted)
    {
        lock (_gate)
        {
            _closed = true;
            adopted = _adopted;
            _adopted = [];
        }
    }

    /// <summary>One write for all that is put in while the loop is busy or on its way: it looks again before it sleeps.</summary>
    private void WakeLocked()
    {
        if (Interlocked.Exchange(ref _sleeping, 0) == 1)
        {
            _sockets.Signal(_signal);
        }
    }
}

/// <summary>An accepted connection on its way to the event loop it is to stay with, which owns the descriptor from then on.</summary>
internal readonly record struct AdoptedSocket(int Descriptor, IPEndPoint Remote, IPEndPoint Local);
