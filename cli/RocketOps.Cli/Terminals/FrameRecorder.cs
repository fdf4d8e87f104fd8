using System.Globalization;
using System.Text;

namespace RocketOps.Cli.Terminals;

/// <summary>
/// Keeps what was really shown, frame by frame, and writes it as one SVG that plays the frames at their own pace
/// (browsers animate SVG images without scripts). Only frames that differ are kept; the number is bounded.
/// </summary>
internal sealed class FrameRecorder(string path)
{
    public const int Columns = 96;
    public const int Rows = 40;
    private const int MaxFrames = 200;
    private const double CharWidth = 7.8;
    private const double LineHeight = 17;
    private const double Margin = 14;
    private static readonly TimeSpan LastFrame = TimeSpan.FromSeconds(6);

    private readonly List<(TimeSpan At, IReadOnlyList<ScreenLine> Lines)> _frames = [];
    private string _last = "";

    public void Add(IReadOnlyList<ScreenLine> lines, TimeSpan at)
    {
        string text = string.Join('\n', lines.Select(line => line.Text));
        if (text != _last && _frames.Count < MaxFrames)
        {
            _last = text;
            _frames.Add((at, lines));
        }
    }

    /// <summary>Writes the file; its folder must be there.</summary>
    public Task SaveAsync(CancellationToken cancellation) => File.WriteAllTextAsync(path, Render(), cancellation);

    private string Render()
    {
        double height = (_frames.Max(frame => frame.Lines.Count) * LineHeight) + (2 * Margin);
        double width = (Columns * CharWidth) + (2 * Margin);
        double total = (_frames[^1].At - _frames[0].At + LastFrame).TotalSeconds;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:0}\" height=\"{height:0}\" viewBox=\"0 0 {width:0} {height:0}\" font-family=\"ui-monospace,Menlo,Consolas,monospace\" font-size=\"13\">\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#14171c\"/>\n");
        for (int i = 0; i < _frames.Count; i++)
        {
            double from = (_frames[i].At - _frames[0].At).TotalSeconds / total;
            double to = i + 1 < _frames.Count ? (_frames[i + 1].At - _frames[0].At).TotalSeconds / total : 1;
            AppendFrame(svg, _frames[i].Lines, from, to, total, isLast: i + 1 == _frames.Count);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void AppendFrame(StringBuilder svg, IReadOnlyList<ScreenLine> lines, double from, double to, double total, bool isLast)
    {
        // A viewer that does not animate shows the last frame.
        svg.Append(CultureInfo.InvariantCulture, $"<g visibility=\"{(isLast ? "visible" : "hidden")}\">");
        if (from > 0 || to < 1)
        {
            string values = from > 0 ? "hidden;visible;hidden" : "visible;hidden";
            string times = from > 0 ? string.Create(CultureInfo.InvariantCulture, $"0;{from:0.####};{to:0.####}") : string.Create(CultureInfo.InvariantCulture, $"0;{to:0.####}");
            svg.Append(CultureInfo.InvariantCulture, $"<animate attributeName=\"visibility\" calcMode=\"discrete\" values=\"{values}\" keyTimes=\"{times}\" dur=\"{total:0.##}s\" repeatCount=\"indefinite\"/>");
        }

        for (int row = 0; row < lines.Count; row++)
        {
            AppendLine(svg, lines[row], Margin + ((row + 1) * LineHeight) - 4);
        }

        svg.Append("</g>\n");
    }

    private static void AppendLine(StringBuilder svg, ScreenLine line, double y)
    {
        int column = 0;
        foreach ((string text, Tint tint) in line.Pieces)
        {
            int cells = ScreenLine.WidthOf(text);
            if (!string.IsNullOrWhiteSpace(text))
            {
                string weight = tint == Tint.Strong ? " font-weight=\"bold\"" : "";
                svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Margin + (column * CharWidth):0.#}\" y=\"{y:0.#}\" fill=\"{Color(tint)}\"{weight} xml:space=\"preserve\" textLength=\"{cells * CharWidth:0.#}\">");
                svg.Append(text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)).Append("</text>");
            }

            column += cells;
        }
    }

    private static string Color(Tint tint) => tint switch
    {
        Tint.Quiet => "#8a919c",
        Tint.Good => "#5fd38d",
        Tint.Waiting => "#e5c07b",
        Tint.Bad => "#e06c75",
        _ => "#d6dae0",
    };
}
