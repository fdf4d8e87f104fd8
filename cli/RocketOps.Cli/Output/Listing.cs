using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Cli.Output;

/// <summary>Rows for people as a table, for programs as JSON: the same names in both.</summary>
internal sealed class Listing(params string[] columns)
{
    // For a terminal, not for a web page: + and < stay readable.
    private static readonly JsonWriterOptions Json = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<JsonNode?[]> _rows = [];

    public void Add(params JsonNode?[] cells) => _rows.Add(cells);

    public async Task WriteAsync(string format, TextWriter output)
    {
        if (format == "json")
        {
            await output.WriteLineAsync(ToJson());
            return;
        }

        // Own columns, not a drawn table: never wrapped or cut, whatever the width, so that grep and cut work on it.
        List<string[]> lines = _rows.Select(row => row.Select(cell => cell?.ToString() ?? "-").ToArray()).Prepend([.. columns.Select(column => column.ToUpperInvariant())]).ToList();
        int[] widths = Enumerable.Range(0, columns.Length).Select(column => lines.Max(line => line[column].Length)).ToArray();
        foreach (string[] line in lines)
        {
            await output.WriteLineAsync(string.Join("   ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    private string ToJson()
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Json))
        {
            writer.WriteStartArray();
            foreach (JsonNode?[] row in _rows)
            {
                writer.WriteStartObject();
                for (int i = 0; i < columns.Length; i++)
                {
                    writer.WritePropertyName(columns[i]);
                    if (row[i] is { } cell)
                    {
                        cell.WriteTo(writer);
                    }
                    else
                    {
                        writer.WriteNullValue();
                    }
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }
}
