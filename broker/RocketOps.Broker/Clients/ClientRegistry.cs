using System.Collections.Concurrent;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Ordering;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>Ends memberships, when a connection closes and when heartbeats stop, and the queue locks nobody renews.</summary>
internal sealed class ClientRegistry(BrokerSettings settings, ConsumerTable consumers, ProducerTable producers, QueueLocks locks, TimeProvider time) : IAsyncDisposable
{
    /// <summary>RocketMQ scans as often.</summary>
    private static readonly TimeSpan ScanInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<RemotingConnection, byte> _watched = new();
    private ITimer? _scan;

    public void Start() => _scan = time.CreateTimer(static state => ((ClientRegistry)state!).Scan(), this, ScanInterval, ScanInterval);

    /// <summary>To be called after the connection's client was registered: the connection may have closed meanwhile, and then this removes it at once.</summary>
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

    public ValueTask DisposeAsync() => _scan?.DisposeAsync() ?? ValueTask.CompletedTask;

    internal void Scan()
    {
        long before = (time.GetUtcNow() - settings.Current.ChannelExpiredTimeout).ToUnixTimeMilliseconds();
        consumers.Expire(before);
        producers.Expire(before);
        locks.RemoveExpired();
    }

    private void Forget(RemotingConnection connection)
    {
        _watched.TryRemove(connection, out _);
        consumers.Remove(connection);
        producers.Remove(connection);
    }

    private sealed class Closing(ClientRegistry registry, RemotingConnection connection)
    {
        public void Run() => registry.Forget(connection);
    }
}
