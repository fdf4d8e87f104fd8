using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Tests.Conformance;

/// <summary>
/// One request of a case. <c>Do</c>: method and path; <c>C</c> is the widgets of the case's namespace, <c>{ns}</c> the namespace, other braces saved
/// values. <c>As</c>: the body's type (json, merge, jsonpatch, apply, strategic, text). <c>Show</c>: what of the answer is compared (all, code, none,
/// metadata, spec, names, events, noowners). <c>Later</c>: in another second than the steps before, by which owners are ordered. <c>Save</c> and
/// <c>SaveContinue</c> name values taken from the answer.
/// </summary>
internal sealed record ConformanceStep(string Do, string As, string Show, string Accept, bool Later, string? Body, string? Save, string? SaveContinue)
{
    public static ConformanceStep Read(JsonObject step, JsonObject? template)
    {
        string? body = step["body"] switch
        {
            null => null,
            JsonValue text when text.TryGetValue(out string? raw) => raw,
            JsonNode node => node.ToJsonString(),
        };
        if (template is not null && step["spec"] is { } spec)
        {
            JsonObject whole = (JsonObject)template.DeepClone();
            whole["spec"] = spec.DeepClone();
            if (step["meta"] is { } metadata)
            {
                whole["metadata"] = metadata.DeepClone();
            }

            body = whole.ToJsonString();
        }

        return new ConformanceStep(
            (string)step["do"]!,
            (string?)step["as"] ?? "json",
            (string?)step["show"] ?? "all",
            (string?)step["accept"] ?? "application/json",
            (bool?)step["later"] ?? false,
            body,
            (string?)step["save"],
            (string?)step["saveContinue"]);
    }
}
