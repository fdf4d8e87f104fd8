using RocketOps.Broker.Statistics.History;

namespace RocketOps.Broker.Statistics;

/// <summary>A statistic over its three windows.</summary>
internal readonly record struct StatisticsData(TrafficWindow Minute, TrafficWindow Hour, TrafficWindow Day);
