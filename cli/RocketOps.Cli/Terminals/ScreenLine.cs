using Spectre.Console.Rendering;

namespace RocketOps.Cli.Terminals;

/// <summary>One line of the screen in pieces of one colour each. What others said is made harmless: a control character would move the cursor.</summary>
internal sealed class ScreenLine
{
    private readonly List<(string Text, Tint Tint)> _pieces = [];

    public IReadOnlyList<(string Text, Tint Tint)> Pieces => _pieces;

    /// <summary>Columns of a terminal it takes; a Chinese character takes two.</summary>
    public int Width { get; private set; }

    public string Text => string.Concat(_pieces.Select(piece => piece.Text));

    public static ScreenLine Of(string text, Tint tint = Tint.Plain) => new ScreenLine().Add(text, tint);

    public static int WidthOf(string text) => new Segment(text).CellCount();

    public static string Harmless(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    public ScreenLine Add(string text, Tint tint = Tint.Plain)
    {
        string harmless = Harmless(text);
        if (harmless.Length > 0)
        {
            _pieces.Add((harmless, tint));
            Width += WidthOf(harmless);
        }

        return this;
    }

    /// <summary>Blanks up to this column, one at least.</summary>
    public ScreenLine PadTo(int column) => Add(new string(' ', Math.Max(1, column - Width)));

    /// <summary>The line as it fits, ending in … where something was cut off.</summary>
    public ScreenLine Cut(int width)
    {
        if (Width <= width)
        {
            return this;
        }

        ScreenLine cut = new();
        foreach ((string text, Tint tint) in _pieces)
        {
            int length = text.Length;
            while (length > 0 && cut.Width + WidthOf(text[..length]) > width - 1)
            {
                length--;
            }

            cut.Add(text[..length], tint);
            if (length < text.Length)
            {
                break;
            }
        }

        return cut.Add("…", Tint.Quiet);
    }

    /// <summary>The text in lines of at most this width, broken at blanks where there are any, all but the first indented.</summary>
    public static IEnumerable<ScreenLine> Wrap(string text, int width, int indent, Tint tint)
    {
        string rest = Harmless(text).TrimEnd();
        int margin = 0;
        while (rest.Length > 0)
        {
            int room = Math.Max(8, width - margin);
            int length = rest.Length;
            while (WidthOf(rest[..length]) > room)
            {
                length--;
            }

            if (length < rest.Length && rest.LastIndexOf(' ', length) is var blank and > 0)
            {
                length = blank;
            }

            yield return Of(new string(' ', margin) + rest[..length], tint);
            rest = rest[length..].TrimStart();
            margin = indent;
        }
    }
}
