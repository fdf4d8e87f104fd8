using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RocketOps.Embedded.Tests.Conformance;

/// <summary>
/// Takes out of answers what two servers can never share: uids, times, version numbers (their order and identity stays), and the order of things Go keeps
/// in maps.
/// </summary>
internal sealed partial class AnswerNormalizer(string ns)
{
    private readonly Dictionary<string, string> _versions = new(StringComparer.Ordinal);

    public string Text(string text) => Version().Replace(Time().Replace(Uid().Replace(text, "UID"), "TIME"), "resourceVersion: \"RV\"").Replace(ns, "NS", StringComparison.Ordinal);

    public JsonNode? Body(JsonObject body, int code, string show)
    {
        if (code >= 400 && body["details"]?["causes"] is JsonArray { Count: > 1 })
        {
            // The order of several causes is a map's.
            body.Remove("message");
        }

        JsonNode? shown = body;
        if (code < 400)
        {
            switch (show)
            {
                case "none":
                    return null;
                case "metadata" or "spec":
                    shown = body[show];
                    break;
                case "names":
                    ((JsonObject)body["metadata"]!).Remove("resourceVersion");
                    shown = new JsonObject
                    {
                        ["kind"] = body["kind"]?.DeepClone(),
                        ["metadata"] = body["metadata"]!.DeepClone(),
                        ["names"] = new JsonArray([.. ((JsonArray)body["items"]!).Select(i => i!["metadata"]!["name"]!.DeepClone())]),
                    };
                    break;
                case "noowners":
                    ((JsonObject)body["metadata"]!).Remove("managedFields");
                    break;
            }
        }

        return Walk(shown, string.Empty);
    }

    /// <param name="text">What a watch told.</param>
    /// <param name="withProgress">False leaves out the bookmarks that tell how far a watch is: one that lasts longer gets them, the last one two seconds before its end.</param>
    public JsonNode? Events(string text, bool withProgress)
    {
        JsonArray events = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            JsonNode change = JsonNode.Parse(line)!;
            JsonNode obj = change["object"]!;
            if (!withProgress && (string?)change["type"] == "BOOKMARK" && obj["metadata"]?["annotations"] is null)
            {
                continue;
            }

            events.Add((JsonNode)new JsonObject
            {
                ["type"] = change["type"]!.DeepClone(),
                ["kind"] = obj["kind"]?.DeepClone(),
                ["name"] = obj["metadata"]?["name"]?.DeepClone(),
                // A bookmark carries the newest version of the whole server, which other writers move.
                ["resourceVersion"] = (string?)change["type"] == "BOOKMARK" ? "newest" : obj["metadata"]?["resourceVersion"]?.DeepClone(),
                ["labels"] = obj["metadata"]?["labels"]?.DeepClone(),
                ["annotations"] = obj["metadata"]?["annotations"]?.DeepClone(),
            });
        }

        return Walk(events, string.Empty);
    }

    private JsonNode? Walk(JsonNode? node, string key)
    {
        switch (node)
        {
            case JsonObject obj:
                JsonObject result = [];
                foreach ((string name, JsonNode? value) in obj.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    if (name is not "storageVersionHash")
                    {
                        result[name] = Walk(value, name);
                    }
                }

                return result;
            case JsonArray array:
                IEnumerable<JsonNode?> items = array.Select(i => Walk(i, string.Empty));
                if (key is "causes" or "managedFields")
                {
                    // Entries of one second are ordered by manager, of two seconds by time.
                    items = items.OrderBy(i => i?.ToJsonString(), StringComparer.Ordinal);
                }

                return new JsonArray([.. items]);
            case JsonValue value when value.TryGetValue(out string? text):
                return Word(text, key);
            default:
                return node?.DeepClone();
        }
    }

    private string Word(string text, string key)
    {
        switch (key)
        {
            case "resourceVersion" when text.Length > 0 && text != "newest":
                _versions.TryAdd(text, $"version {_versions.Count + 1}");
                return _versions[text];
            case "uid" when Uid().IsMatch(text):
                return "UID";
            case "time" or "creationTimestamp" or "deletionTimestamp":
                return "TIME";
            case "continue" when text.Length > 0:
                return "CONTINUE";
        }

        text = Record().Replace(text, "record (N)");
        return Age().IsMatch(text) ? "AGE" : Time().Replace(Uid().Replace(text, "UID"), "TIME").Replace(ns, "NS", StringComparison.Ordinal);
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.None, 1000)]
    private static partial Regex Uid();

    [GeneratedRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", RegexOptions.None, 1000)]
    private static partial Regex Time();

    [GeneratedRegex("^[0-9]+s$", RegexOptions.None, 1000)]
    private static partial Regex Age();

    [GeneratedRegex(@"record \([0-9]+\)", RegexOptions.None, 1000)]
    private static partial Regex Record();

    [GeneratedRegex("resourceVersion: \"[0-9]+\"", RegexOptions.None, 1000)]
    private static partial Regex Version();
}
