using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Server.Connections;

/// <summary>The connections of a server, whatever carries them, and what they share. Thread-safe.</summary>
internal sealed class OpenConnections
{
    /// <summary>The first byte of a TLS handshake. No frame of the protocol begins with it: it would be 369 MB long.</summary>
    public const byte TlsHandshake = 0x16;

    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    // Two frames.
    private const long LeastHeldBytes = 32L * 1024 * 1024;
    private const int MemoryShare = 4;

    private readonly ConcurrentDictionary<string, RemotingConnection> _connections = new(StringComparer.Ordinal);
    private long _count;
    private long _lastStreamId;

    public OpenConnections(RequestHandlerRegistry handlers, RemotingServerOptions options, TimeProvider time, ILogger logger)
    {
        Handlers = handlers;
        Options = options;
        Time = time;
        Logger = logger;
        Budget = new ByteBudget(Math.Min(options.MaxHeldBytes, Math.Max(LeastHeldBytes, options.MemoryBytes / MemoryShare)), options.HeldBytesTimeout, time, logger) { Connections = EachOpen };
    }

    public RequestHandlerRegistry Handlers { get; }

    public RemotingServerOptions Options { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public ByteBudget Budget { get; }

    public ICollection<RemotingConnection> All => _connections.Values;

    /// <summary>False when <see cref="RemotingServerOptions.MaxConnections"/> are open; else <see cref="GiveBack"/> ends what begins here.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _count) <= Options.MaxConnections)
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Connections that <see cref="TryTake"/> let in.</summary>
    public long Count => Volatile.Read(ref _count);

    public void GiveBack() => Interlocked.Decrement(ref _count);

    public void Add(RemotingConnection connection) => _connections.TryAdd(connection.Id, connection);

    public void Remove(RemotingConnection connection) => _connections.TryRemove(connection.Id, out _);

    /// <summary>An id for a connection that no event loop carries.</summary>
    public string NextStreamId() => string.Create(CultureInfo.InvariantCulture, $"stream-{Interlocked.Increment(ref _lastStreamId)}");

    /// <summary>Closes the connections on which nothing comes or goes, and those whose frames do not get on. Every <see cref="LookInterval"/>, by one thread at a time.</summary>
    public void CloseSilent()
    {
        foreach ((_, RemotingConnection connection) in _connections)
        {
            connection.CloseIfIdle();
            connection.CloseIfStalled(Options.MinFrameBytesPerSecond, LookInterval);
        }
    }

    /// <summary>Ends all connections at once, as a server does that has stopped for long enough.</summary>
    public void CutAll()
    {
        foreach (RemotingConnection connection in All)
        {
            connection.Abort("the server stops");
        }
    }

    /// <summary>Not <see cref="All"/>, which is a copy that is made while nobody can come or go: the budget looks often while it is exceeded.</summary>
    private IEnumerable<RemotingConnection> EachOpen()
    {
        foreach ((_, RemotingConnection connection) in _connections)
        {
            yield return connection;
        }
    }
}
