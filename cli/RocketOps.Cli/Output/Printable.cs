using System.Globalization;
using System.Text;

namespace RocketOps.Cli.Output;

/// <summary>Texts of strangers on a terminal: what they send must not move the cursor or change colours.</summary>
internal static class Printable
{
    /// <summary>The text on one line, control characters as <c>\n</c>, <c>\t</c> or <c>\x1b</c>.</summary>
    public static string OneLine(string text)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        StringBuilder shown = new(text.Length + 8);
        foreach (char letter in text)
        {
            _ = letter switch
            {
                '\n' => shown.Append("\\n"),
                '\r' => shown.Append("\\r"),
                '\t' => shown.Append("\\t"),
                _ when char.IsControl(letter) => shown.Append(CultureInfo.InvariantCulture, $"\\x{(int)letter:x2}"),
                _ => shown.Append(letter),
            };
        }

        return shown.ToString();
    }
}
