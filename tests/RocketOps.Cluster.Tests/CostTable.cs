using System.Globalization;
using System.Text;

namespace RocketOps.Cluster.Tests;

/// <summary>What each thing that happened cost the clients, a row each: figures for people. Under a row the clients' own words for sends that failed.</summary>
internal sealed class CostTable
{
    private static readonly string[] Titles = ["phase", "sends", "failed", "delivered again", "longest without acknowledgement", "sends acknowledged again after"];

    private readonly List<(string[] Cells, IReadOnlyList<string> Reasons)> _rows = [(Titles, [])];

    public void Add(Toll toll) => _rows.Add((
        [toll.What, Text(toll.Sent), Text(toll.Failed.Count), Text(toll.Repeats.Count), Text(toll.Silence), Text(toll.ServedAfter)],
        [.. toll.Failed.GroupBy(ReasonOf, StringComparer.Ordinal).Select(static reason => string.Create(CultureInfo.InvariantCulture, $"{reason.Count()} of {reason.Key}"))]));

    public override string ToString()
    {
        int[] widths = [.. Titles.Select((_, column) => _rows.Max(row => row.Cells[column].Length))];
        StringBuilder table = new();
        foreach ((string[] cells, IReadOnlyList<string> reasons) in _rows)
        {
            table.AppendJoin("  ", cells.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).Append('\n');
            foreach (string reason in reasons)
            {
                table.Append("    ").Append(reason).Append('\n');
            }
        }

        return table.ToString();
    }

    /// <summary>What the client says of a failed send, without its numbers: they differ.</summary>
    private static string ReasonOf(string failed)
    {
        string said = failed[Math.Max(0, failed.IndexOf("\"message\"", StringComparison.Ordinal))..];
        return string.Concat(said.Where((letter, at) => at == 0 || !char.IsAsciiDigit(letter) || !char.IsAsciiDigit(said[at - 1])).Select(static letter => char.IsAsciiDigit(letter) ? 'n' : letter));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");
}
