using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Output;

/// <summary>One thing with its properties: a line for each, those that are lists of things as tables below.</summary>
internal sealed class Details(JsonObject values) : IPresentation
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task WriteAsync(OutputFormat format, Shell shell, TextWriter output)
    {
        switch (format)
        {
            case OutputFormat.Json:
                await output.WriteLineAsync(values.ToJsonString(Json));
                break;
            case OutputFormat.Yaml:
                await output.WriteAsync(Yaml.Write(values));
                break;
            default:
                await WriteLinesAsync(format, shell, output);
                break;
        }
    }

    private static bool IsTable(JsonNode? value) => value is JsonArray { Count: > 0 } list && list[0] is JsonObject;

    private async Task WriteLinesAsync(OutputFormat format, Shell shell, TextWriter output)
    {
        KeyValuePair<string, JsonNode?>[] single = [.. values.Where(static value => !IsTable(value.Value))];
        int width = single.Max(static value => new Column(value.Key).Title.Length);
        foreach ((string name, JsonNode? value) in single)
        {
            await output.WriteLineAsync($"{shell.Styled((new Column(name).Title + ":").PadRight(width + 1), 1)}  {Listing.Text(value)}");
        }

        foreach ((string name, JsonNode? value) in values.Where(static value => IsTable(value.Value)))
        {
            JsonArray rows = (JsonArray)value!;
            Listing table = new([.. ((JsonObject)rows[0]!).Select(static field => (Column)field.Key)]);
            foreach (JsonNode? row in rows)
            {
                table.Add([.. ((JsonObject)row!).Select(static field => field.Value?.DeepClone())]);
            }

            await output.WriteLineAsync();
            await output.WriteLineAsync(shell.Styled(new Column(name).Title + ":", 1));
            await table.WriteAsync(format, shell, output);
        }
    }
}
