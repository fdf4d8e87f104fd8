using System.Globalization;
using System.Text.RegularExpressions;

namespace RocketOps.Operator.Tests.Metrics.Dashboards;

/// <summary>What /metrics said at several moments, with the little of PromQL that the dashboard asks: selectors, <c>sum</c> and <c>max</c> <c>by</c> labels, <c>rate</c>, <c>histogram_quantile</c>, a number less an expression.</summary>
internal sealed partial class SampledMetrics
{
    private readonly List<(TimeSpan At, List<Sample> Samples)> _pages = [];

    public IReadOnlyList<TimeSpan> Times => [.. _pages.Select(static page => page.At)];

    public void Add(TimeSpan at, string page) => _pages.Add((at, [.. Line().Matches(page).Select(static line => new Sample(
        line.Groups["name"].Value,
        line.Groups["label"].Captures.Select((label, i) => KeyValuePair.Create(label.Value, line.Groups["value"].Captures[i].Value)).ToDictionary(StringComparer.Ordinal),
        double.Parse(line.Groups["number"].Value, CultureInfo.InvariantCulture)))]));

    /// <summary>The series of a query at one of the <see cref="Times"/>. Throws <see cref="FormatException"/> for what it does not know.</summary>
    public IReadOnlyList<Sample> Evaluate(string query, int time)
    {
        Reader reader = new(query);
        List<Sample> found = Expression(reader, time);
        return reader.AtEnd ? found : throw reader.Unknown();
    }

    private List<Sample> Expression(Reader reader, int time)
    {
        if (reader.Number() is { } number)
        {
            reader.Take("-");
            return [.. Expression(reader, time).Select(sample => sample with { Value = number - sample.Value })];
        }

        string name = reader.Name();
        switch (name)
        {
            case "sum":
            case "max":
                string[] by = reader.TryTake("by") ? reader.Labels() : [];
                return [.. Inner(reader, time).GroupBy(sample => string.Join('\n', by.Select(label => sample.Labels.GetValueOrDefault(label)))).Select(group => new Sample(
                    string.Empty,
                    by.ToDictionary(static label => label, label => group.First().Labels.GetValueOrDefault(label, string.Empty), StringComparer.Ordinal),
                    name == "sum" ? group.Sum(static sample => sample.Value) : group.Max(static sample => sample.Value)))];
            case "rate":
                return Rate(reader, time);
            case "histogram_quantile":
                reader.Take("(");
                double quantile = reader.Number() ?? throw reader.Unknown();
                reader.Take(",");
                List<Sample> buckets = Expression(reader, time);
                reader.Take(")");
                return Quantiles(quantile, buckets);
            default:
                return Select(name, reader.Filters(), time);
        }
    }

    private List<Sample> Inner(Reader reader, int time)
    {
        reader.Take("(");
        List<Sample> inner = Expression(reader, time);
        reader.Take(")");
        return inner;
    }

    private List<Sample> Select(string name, Dictionary<string, string> filters, int time) =>
        [.. _pages[time].Samples.Where(sample => sample.Name == name && filters.All(filter => sample.Labels.GetValueOrDefault(filter.Key) == filter.Value))];

    /// <summary>Per second since the window began, or since the first page.</summary>
    private List<Sample> Rate(Reader reader, int time)
    {
        reader.Take("(");
        string name = reader.Name();
        Dictionary<string, string> filters = reader.Filters();
        TimeSpan window = reader.Window();
        reader.Take(")");
        int from = _pages.FindIndex(page => page.At >= _pages[time].At - window);
        double seconds = Math.Max((_pages[time].At - _pages[from].At).TotalSeconds, 1);
        Dictionary<string, double> before = Select(name, filters, from).ToDictionary(static sample => sample.Key, static sample => sample.Value, StringComparer.Ordinal);
        return [.. Select(name, filters, time).Select(sample => sample with { Value = (sample.Value - before.GetValueOrDefault(sample.Key)) / seconds })];
    }

