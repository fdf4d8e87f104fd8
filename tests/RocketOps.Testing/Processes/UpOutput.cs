using System.Text.RegularExpressions;

namespace RocketOps.Testing.Processes;

/// <summary>What <c>rocketops up</c> prints without a terminal.</summary>
public static partial class UpOutput
{
    /// <summary>Where clients of its cluster ask; empty before it is printed.</summary>
    public static string NameServers(string output) => PrintedAddress().Match(output).Groups["value"].Value;

    [GeneratedRegex(@"clients use (?<value>127\.0\.0\.1:\d+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex PrintedAddress();
}
