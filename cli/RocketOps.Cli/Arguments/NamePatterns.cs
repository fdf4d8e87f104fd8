using System.IO.Enumeration;

namespace RocketOps.Cli.Arguments;

/// <summary>Names, and patterns with <c>*</c> and <c>?</c>, that choose among what there is.</summary>
internal static class NamePatterns
{
    private static readonly char[] Wildcards = ['*', '?'];

    public static bool IsPattern(string text) => text.IndexOfAny(Wildcards) >= 0;

    /// <summary>Tells whether a pattern matches the whole name; without patterns, every name is meant.</summary>
    public static bool IsMeant(IReadOnlyList<string> patterns, string name) => patterns.Count == 0 || patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));

    /// <summary>Finds why the pattern can match no name; null when it can.</summary>
    public static string? FindProblem(string text)
    {
        string letters = text.Replace("*", string.Empty, StringComparison.Ordinal).Replace("?", string.Empty, StringComparison.Ordinal);
        return letters.Length > 0 || text.Length == 0 ? NameCheck.FindProblem(letters) : null;
    }
}
