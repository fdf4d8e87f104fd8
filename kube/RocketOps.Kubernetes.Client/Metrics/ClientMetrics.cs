using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RocketOps.Kubernetes.Metrics;

/// <summary>Numbers of the requests to the API server.</summary>
public sealed class ClientMetrics
{
    /// <summary>Name of the meter, which clients and controllers share.</summary>
    public const string MeterName = "RocketOps.Kubernetes";

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;

    public ClientMetrics(IMeterFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        Meter meter = factory.Create(MeterName);
        _requests = meter.CreateCounter<long>("rocketops.operator.api.requests", "{request}", "Requests to the API server, by verb and status code; code 0 when there was no answer.");
        _duration = meter.CreateHistogram<double>("rocketops.operator.api.request.duration", "s", "Time until the API server began to answer, by verb.");
    }

    /// <param name="verb">get (lists too), watch, create, update, patch or delete.</param>
    /// <param name="code">HTTP status; 0 without an answer.</param>
    /// <param name="duration">Until the answer began.</param>
    internal void Answered(string verb, int code, TimeSpan duration)
    {
        _requests.Add(1, new TagList { { "verb", verb }, { "code", code } });
        _duration.Record(duration.TotalSeconds, new TagList { { "verb", verb } });
    }
}
