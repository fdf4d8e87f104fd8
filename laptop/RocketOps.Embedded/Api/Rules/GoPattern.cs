using System.Text.RegularExpressions;

namespace RocketOps.Embedded.Api.Rules;

/// <summary>Regular expressions of Go in .NET's words.</summary>
internal static partial class GoPattern
{
    /// <summary>Matching without backtracking, as Go's: no pattern can be made slow by its input.</summary>
    public const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    /// <summary>Go's <c>$</c> is the very end, .NET's also before a newline there; with the flag <c>m</c> both are ends of lines.</summary>
    public static string Translate(string pattern) => Token().Replace(pattern, static token => token.Value == "$" ? @"\z" : token.Value);

    [GeneratedRegex(@"\A.*\(\?[a-zA-Z]*m.*|\\.|\[\^?\]?(\\.|[^\]\\])*\]|\$", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Token();
}
