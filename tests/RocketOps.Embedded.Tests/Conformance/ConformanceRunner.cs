using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RocketOps.Embedded.Tests.Conformance;

/// <summary>Runs a case against any API server and returns its answers in comparable form.</summary>
/// <param name="client">The server.</param>
/// <param name="nextSecond">Returns when the server's clock shows another second.</param>
/// <param name="watchSeconds">How long watches last that last for a second in their case.</param>
internal sealed partial class ConformanceRunner(HttpClient client, Func<Task> nextSecond, int watchSeconds = 1)
{
    /// <summary>How a case says that a watch lasts for a second.</summary>
    public const string WatchedSecond = "timeoutSeconds=1";

    private const string GroupVersion = "conformance.rocketops.io/v1beta1";

    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.Ordinal)
    {
        ["json"] = "application/json",
        ["merge"] = "application/merge-patch+json",
        ["jsonpatch"] = "application/json-patch+json",
        ["apply"] = "application/apply-patch+yaml",
        ["strategic"] = "application/strategic-merge-patch+json",
        ["text"] = "text/plain",
    };

    public async Task<JsonArray> RunAsync(ConformanceCase scenario)
    {
        string ns = "c" + Guid.NewGuid().ToString("N")[..12];
        using (StringContent body = new($$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{ns}}}"}}""", Encoding.UTF8, "application/json"))
        {
            using HttpResponseMessage created = await client.PostAsync("/api/v1/namespaces", body);
            created.EnsureSuccessStatusCode();
        }

        Dictionary<string, string> saved = new(StringComparer.Ordinal) { ["ns"] = ns };
        AnswerNormalizer normalizer = new(ns);
        JsonArray answers = [];
        foreach (ConformanceStep step in scenario.Steps)
        {
            if (step.Later)
            {
                await nextSecond();
            }

            answers.Add((JsonNode)await StepAsync(step, saved, normalizer));
        }

        return answers;
    }

    private async Task<JsonObject> StepAsync(ConformanceStep step, Dictionary<string, string> saved, AnswerNormalizer normalizer)
    {
        string[] parts = step.Do.Split(' ', 2);
        string path = Collection().Replace(Substitute(parts[1], saved), $"/apis/{GroupVersion}/namespaces/{saved["ns"]}/widgets")
            .Replace(WatchedSecond, $"timeoutSeconds={watchSeconds}", StringComparison.Ordinal);
        using HttpRequestMessage request = new(new HttpMethod(parts[0]), path);
        request.Headers.TryAddWithoutValidation("Accept", step.Accept);
        request.Headers.TryAddWithoutValidation("User-Agent", "exp/1 (x)");
        if (step.Body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Substitute(step.Body, saved)));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentTypes[step.As]);
        }

        using HttpResponseMessage response = await client.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        JsonObject answer = new() { ["code"] = (int)response.StatusCode, ["type"] = response.Content.Headers.ContentType?.ToString() };
        if (response.Headers.TryGetValues("Warning", out IEnumerable<string>? warnings))
        {
            answer["warnings"] = new JsonArray([.. warnings.Select(w => (JsonNode?)w)]);
        }

        if (step.Show == "events")
        {
            answer["body"] = normalizer.Events(text, withProgress: watchSeconds == 1);
            return answer;
        }

        JsonNode? json = text.StartsWith('{') ? JsonNode.Parse(text) : null;
        if (step.Save is not null)
        {
            saved[step.Save] = (string)json!["metadata"]!["resourceVersion"]!;
        }

        if (step.SaveContinue is not null)
        {
            saved[step.SaveContinue] = (string)json!["metadata"]!["continue"]!;
        }

        if (json is null)
        {
            answer["text"] = normalizer.Text(text);
        }
        else if (step.Show != "code")
        {
            answer["body"] = normalizer.Body((JsonObject)json, (int)response.StatusCode, step.Show);
        }

        return answer;
    }

    private static string Substitute(string text, Dictionary<string, string> saved)
    {
        foreach ((string name, string value) in saved)
        {
            text = text.Replace($"{{{name}}}", value, StringComparison.Ordinal);
        }

        return text.Replace("\"G\"", $"\"{GroupVersion}\"", StringComparison.Ordinal);
    }

    [GeneratedRegex("^C(?=$|[/?])", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Collection();
}
