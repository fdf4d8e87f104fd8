using System.Text.Json;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>One JSON object per line, as the foreign clients print.</summary>
internal static class JsonLines
{
    public static IEnumerable<JsonElement> Parse(string output)
    {
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith('{'))
            {
                using JsonDocument document = JsonDocument.Parse(line);
                yield return document.RootElement.Clone();
            }
        }
    }
}
