using System.Globalization;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace RocketOps.Cli.Recording;

/// <summary>
/// Keeps what was really shown, frame by frame, and writes it as one SVG that plays the frames at their own pace
/// (browsers animate SVG images without scripts). Only frames that differ are kept; the number is bounded.
/// </summary>
internal sealed class FrameRecorder(string path)
{
    private const int Columns = 96;
    private const int MaxFrames = 200;
    private const double CharWidth = 7.8;
    private const double LineHeight = 17;
    private const double Margin = 14;
    private static readonly TimeSpan LastFrame = TimeSpan.FromSeconds(6);

    private readonly List<(TimeSpan At, List<SegmentLine> Lines)> _frames = [];
    private string _last = "";

    public void Add(IRenderable shown, TimeSpan at)
    {
        using StringWriter sink = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(sink), Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.TrueColor });
        console.Profile.Width = Columns;
        console.Profile.Capabilities.Unicode = true;
        List<SegmentLine> lines = SplitLines(shown.GetSegments(console));
        string text = string.Join('\n', lines.Select(line => string.Concat(line.Select(segment => segment.Text))));
        if (text != _last && _frames.Count < MaxFrames)
        {
            _last = text;
            _frames.Add((at, lines));
        }
    }

    public async Task SaveAsync(CancellationToken cancellation)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(path, Render(), cancellation);
    }

    /// <summary>By hand: the library has merged segments of one style across line breaks, and its own splitting then loses the breaks.</summary>
    private static List<SegmentLine> SplitLines(IEnumerable<Segment> segments)
    {
        List<SegmentLine> lines = [[]];
        foreach (Segment segment in segments.Where(segment => !segment.IsControlCode))
        {
            string[] parts = segment.Text.ReplaceLineEndings("\n").Split('\n');
            for (int i = 0; i < parts.Length; i++)
            {
                if (i > 0)
                {
                    lines.Add([]);
                }

                if (parts[i].Length > 0)
                {
                    lines[^1].Add(new Segment(parts[i], segment.Style));
                }
            }
        }

        if (lines[^1].Count == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return lines;
    }

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

    private static void AppendFrame(StringBuilder svg, List<SegmentLine> lines, double from, double to, double total, bool isLast)
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

    private static void AppendLine(StringBuilder svg, SegmentLine line, double y)
    {
        int column = 0;
        foreach (Segment segment in line)
        {
            if (!string.IsNullOrWhiteSpace(segment.Text))
            {
                string color = segment.Style.Foreground == Color.Default ? "#d6dae0" : "#" + segment.Style.Foreground.ToHex();
                string weight = segment.Style.Decoration.HasFlag(Decoration.Bold) ? " font-weight=\"bold\"" : "";
                svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Margin + (column * CharWidth):0.#}\" y=\"{y:0.#}\" fill=\"{color}\"{weight} xml:space=\"preserve\" textLength=\"{segment.CellCount() * CharWidth:0.#}\">");
                svg.Append(segment.Text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)).Append("</text>");
            }

            column += segment.CellCount();
        }
    }
}
