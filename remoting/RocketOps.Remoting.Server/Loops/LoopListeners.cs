using System.Net;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>The listeners of an event loop: accepts what they offer, and leaves it for a while when the system has no more descriptors or memory. The loop's thread only.</summary>
internal sealed class LoopListeners(INativeSockets sockets, int poll, OpenConnections connections)
{
    /// <summary>The tag of the first listener's events, the next one's is below it. Connections have tags from 0, <see cref="EventLoop"/>'s signal has -1.</summary>
    public const int FirstTag = -2;

    /// <summary>Milliseconds for which nothing is accepted after the system refused.</summary>
    public const int RetryMilliseconds = 100;

    private const int AcceptsPerTick = 64;

    private IReadOnlyList<int> _listeners = [];
    private long _pausedAt;

    public bool IsPaused { get; private set; }

    /// <summary>Takes listeners, as descriptors, and watches for connections.</summary>
    public void Add(IReadOnlyList<int> listeners)
    {
        _listeners = listeners;
        NativeResult.Checked(Watch());
    }

    /// <summary>Accepts what waits at the listener whose events have <paramref name="tag"/>, some at a time; <paramref name="loop"/> places the connections.</summary>
    public void Accept(int tag, EventLoop loop)
    {
        int listener = _listeners[FirstTag - tag];
        for (int i = 0; i < AcceptsPerTick && !IsPaused; i++)
        {
            int descriptor = sockets.Accept(listener, out IPEndPoint remote, out IPEndPoint local);
            if (descriptor >= 0)
            {
                if (connections.TryTake())
                {
                    loop.Place(new AdoptedSocket(descriptor, remote, local));
                }
                else
                {
                    _ = sockets.Close(descriptor);
                    RemotingLog.TooManyConnections(connections.Logger, remote, connections.Count);
                }
            }
            else if (descriptor == -LinuxSockets.TryAgain)
            {
                return;
            }
            else if (-descriptor is LinuxSockets.TooManyFiles or LinuxSockets.TooManyFilesOfSystem or LinuxSockets.OutOfMemory or LinuxSockets.NoBuffers)
            {
                Pause(-descriptor);
            }

            // Every other error is that of the one connection, which is gone.
        }
    }

    /// <summary>Accepts again when the pause has lasted long enough.</summary>
    public void ResumeWhenDue()
    {
        if (IsPaused && connections.Time.GetElapsedTime(_pausedAt).TotalMilliseconds >= RetryMilliseconds)
        {
            IsPaused = false;
            int watched = Watch();
            if (watched < 0)
            {
                // What was short for the connections may be short for this as well.
                Pause(-watched);
            }
        }
    }

    /// <summary>Accepts no more, and lets go of the descriptors without closing them.</summary>
    public void Release()
    {
        if (!IsPaused)
        {
            Unwatch();
        }

        IsPaused = false;
        _listeners = [];
    }

    private void Pause(int errno)
    {
        RemotingLog.AcceptFailed(connections.Logger, errno, RetryMilliseconds);
        IsPaused = true;
        _pausedAt = connections.Time.GetTimestamp();
        Unwatch();
    }

    /// <summary>Below zero when one of them cannot be watched: its errno, negated.</summary>
    private int Watch()
    {
        int worst = 0;
        for (int i = 0; i < _listeners.Count; i++)
        {
            worst = Math.Min(worst, sockets.Watch(poll, _listeners[i], FirstTag - i, edge: false));
        }

        return worst;
    }

    private void Unwatch()
    {
        foreach (int listener in _listeners)
        {
            _ = sockets.Unwatch(poll, listener);
        }
    }
}
