namespace RocketOps.Broker.Statistics.History;

/// <summary>What of <see cref="Traffic"/> a statistic is about.</summary>
internal enum TrafficUnit
{
    Messages = 0,

    Bytes,
}
