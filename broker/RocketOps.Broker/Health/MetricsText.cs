using System.Globalization;
using System.Text;

namespace RocketOps.Broker.Health;

/// <summary>Text of the metrics page in Prometheus' format, each sample with the labels of its broker.</summary>
internal sealed class MetricsText(string clusterName, string brokerName)
{
    private readonly StringBuilder _text = new();
    private readonly string _labels = $"cluster=\"{Escape(clusterName)}\",node_type=\"broker\",node_id=\"{Escape(brokerName)}\"";

    /// <summary>Adds a figure of the broker.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Type in Prometheus: counter or gauge.</param>
    /// <param name="help">Its meaning, with the unit.</param>
    /// <param name="value">The figure.</param>
    /// <param name="more">Further labels, each with a comma before it.</param>
    public void Add(string name, string type, string help, long value, string more = "") => Add(name, type, help, [(more, value)]);

    /// <summary>Adds a figure that there is several times.</summary>
    /// <inheritdoc cref="Add(string, string, string, long, string)"/>
    public void Add(string name, string type, string help, IReadOnlyList<(string More, long Value)> samples)
    {
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");
        foreach ((string more, long value) in samples)
        {
            _text.Append(CultureInfo.InvariantCulture, $"{name}{{{_labels}{more}}} {value}\n");
        }
    }

    public override string ToString() => _text.ToString();

    /// <summary>A label value in the exposition format: names of clusters and brokers are free text.</summary>
    public static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
