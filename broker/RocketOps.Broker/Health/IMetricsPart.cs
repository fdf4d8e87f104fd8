namespace RocketOps.Broker.Health;

/// <summary>Part of the metrics page: the figures of some features. Thread-safe.</summary>
internal interface IMetricsPart
{
    void AddTo(MetricsText text);
}
