using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Output;

/// <summary>Rows for people as a table, for programs as JSON or YAML: the same names in all.</summary>
internal sealed class Listing(params Column[] columns) : IPresentation
{
    // For a terminal, not for a web page: + and < stay readable.
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<JsonNode?[]> _rows = [];

    public int Count => _rows.Count;

    /// <summary>Text of a table that has no row.</summary>
    public string Empty { get; init; } = "nothing found";

    /// <summary>Written below a table.</summary>
    public string? Footer { get; set; }

    /// <summary>A value as it stands in a cell.</summary>
    public static string Text(JsonNode? cell) => cell switch
    {
        null => "-",
        JsonArray list => list.Count == 0 ? "-" : string.Join(',', list.Select(static item => item?.ToString())),
        JsonObject map => map.Count == 0 ? "-" : string.Join(',', map.Select(static pair => $"{pair.Key}={pair.Value}")),
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>() ? "yes" : "no",
        _ => Printable.OneLine(cell.ToString()),
    };

    public void Add(params JsonNode?[] cells) => _rows.Add(cells);

    public async Task WriteAsync(OutputFormat format, Shell shell, TextWriter output)
    {
        switch (format)
        {
            case OutputFormat.Json:
                await output.WriteLineAsync(ToArray().ToJsonString(Json));
                break;
            case OutputFormat.Yaml:
                await output.WriteAsync(Yaml.Write(ToArray()));
                break;
            case OutputFormat.Table or OutputFormat.Wide when _rows.Count == 0:
                await shell.Error.WriteLineAsync(Empty);
                break;
            default:
                await WriteTableAsync(format == OutputFormat.Wide, shell, output);
                break;
        }
    }

    /// <summary>Own columns, not a drawn table: never wrapped or cut, whatever the width, so that grep and cut work on it.</summary>
    private async Task WriteTableAsync(bool wide, Shell shell, TextWriter output)
    {
        int[] shown = [.. Enumerable.Range(0, columns.Length).Where(column => wide || !columns[column].IsWide)];
        bool[] numbers = [.. shown.Select(column => _rows.All(row => row[column] is null || row[column]!.GetValueKind() == JsonValueKind.Number))];
        List<string[]> lines = [.. _rows.Select(row => shown.Select(column => Text(row[column])).ToArray()).Prepend([.. shown.Select(column => columns[column].Title)])];
        int[] widths = [.. Enumerable.Range(0, shown.Length).Select(column => lines.Max(line => line[column].Length))];
        bool isTitle = true;
        foreach (string[] line in lines)
        {
            string text = string.Join("   ", line.Select((cell, column) => numbers[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd();
            await output.WriteLineAsync(isTitle ? shell.Styled(text, 1) : text);
            isTitle = false;
        }

        if (Footer is not null)
        {
            await output.WriteLineAsync(Footer);
        }
    }

    private JsonArray ToArray() =>
        [.. _rows.Select(row => (JsonNode)new JsonObject(columns.Index().Where(static entry => !entry.Item.IsForPeople).Select(entry => KeyValuePair.Create(entry.Item.Name, row[entry.Index]?.DeepClone()))))];
}

/// <summary>A column of a listing, named as the field of its JSON.</summary>
/// <param name="Name">In camel case; a table shows it as MIN-OFFSET.</param>
/// <param name="IsWide">Only in wide tables; always in JSON and YAML.</param>
/// <param name="IsForPeople">Only in tables: programs have another field that says the same.</param>
internal sealed record Column(string Name, bool IsWide = false, bool IsForPeople = false)
{
    public string Title => string.Concat(Name.Select((letter, index) => char.IsUpper(letter) && index > 0 ? $"-{letter}" : $"{char.ToUpperInvariant(letter)}"));

    public static implicit operator Column(string name) => new(name);

    public static Column ForPeople(string name) => new(name, IsForPeople: true);

    public static Column Wide(string name) => new(name, IsWide: true);
}
