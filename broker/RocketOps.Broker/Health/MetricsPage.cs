using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Health;

/// <summary>
/// Page of figures in Prometheus' text format, names and labels as a RocketMQ 5 broker exports them where it has the figure (admin.md §4.1), ours with the
/// prefix rocketops_.
/// </summary>
internal sealed class MetricsPage(BrokerSettings settings, IReadOnlyList<IMetricsPart> parts)
{
    public string Render()
    {
        MetricsText text = new(settings.Current.ClusterName, settings.Current.BrokerName);
        foreach (IMetricsPart part in parts)
        {
            part.AddTo(text);
        }

        return text.ToString();
    }
}
