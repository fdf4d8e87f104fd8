using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Ordering;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>Ends memberships, when a connection closes and when heartbeats stop, and the queue locks nobody renews.</summary>
internal sealed partial class ClientRegistry(
    CurrentOptions<ClientTableOptions> options, ConsumerTable consumers, ProducerTable producers, Registrations registrations, QueueLocks locks, TimeProvider time, ILogger<ClientRegistry> logger)
    : IAsyncDisposable
{
    /// <summary>RocketMQ scans as often.</summary>
    private static readonly TimeSpan ScanInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<RemotingConnection, byte> _watched = new();
    private ITimer? _scan;

    public void Start() => _scan = time.CreateTimer(static state => ((ClientRegistry)state!).TryScan(), this, ScanInterval, ScanInterval);

    /// <summary>
    /// Removes a connection's entries when it closes, at once if it has closed meanwhile. Call it after the connection's client was
    /// registered, or a part of it.
    /// </summary>
    public void Watch(RemotingConnection connection)
    {
        if (_watched.TryAdd(connection, 0))
        {
            connection.Closed.UnsafeRegister(static (state, _) => ((Closing)state!).Run(), new Closing(this, connection));
        }
        else if (connection.Closed.IsCancellationRequested)
        {
            Forget(connection);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_scan is not null)
        {
            await _scan.DisposeAsync();
        }

        await consumers.DisposeAsync();
    }

    internal void Scan()
    {
        TimeSpan longest = options.Value.ChannelExpiredTimeout;
        consumers.Expire(longest);
        producers.Expire(longest);
        locks.RemoveExpired();
    }

    private void TryScan()
    {
        try
        {
            Scan();
        }
        catch (Exception failure)
        {
            // On a timer: an exception would end the process.
            LogScanFailed(failure);
        }
    }

    private void Forget(RemotingConnection connection)
    {
        _watched.TryRemove(connection, out _);
        consumers.Remove(connection);
        producers.Remove(connection);
        registrations.Remove(connection);
    }

    [LoggerMessage(EventId = 3512, Level = LogLevel.Error, Message = "Looking for clients without a heartbeat failed; tried again in 10 s")]
    private partial void LogScanFailed(Exception failure);

    private sealed class Closing(ClientRegistry registry, RemotingConnection connection)
    {
        public void Run() => registry.Forget(connection);
    }
}
