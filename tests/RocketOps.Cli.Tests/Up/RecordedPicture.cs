using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace RocketOps.Cli.Tests.Up;

/// <summary>What a picture made by <c>--record</c> shows in the end, without what differs from run to run: numbers, names of pods, figures and what happened last.</summary>
internal static partial class RecordedPicture
{
    // As FrameRecorder draws.
    private const double CharWidth = 7.8;
    private const double Margin = 14;

    /// <summary>The lines of the last frame, as text.</summary>
    public static IReadOnlyList<string> Lines(string file)
    {
        XElement frame = XDocument.Load(file).Root!.Elements().Last(element => element.Name.LocalName == "g");
        return
        [
            .. frame.Elements().Where(element => element.Name.LocalName == "text").GroupBy(text => Number(text, "y")).OrderBy(row => row.Key)
                .Select(row => row.Aggregate("", (line, text) => line.PadRight((int)Math.Round((Number(text, "x") - Margin) / CharWidth)) + text.Value)),
        ];
    }

    /// <summary>Its layout: every label, column and section in its order, each number as 0.</summary>
    public static IReadOnlyList<string> Layout(string file)
    {
        List<string> lines = [.. Lines(file).Select(line => Blanks().Replace(Digits().Replace(NameServerPod().Replace(Messages().Replace(Figures().Replace(line, "${before}"), string.Empty), "nameserver-POD"), "0"), "  ").TrimEnd())];
        int last = lines.IndexOf("last");

        // Which events have come by then, if any, depends on how fast machine and program are.
        return last < 0 ? lines : lines[..last];
    }

    private static double Number(XElement text, string attribute) => double.Parse(text.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"nameserver-\S+", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex NameServerPod();

    /// <summary>Rates and disk come once the brokers were asked, which a fast run may not live to see.</summary>
    [GeneratedRegex(@"(?<before>:\d+)\s+[\d.]+( (in|out)/s)?\s+[\d.]+( (in|out)/s)?(\s+\d+%)?$", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Figures();

    /// <summary>What a topic holds, likewise.</summary>
    [GeneratedRegex(@"\s+\d+ messages?(?=\s+of )", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Messages();

    [GeneratedRegex(@"\d+(\.\d+)*", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Digits();

    [GeneratedRegex(" {2,}", RegexOptions.None, 10_000)]
    private static partial Regex Blanks();
}
