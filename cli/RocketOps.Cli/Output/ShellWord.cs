namespace RocketOps.Cli.Output;

/// <summary>Text as one word of a POSIX shell's command line.</summary>
internal static class ShellWord
{
    private const string Harmless = "/._-+:@%,=";

    public static string Quote(string text) =>
        text.Length > 0 && text.All(character => char.IsAsciiLetterOrDigit(character) || Harmless.Contains(character, StringComparison.Ordinal))
            ? text
            : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
