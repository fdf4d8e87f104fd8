using System.Globalization;
using System.Net;
using System.Text;

namespace RocketOps.Operator.Tests.Metrics.Dashboards;

/// <summary>Draws the panels of the dashboard with their series as SVG, where Grafana would have them: what is seen of a dashboard without a Grafana.</summary>
internal static class DashboardDrawing
{
    private const int Width = 560;
    private const int Height = 210;
    private const int Gap = 12;
    private const int Left = 52;
    private const int Top = 34;
    private const int PlotHeight = 120;
    private const int LetterWidth = 6;

    private static readonly string[] Colors = ["#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#37872d", "#fade2a", "#1f60c4", "#e02f44"];

    public static string Draw(IReadOnlyList<DashboardPanel> panels, SampledMetrics metrics)
    {
        int rows = panels.Max(static panel => panel.Row) + 1;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {(2 * Width) + (3 * Gap)} {(rows * (Height + Gap)) + Gap}\" font-family=\"Inter, Helvetica, Arial, sans-serif\" font-size=\"11\">\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"#111217\"/>\n");
        foreach (DashboardPanel panel in panels)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({Gap + (panel.Column * (Width + Gap))} {Gap + (panel.Row * (Height + Gap))})\">\n");
            Draw(svg, panel, metrics);
            svg.Append("</g>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Draw(StringBuilder svg, DashboardPanel panel, SampledMetrics metrics)
    {
        IReadOnlyDictionary<string, double[]> series = panel.Series(metrics);
        double most = series.Values.SelectMany(static values => values).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        double top = most <= 0 ? 1 : most * 1.1;
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" rx=\"3\" fill=\"#181b1f\" stroke=\"#2c3235\"/>\n<text x=\"12\" y=\"20\" fill=\"#ccccdc\" font-size=\"13\" font-weight=\"600\">{WebUtility.HtmlEncode(panel.Title)}</text>\n");
        foreach (double part in new[] { 0, 0.5, 1 })
        {
            double y = Top + (PlotHeight * (1 - part));
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - 12}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\" stroke=\"#2c3235\"/><text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" fill=\"#8e8e99\" text-anchor=\"end\">{Value(top * part, panel.Unit)}</text>\n");
        }

        int color = 0;
        double x = Left;
        foreach ((string name, double[] values) in series)
        {
            string stroke = Colors[color % Colors.Length];
            svg.Append(CultureInfo.InvariantCulture, $"<path fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.5\" d=\"{Path(metrics, values, top)}\"/>\n");
            color++;
            if (x + 14 + (name.Length * LetterWidth) < Width)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0}\" y=\"{Height - 24}\" width=\"10\" height=\"3\" fill=\"{stroke}\"/><text x=\"{x + 14:0}\" y=\"{Height - 19}\" fill=\"#ccccdc\">{WebUtility.HtmlEncode(name)}</text>\n");
                x += 30 + (name.Length * LetterWidth);
            }
        }

        string span = metrics.Times[^1].ToString("m\\:ss", CultureInfo.InvariantCulture);
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{Top + PlotHeight + 16}\" fill=\"#8e8e99\">0:00</text><text x=\"{Width - 12}\" y=\"{Top + PlotHeight + 16}\" fill=\"#8e8e99\" text-anchor=\"end\">{span}</text>\n");
    }

    private static string Path(SampledMetrics metrics, double[] values, double top)
    {
        StringBuilder path = new();
        bool isDown = false;
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                isDown = false;
                continue;
            }

            double x = Left + ((Width - 12 - Left) * (metrics.Times[i] / metrics.Times[^1]));
            double y = Top + (PlotHeight * (1 - (values[i] / top)));
            path.Append(CultureInfo.InvariantCulture, $"{(isDown ? 'L' : 'M')}{x:0.#} {y:0.#}");
            isDown = true;
        }

        return path.ToString();
    }

    private static string Value(double value, string unit) => unit switch
    {
        "bytes" => value.ToString("0", CultureInfo.InvariantCulture) + " B",
        "s" => value >= 1 ? value.ToString("0.#", CultureInfo.InvariantCulture) + " s" : (value * 1000).ToString("0", CultureInfo.InvariantCulture) + " ms",
        _ => value.ToString("0.##", CultureInfo.InvariantCulture),
    };
}
