using System.Globalization;
using System.Text;

namespace RocketOps.Cli.Terminals;

/// <summary>
/// Draws lines on the terminal's second screen, each at its place, so that neither an older frame nor a window that became smaller leaves anything behind. At the end the
/// terminal shows what it showed before, and the last lines below it.
/// </summary>
internal sealed class TerminalScreen(TextWriter output, bool hasColor)
{
    // The second screen, no cursor, no wrapping.
    private const string Enter = "\e[?1049h\e[?25l\e[?7l\e[H\e[2J";

    // The cursor and the number keys, too, which .NET sets to their other codes when it first looks at a terminal.
    private const string Leave = "\e[?1l\e>\e[?7h\e[?25h\e[?1049l";

    private (int Width, int Height) _size;
    private bool _isOpen;

    public void Draw(IReadOnlyList<ScreenLine> lines, int width, int height)
    {
        StringBuilder frame = new();
        if (!_isOpen || _size != (width, height))
        {
            frame.Append(_isOpen ? "\e[2J" : Enter);
            _isOpen = true;
            _size = (width, height);
        }

        for (int row = 0; row < lines.Count; row++)
        {
            frame.Append(CultureInfo.InvariantCulture, $"\e[{row + 1};1H");
            Append(frame, lines[row]);
            if (lines[row].Width < width)
            {
                // On a full line the cursor stands on its last character.
                frame.Append("\e[K");
            }
        }

        if (lines.Count < height)
        {
            frame.Append(CultureInfo.InvariantCulture, $"\e[{lines.Count + 1};1H\e[J");
        }

        output.Write(frame);
        output.Flush();
    }

    /// <summary>Back to the first screen, with these lines on it. Does nothing when nothing was drawn.</summary>
    public void Close(IReadOnlyList<ScreenLine> last)
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        StringBuilder text = new(Leave);
        foreach (ScreenLine line in last)
        {
            Append(text, line);
            text.Append('\n');
        }

        output.Write(text);
        output.Flush();
    }

    private void Append(StringBuilder frame, ScreenLine line)
    {
        foreach ((string text, Tint tint) in line.Pieces)
        {
            string code = hasColor ? Code(tint) : "";
            frame.Append(code).Append(text).Append(code.Length > 0 ? "\e[0m" : "");
        }
    }

    private static string Code(Tint tint) => tint switch
    {
        Tint.Strong => "\e[1m",
        Tint.Quiet => "\e[2m",
        Tint.Good => "\e[32m",
        Tint.Waiting => "\e[33m",
        Tint.Bad => "\e[31m",
        _ => "",
    };
}
