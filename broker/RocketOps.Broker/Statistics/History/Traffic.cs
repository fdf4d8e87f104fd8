namespace RocketOps.Broker.Statistics.History;

/// <summary>A counter's state: how many messages, how many bytes, in how many requests. They only grow.</summary>
internal readonly record struct Traffic(long Messages, long Bytes, long Times);

/// <summary>Part of <see cref="Traffic"/> that a statistic is about.</summary>
internal enum TrafficUnit
{
    Messages = 0,

    Bytes,
}

/// <summary>A statistic over a window: the sum, that per second, and the mean of a request. Source: admin.md §3.</summary>
internal readonly record struct TrafficWindow(long Sum, double Tps, double Average);
