using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace RocketOps.Operator.Metrics;

/// <summary>Measurements of one instrument, by labels. Thread-safe.</summary>
internal sealed class MetricFamily
{
    // Seconds: from an answer out of a cache to a pass that is given up.
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly string _help;
    private readonly string _type;
    private readonly bool _adds;
    private readonly bool _isObserved;

    public MetricFamily(Instrument instrument)
    {
        _help = instrument.Description ?? "";
        _type = instrument is Counter<long> ? "counter" : instrument is Histogram<double> ? "histogram" : "gauge";
        _adds = instrument is Counter<long> or UpDownCounter<long>;
        _isObserved = instrument.IsObservable;
        string unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        Name = instrument.Name.Replace('.', '_') + unit + (_type == "counter" ? "_total" : "");
    }

    public string Name { get; }

    /// <summary>Begins a new observation, which replaces the last: series of clusters that are gone are not told for ever.</summary>
    public void BeginObserving()
    {
        if (_isObserved)
        {
            lock (_lock)
            {
                _series.Clear();
            }
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = Labels(tags);
        lock (_lock)
        {
            if (!_series.TryGetValue(labels, out Series? series))
            {
                _series[labels] = series = new Series(_type == "histogram" ? new long[Bounds.Length] : []);
            }

            series.Count++;
            series.Value = _adds || _type == "histogram" ? series.Value + value : value;
            for (int i = 0; i < series.Buckets.Length; i++)
            {
                series.Buckets[i] += value <= Bounds[i] ? 1 : 0;
            }
        }
    }

    public void WriteHead(StringBuilder text) => text.Append(CultureInfo.InvariantCulture, $"# HELP {Name} {_help}\n# TYPE {Name} {_type}\n");

    public void WriteSeries(StringBuilder text)
    {
        lock (_lock)
        {
            foreach ((string labels, Series series) in _series)
            {
                if (_type == "histogram")
                {
                    WriteHistogram(text, labels, series);
                }
                else
                {
                    text.Append(CultureInfo.InvariantCulture, $"{Name}{Braced(labels)} {series.Value}\n");
                }
            }
        }
    }

    private static string Braced(string labels) => labels.Length == 0 ? "" : $"{{{labels}}}";

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        StringBuilder text = new();
        foreach ((string name, object? value) in tags)
        {
            string escaped = (Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")
                .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(text.Length == 0 ? "" : ",").Append(name).Append("=\"").Append(escaped).Append('"');
        }

        return text.ToString();
    }

    private void WriteHistogram(StringBuilder text, string labels, Series series)
    {
        string more = labels.Length == 0 ? "" : labels + ",";
        for (int i = 0; i < Bounds.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Name}_bucket{{{more}le=\"{Bounds[i]}\"}} {series.Buckets[i]}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"{Name}_bucket{{{more}le=\"+Inf\"}} {series.Count}\n{Name}_sum{Braced(labels)} {series.Value}\n{Name}_count{Braced(labels)} {series.Count}\n");
    }

    private sealed class Series(long[] buckets)
    {
        public long[] Buckets { get; } = buckets;

        public long Count { get; set; }

        public double Value { get; set; }
    }
}
