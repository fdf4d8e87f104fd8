using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RocketOps.Kubernetes.Metrics;

/// <summary>Numbers of all controllers of a process; the tag <c>kind</c> tells them apart.</summary>
public sealed class ControllerMetrics
{
    public const string MeterName = ClientMetrics.MeterName;

    private readonly Meter _meter;
    private readonly Counter<long> _reconciles;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _wait;
    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _corrections;

    public ControllerMetrics(IMeterFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        _meter = factory.Create(MeterName);
        _reconciles = _meter.CreateCounter<long>("rocketops.operator.reconciles", "{pass}", "Passes, by kind and result.");
        _duration = _meter.CreateHistogram<double>("rocketops.operator.reconcile.duration", "s", "Duration of a pass.");
        _wait = _meter.CreateHistogram<double>("rocketops.operator.queue.wait", "s", "Time a key waited for a worker.");
        _active = _meter.CreateUpDownCounter<long>("rocketops.operator.workers.active", "{worker}", "Workers in a pass.");
        _corrections = _meter.CreateCounter<long>("rocketops.operator.drift.corrections", "{correction}", "What somebody changed and a pass put back, by the kind of what was changed.");
    }

    /// <summary>Something was as asked for, was changed by somebody, and has been put back.</summary>
    /// <param name="kind">Of what was changed: Service, Topic.</param>
    public void Corrected(string kind) => _corrections.Add(1, new TagList { { "kind", kind } });

    internal void Observe(string kind, Func<int> depth, Func<int> failing, Func<int> cached, Func<TimeSpan> silence)
    {
        KeyValuePair<string, object?> tag = new("kind", kind);
        _meter.CreateObservableGauge("rocketops.operator.queue.depth", () => new Measurement<int>(depth(), tag), "{key}", "Keys waiting for a worker.");
        _meter.CreateObservableGauge("rocketops.operator.queue.failing", () => new Measurement<int>(failing(), tag), "{key}", "Keys whose last pass failed.");
        _meter.CreateObservableGauge("rocketops.operator.cache.objects", () => new Measurement<int>(cached(), tag), "{object}", "Objects in the cache.");
        _meter.CreateObservableGauge(
            "rocketops.operator.watch.silence", () => new Measurement<double>(silence().TotalSeconds, tag), "s", "Time since the API server was last heard of.");
    }

    internal void ObserveUnreadable(string kind, Func<int> count) => _meter.CreateObservableGauge(
        "rocketops.operator.unreadable_objects",
        () => new Measurement<int>(count(), new KeyValuePair<string, object?>("kind", kind)),
        "{object}",
        "Objects that do not fit their type: the operator goes on with what it read of them last, or without them.");

    internal void Started(string kind, TimeSpan waited)
    {
        TagList tags = new() { { "kind", kind } };
        _wait.Record(waited.TotalSeconds, tags);
        _active.Add(1, tags);
    }

    internal void Ended(string kind, string result, TimeSpan duration)
    {
        _active.Add(-1, new TagList { { "kind", kind } });
        TagList tags = new() { { "kind", kind }, { "result", result } };
        _reconciles.Add(1, tags);
        _duration.Record(duration.TotalSeconds, tags);
    }
}
