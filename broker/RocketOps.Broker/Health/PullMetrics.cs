using RocketOps.Broker.Pulling;

namespace RocketOps.Broker.Health;

/// <summary>Part of the metrics page about pulls: what was delivered, and how many wait. Thread-safe.</summary>
internal sealed class PullMetrics(PullCounters pulls, ParkedPulls parked) : IMetricsPart
{
    public void AddTo(MetricsText text)
    {
        text.Add("rocketops_messages_delivered_total", "counter", "Messages delivered to pulls since the start.", pulls.Messages);
        text.Add("rocketops_bytes_delivered_total", "counter", "Bytes of records delivered to pulls since the start.", pulls.Bytes);
        text.Add("rocketops_pulls_parked", "gauge", "Pulls that wait for messages.", parked.Count);
    }
}
