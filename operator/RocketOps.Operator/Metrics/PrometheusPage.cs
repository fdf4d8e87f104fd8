using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Hosting;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Metrics;

/// <summary>
/// The operator's figures in Prometheus' text format: listens to its meters from the start on. Names follow Prometheus' conventions (dots become <c>_</c>, the unit is the suffix, counters end with <c>_total</c>).
/// Labels are kinds, verbs, codes and results, which the code bounds, and clusters, of which there are as many as objects. Thread-safe.
/// </summary>
internal sealed class PrometheusPage : IHostedService, IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();
    private readonly Lock _rendering = new();

    public PrometheusPage(IMeterFactory factory, ClusterMetrics clusters)
    {
        // Whose gauges are there once it is.
        ArgumentNullException.ThrowIfNull(clusters);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Several operators of one process, as in tests, have meters of the same names.
            if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Meter.Name is ControllerMetrics.MeterName or OperatorMeter.Name)
            {
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, static instrument => new MetricFamily(instrument)));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MetricFamily)state!).Record(value, tags));
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public string Render()
    {
        lock (_rendering)
        {
            foreach (MetricFamily family in _families.Values)
            {
                family.BeginObserving();
            }

            _listener.RecordObservableInstruments();
            StringBuilder text = new();

            // Gauges of several kinds are instruments of one name.
            foreach (IGrouping<string, MetricFamily> named in _families.Values.GroupBy(static family => family.Name, StringComparer.Ordinal).OrderBy(static named => named.Key, StringComparer.Ordinal))
            {
                named.First().WriteHead(text);
                foreach (MetricFamily family in named)
                {
                    family.WriteSeries(text);
                }
            }

            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();
}
