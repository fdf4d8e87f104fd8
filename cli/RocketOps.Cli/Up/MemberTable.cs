using System.Globalization;
using RocketOps.Cli.Terminals;

namespace RocketOps.Cli.Up;

/// <summary>Members of a cluster, or its groups folded, as a table. Names share what the other columns leave; columns for which there is no room are left out, the least telling first.</summary>
internal static class MemberTable
{
    private const int NameColumn = 2;
    private const int Gap = 2;
    private const int MinNames = 14;

    /// <summary>So much of a name tells pods apart; the columns that not every window shows come before more of it.</summary>
    private const int GoodNames = 32;

    /// <summary>
    /// Width below which columns take only the room they need; in wider windows they are as wide as their longest word, or they would move
    /// while members come and go.
    /// </summary>
    private const int UsualWindow = 80;

    private const int RoleWidth = 11;
    private const int StateWidth = 11;
    private const int AddressWidth = 18;

    private static readonly Column[] Figures =
    [
        new("IN/S", 4, static line => line.Figures is { } figures ? Rate(figures.InPerSecond) : ""),
        new("OUT/S", 5, static line => line.Figures is { } figures ? Rate(figures.OutPerSecond) : ""),
        new("DISK", 4, static line => line.Figures?.DiskUsed is { } used ? $"{used:P0}".Replace(" ", "", StringComparison.Ordinal) : "", static line => line.Figures?.DiskUsed > 0.9 ? Tint.Waiting : Tint.Plain),
    ];

    private static readonly Column[] More =
    [
        new("COPY", 15, static line => line.Member?.Copy ?? ""),
        new("EPOCH", 5, static line => Number(line.Member?.Epoch)),
        new("PID", 7, static line => Number(line.Member?.ProcessId)),
        new("RESTARTS", 8, static line => Number(line.Member?.Restarts)),
        new("AGE", 6, static line => line.Age),
    ];

    /// <summary>Few addresses are as wide as their column, so one blank less parts them from what follows: all of it then fits the usual window.</summary>
    private static int FiguresWidth { get; } = Figures.Sum(static column => column.Width + Gap) - 1;

    /// <summary>A title and a line each; nothing without any.</summary>
    public static IEnumerable<ScreenLine> Render(IReadOnlyList<MemberLine> lines, int width)
    {
        if (lines.Count == 0)
        {
            yield break;
        }

        Column[] more = [.. More.Where(column => lines.Any(line => column.Value(line).Length > 0))];
        int roles = Widest(lines, static line => line.Role, RoleWidth, width) + Gap;
        int states = Widest(lines, static line => line.State, StateWidth, width) + Gap;
        int addresses = Widest(lines, static line => line.Address, AddressWidth, width);
        int rest = width - NameColumn - Gap - roles - states - addresses - FiguresWidth;
        int names = Math.Min(lines.Max(static line => ScreenLine.WidthOf(line.Name)), Math.Max(MinNames, Math.Min(rest, Math.Max(GoodNames, rest - more.Sum(static column => column.Width + Gap)))));
        int role = NameColumn + names + Gap;
        int state = role + roles;
        int address = state + states;
        List<(Column Column, int At)> shown = [];
        int end = address + addresses - 1;
        foreach (Column column in Figures.Concat(more).TakeWhile(column => end + Gap + column.Width <= width))
        {
            shown.Add((column, end + Gap));
            end += Gap + column.Width;
        }

        ScreenLine title = new ScreenLine().PadTo(NameColumn).Add("MEMBER", Tint.Quiet).PadTo(role).Add("ROLE", Tint.Quiet).PadTo(state).Add("STATE", Tint.Quiet).PadTo(address).Add("ADDRESS", Tint.Quiet);
        foreach ((Column column, int at) in shown)
        {
            title.PadTo(at).Add(column.Title, Tint.Quiet);
        }

        yield return title;
        foreach (MemberLine line in lines)
        {
            ScreenLine row = new ScreenLine().PadTo(NameColumn).Add(Shortened(line.Name, names)).PadTo(role).Add(line.Role).PadTo(state).Add(line.State, line.IsWell ? Tint.Good : Tint.Waiting).PadTo(address).Add(line.Address);
            foreach ((Column column, int at) in shown.Where(entry => entry.Column.Value(line).Length > 0))
            {
                row.PadTo(at).Add(column.Value(line), column.Tint?.Invoke(line) ?? Tint.Plain);
            }

            yield return row;
        }
    }

    /// <summary>Messages in a second, with a decimal where it tells something.</summary>
    public static string Rate(double perSecond) => perSecond.ToString(perSecond is > 0 and < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static int Widest(IReadOnlyList<MemberLine> lines, Func<MemberLine, string> text, int usual, int width) => Math.Max(lines.Max(line => ScreenLine.WidthOf(text(line))), width < UsualWindow ? 0 : usual);

    /// <summary>Both ends tell names of pods apart.</summary>
    private static string Shortened(string name, int width) => name.Length <= width ? name : $"{name[..(width - 6)]}…{name[^5..]}";

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    private sealed record Column(string Title, int Width, Func<MemberLine, string> Value, Func<MemberLine, Tint>? Tint = null);
}
