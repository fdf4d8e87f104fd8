using System.Text.Json.Nodes;

namespace RocketOps.Cli.Up;

/// <summary>A field of an object that an apply made another: its dotted path, and both values as JSON.</summary>
internal sealed record FieldChange(string Path, string Before, string After)
{
    /// <summary>Longest value in a line, in letters: nobody wants to read more.</summary>
    private const int MaxText = 60;

    /// <summary>Finds the differences in what a manifest can say: not in the status, nor in what the server keeps in metadata.</summary>
    public static IEnumerable<FieldChange> Between(JsonNode? before, JsonNode? after, string path = "")
    {
        if (JsonNode.DeepEquals(before, after))
        {
            yield break;
        }

        if (before is JsonObject || after is JsonObject)
        {
            JsonObject[] both = [before as JsonObject ?? [], after as JsonObject ?? []];
            foreach (string name in both.SelectMany(side => side.Select(member => member.Key)).Distinct(StringComparer.Ordinal))
            {
                string field = path.Length == 0 ? name : $"{path}.{name}";
                if (field != "status" && (path != "metadata" || name is "labels" or "annotations"))
                {
                    foreach (FieldChange change in Between(both[0][name], both[1][name], field))
                    {
                        yield return change;
                    }
                }
            }

            yield break;
        }

        yield return new FieldChange(path, Short(before), Short(after));
    }

    public override string ToString() => $"{Path} {Before} -> {After}";

    private static string Short(JsonNode? value)
    {
        string text = value?.ToJsonString() ?? "nothing";
        return text.Length > MaxText ? text[..MaxText] + "…" : text;
    }
}
