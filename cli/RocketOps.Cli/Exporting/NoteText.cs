using System.Globalization;

namespace RocketOps.Cli.Exporting;

/// <summary>Texts of strangers in a line of comment: they must not end it, or what follows would be YAML.</summary>
internal static class NoteText
{
    private const int MaxLetters = 80;

    /// <summary>Returns the text in quotes, on one line, and not longer than a person reads.</summary>
    public static string Quote(string text) => $"\"{Plain(text)}\"";

    /// <summary>The same without quotes.</summary>
    public static string Plain(string text)
    {
        string shown = text.Length > MaxLetters ? text[..MaxLetters] + "…" : text;
        return string.Concat(shown.Select(static letter => IsPrinted(letter) ? letter.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}")));
    }

    /// <summary>YAML also ends lines at U+0085, U+2028 and U+2029.</summary>
    private static bool IsPrinted(char letter) =>
        char.GetUnicodeCategory(letter) is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format or UnicodeCategory.Surrogate);
}
