namespace RocketOps.Cli.Tests.Support;

/// <summary>Files of command lines, one in a line: words are separated by blanks, <c>~</c> is a blank within a word, <c>''</c> an empty word.</summary>
internal static class CommandLines
{
    public static async Task<string[][]> ReadAsync(string file) =>
        [.. (await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Snapshots", file))).Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static word => word == "''" ? string.Empty : word.Replace('~', ' ')).ToArray())];
}
