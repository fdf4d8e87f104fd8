using System.Globalization;
using System.Text;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>A path with its query; absent values leave no trace.</summary>
internal sealed class QueryBuilder(string path)
{
    private readonly StringBuilder _text = new(path);
    private char _separator = '?';

    public QueryBuilder Add(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _text.Append(_separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            _separator = '&';
        }

        return this;
    }

    public QueryBuilder Add(string name, long? value) => Add(name, value?.ToString(CultureInfo.InvariantCulture));

    public QueryBuilder Add(string name, bool value) => Add(name, value ? "true" : null);

    public override string ToString() => _text.ToString();
}
