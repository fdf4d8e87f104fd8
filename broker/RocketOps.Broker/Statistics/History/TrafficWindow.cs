namespace RocketOps.Broker.Statistics.History;

/// <summary>A statistic over a window: the sum, that per second, and the mean of a request. Source: admin.md §3.</summary>
internal readonly record struct TrafficWindow(long Sum, double Tps, double Average);
