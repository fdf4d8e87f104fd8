namespace RocketOps.Broker.Statistics.History;

/// <summary>Part of <see cref="Traffic"/> that a statistic is about.</summary>
internal enum TrafficUnit
{
    Messages = 0,

    Bytes,
}
