using System.Text.Json;
using System.Text.RegularExpressions;

namespace RocketOps.Operator.Tests.Metrics.Dashboards;

/// <summary>A panel of <c>deploy/dashboards/operator.json</c>.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Unit">Grafana's name of the unit.</param>
/// <param name="Column">0 on the left, 1 on the right.</param>
/// <param name="Row">0 at the top.</param>
/// <param name="Targets">Queries, each with the form of its series' names.</param>
internal sealed partial record DashboardPanel(string Title, string Unit, int Column, int Row, IReadOnlyList<(string Query, string Legend)> Targets)
{
    public static IReadOnlyList<DashboardPanel> Read(string file)
    {
        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(file));
        return
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray().Select(static panel =>
            {
                JsonElement place = panel.GetProperty("gridPos");
                return new DashboardPanel(
                    panel.GetProperty("title").GetString()!,
                    panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString()!,
                    place.GetProperty("x").GetInt32() / place.GetProperty("w").GetInt32(),
                    place.GetProperty("y").GetInt32() / place.GetProperty("h").GetInt32(),
                    [.. panel.GetProperty("targets").EnumerateArray().Select(static target => (target.GetProperty("expr").GetString()!, target.GetProperty("legendFormat").GetString()!))]);
            }),
        ];
    }

    /// <summary>The series of all its queries: for each name a value per time, NaN where there was none.</summary>
    public IReadOnlyDictionary<string, double[]> Series(SampledMetrics metrics)
    {
        SortedDictionary<string, double[]> series = new(StringComparer.Ordinal);
        foreach ((string query, string legend) in Targets)
        {
            for (int time = 0; time < metrics.Times.Count; time++)
            {
                foreach (SampledMetrics.Sample sample in metrics.Evaluate(query, time))
                {
                    string name = Label().Replace(legend, label => sample.Labels.GetValueOrDefault(label.Groups["name"].Value, string.Empty)).Trim();
                    if (!series.TryGetValue(name, out double[]? values))
                    {
                        values = new double[metrics.Times.Count];
                        Array.Fill(values, double.NaN);
                        series[name] = values;
                    }

                    values[time] = sample.Value;
                }
            }
        }

        return series;
    }

    [GeneratedRegex("\\{\\{(?<name>[a-z_]+)\\}\\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Label();
}
