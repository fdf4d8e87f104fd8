using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Hosting;

/// <summary>Options of connections and of the loops that serve them.</summary>
internal sealed class RemotingPortOptions(PropertyValues values) : IFeatureOptions<RemotingPortOptions>
{
    public TimeSpan IdleTimeout { get; } = TimeSpan.FromSeconds(values.Get(Keys.ServerChannelMaxIdleTimeSeconds));

    public int MaxConnections { get; } = values.Get(Keys.MaxConnections);

    public int RemotingLoops { get; } = values.Get(Keys.RemotingLoops);

    public int LingerMicros { get; } = values.Get(Keys.LingerMicros);

    public long MaxHeldBytes { get; } = values.Get(Keys.MaxHeldBytes);

    public TimeSpan HeldBytesTimeout { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.HeldBytesTimeout));

    public int MinFrameBytesPerSecond { get; } = values.Get(Keys.MinFrameBytesPerSecond);

    public static RemotingPortOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> ServerChannelMaxIdleTimeSeconds = Int32(
            "serverChannelMaxIdleTimeSeconds", 120, 1,
            description: "Connections silent for so long are closed.");

        public static readonly PropertyDefinition<int> MaxConnections = Int32(
            "maxConnections", 65_536, 1,
            description: "Connections beyond this are refused. Not in RocketMQ.");

        public static readonly PropertyDefinition<int> RemotingLoops = Int32(
            "remotingLoops", 0, 0, 64,
            description: "Event loops (threads) that serve the remoting ports; 0 takes half of the processors, at least 1 and at " +
                "most 8. Not in RocketMQ.");

        public static readonly PropertyDefinition<int> LingerMicros = Int32(
            "lingerMicros", 0, 0, 100_000,
            description: "Microseconds an event loop waits for more requests before it handles what has come: 200 halve the CPU of " +
                "10 000 messages/s and cost as much latency. Not in RocketMQ.");

        public static readonly PropertyDefinition<long> MaxHeldBytes = Int64(
            "maxHeldBytes", 256L * 1024 * 1024, 32L * 1024 * 1024,
            description: "Bytes all connections together may hold for their peers (unfinished frames, requests in work and what is " +
                "built for them, pulls that wait, answers not taken). Above it nothing new is read of connections that hold more " +
                "than their share, and after heldBytesTimeout, or at once a quarter above it, the greediest are closed. Counts as a " +
                "quarter of the memory the process may have (three quarters of a container's limit) where that is less. Not in " +
                "RocketMQ.");

        public static readonly PropertyDefinition<int> HeldBytesTimeout = Int32(
            "heldBytesTimeout", 1_000, 1, 60_000,
            description: "Milliseconds maxHeldBytes may be exceeded before the greediest connections are closed, as many as it " +
                "takes. Not in RocketMQ.");

        public static readonly PropertyDefinition<int> MinFrameBytesPerSecond = Int32(
            "minFrameBytesPerSecond", 512, 0, 1024 * 1024,
            description: "Connections whose request has begun and comes more slowly, for half a minute, are closed; 0 closes none. " +
                "Not in RocketMQ.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            ServerChannelMaxIdleTimeSeconds, MaxConnections, RemotingLoops, LingerMicros, MaxHeldBytes, HeldBytesTimeout,
            MinFrameBytesPerSecond,
        ];
    }
}