    private static List<Sample> Quantiles(double quantile, List<Sample> buckets)
    {
        List<Sample> quantiles = [];
        foreach (IGrouping<string, Sample> series in buckets.GroupBy(static bucket => bucket.Without("le").Key))
        {
            (double Bound, double Count)[] sorted = [.. series.Select(static bucket => (Bound(bucket.Labels["le"]), bucket.Value)).OrderBy(static bucket => bucket.Item1)];
            double rank = quantile * sorted[^1].Count;
            int at = Array.FindIndex(sorted, bucket => bucket.Count >= rank);
            if (rank > 0)
            {
                double low = at == 0 ? 0 : sorted[at - 1].Bound;
                double below = at == 0 ? 0 : sorted[at - 1].Count;
                double value = double.IsInfinity(sorted[at].Bound) ? low : low + ((sorted[at].Bound - low) * (rank - below) / (sorted[at].Count - below));
                quantiles.Add(series.First().Without("le") with { Value = value });
            }
        }

        return quantiles;
    }

    private static double Bound(string text) => text == "+Inf" ? double.PositiveInfinity : double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex("^(?<name>[a-z_]+)(\\{((?<label>[a-z_]+)=\"(?<value>[^\"]*)\",?)+\\})? (?<number>[0-9.E+-]+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 10_000)]
    private static partial Regex Line();

    /// <summary>One value of one series.</summary>
    public sealed record Sample(string Name, Dictionary<string, string> Labels, double Value)
    {
        public string Key { get; } = Name + string.Concat(Labels.OrderBy(static label => label.Key, StringComparer.Ordinal).Select(static label => $"\n{label.Key}={label.Value}"));

        public Sample Without(string label) => new(string.Empty, Labels.Where(pair => pair.Key != label).ToDictionary(StringComparer.Ordinal), Value);
    }

    /// <summary>Takes a query apart from left to right.</summary>
    private sealed partial class Reader(string query)
    {
        private int _at;

        public bool AtEnd => _at == query.Length;

        public FormatException Unknown() => new($"not understood from '{query[_at..]}' on: {query}");

        public double? Number() => TryMatch(NumberText()) is { } number ? double.Parse(number, CultureInfo.InvariantCulture) : null;

        public string Name() => TryMatch(NameText()) ?? throw Unknown();

        public bool TryTake(string word)
        {
            SkipSpace();
            if (!query.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
            {
                return false;
            }

            _at += word.Length;
            return true;
        }

        public void Take(string word)
        {
            if (!TryTake(word))
            {
                throw Unknown();
            }
        }

        public string[] Labels()
        {
            Take("(");
            List<string> labels = [];
            do
            {
                labels.Add(Name());
            }
            while (TryTake(","));
            Take(")");
            return [.. labels];
        }

        /// <summary>Equalities; what a variable of the dashboard chooses is everything.</summary>
        public Dictionary<string, string> Filters()
        {
            Dictionary<string, string> filters = new(StringComparer.Ordinal);
            if (!TryTake("{"))
            {
                return filters;
            }

            do
            {
                string label = Name();
                bool isVariable = TryTake("=~\"$");
                if (!isVariable)
                {
                    Take("=\"");
                }

                string value = Name();
                Take("\"");
                if (!isVariable)
                {
                    filters[label] = value;
                }
            }
            while (TryTake(","));
            Take("}");
            return filters;
        }

        public TimeSpan Window()
        {
            Take("[");
            double minutes = Number() ?? throw Unknown();
            Take("m]");
            return TimeSpan.FromMinutes(minutes);
        }

        private string? TryMatch(Regex text)
        {
            SkipSpace();
            Match match = text.Match(query, _at);
            if (!match.Success || match.Index != _at)
            {
                return null;
            }

            _at += match.Length;
            return match.Value;
        }

        private void SkipSpace()
        {
            while (_at < query.Length && query[_at] == ' ')
            {
                _at++;
            }
        }

        [GeneratedRegex("[0-9]+(\\.[0-9]+)?", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex NumberText();

        [GeneratedRegex("[A-Za-z_]+", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex NameText();
    }
}
