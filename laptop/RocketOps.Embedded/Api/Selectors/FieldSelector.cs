using System.Text.Json;
using System.Text.RegularExpressions;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Api.Selectors;

/// <summary>A field selector: <c>path=value</c>, <c>path==value</c>, <c>path!=value</c>, joined by commas; <c>\</c> escapes <c>, = \</c>.</summary>
internal sealed partial class FieldSelector
{
    public static readonly FieldSelector Everything = new([]);

    private readonly IReadOnlyList<(IReadOnlyList<string> Path, bool Equal, string Value)> _terms;

    private FieldSelector(IReadOnlyList<(IReadOnlyList<string> Path, bool Equal, string Value)> terms) => _terms = terms;

    public bool IsEverything => _terms.Count == 0;

    public bool Matches(StoredObject stored) =>
        _terms.All(term => string.Equals(Read(stored.Json, term.Path), term.Value, StringComparison.Ordinal) == term.Equal);

    /// <exception cref="ApiErrorException">400 when the text or a label is not understood.</exception>
    public static FieldSelector Parse(string? text, ResourceDefinition resource)
    {
        if (string.IsNullOrEmpty(text))
        {
            return Everything;
        }

        List<(IReadOnlyList<string>, bool, string)> terms = [];
        foreach (string term in Term().Matches(text).Select(match => match.Value))
        {
            if (Relation().Match(term) is not { Success: true, Index: > 0 } relation)
            {
                throw ApiErrors.BadRequest($"invalid selector: '{term}'; can't understand '{term}'");
            }

            string value = Escape().Replace(term[(relation.Index + relation.Length)..], "${escaped}");
            terms.Add((Path(term[..relation.Index], resource), relation.Value != "!=", value));
        }

        return new FieldSelector(terms);
    }

    private static IReadOnlyList<string> Path(string label, ResourceDefinition resource) =>
        label is "metadata.name" || (label is "metadata.namespace" && resource.Namespaced) ? label.Split('.')
        : resource.SelectableFields.GetValueOrDefault(label) ?? throw ApiErrors.BadRequest(resource.IsCustom || resource.SelectableFields.Count > 0
            ? $"field label not supported: {label}"
            : $"\"{label}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");

    private static string Read(JsonElement element, IReadOnlyList<string> path)
    {
        foreach (string name in path)
        {
            element = element.Field(name);
            if (element.ValueKind is JsonValueKind.Undefined)
            {
                // An unset boolean selects as false in the real server's field sets.
                return name is "hostNetwork" or "unschedulable" ? "false" : string.Empty;
            }
        }

        return element.ValueKind switch
        {
            JsonValueKind.String => element.GetString()!,
            JsonValueKind.Null or JsonValueKind.Undefined => string.Empty,
            _ => element.GetRawText(),
        };
    }

    [GeneratedRegex(@"(\\.?|[^,\\])+", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex Term();

    [GeneratedRegex("!=|==|=", RegexOptions.None, 1000)]
    private static partial Regex Relation();

    [GeneratedRegex(@"\\(?<escaped>.)", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Escape();
}
