using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Rules;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>One rule of a kind (kinds.yaml): what must hold, and the refusal where it does not.</summary>
internal sealed class KindRule(JsonObject rule)
{
    private readonly FieldPath _at = new(rule.Text("at") ?? string.Empty);
    private readonly string[]? _immutable = rule.Items("immutable")?.Select(name => name.AsText()!).ToArray();
    private readonly CelTerm _term = KindLanguage.Compile(rule.Text("rule") ?? rule.Text("when")!);
    private readonly CelTerm? _value = rule.Text("value") is { } value ? KindLanguage.Compile(value) : null;

    public void Check(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        foreach ((JsonObject item, string path) in _at.Find(obj, create: false))
        {
            CelScope scope = KindLanguage.Scope(obj, item, old);
            bool holds = CelValues.True(_term(scope));
            if (_immutable is null && !holds)
            {
                string field = rule.Text("field")!;
                JsonNode? shown = _value is null ? field.Split('.').Aggregate((JsonNode?)item, (node, name) => (node as JsonObject)?[name]) : CelValues.Node(_value(scope));
                Refuse(FieldPath.Join(path, field), shown, errors);
            }

            foreach (string name in holds ? _immutable ?? [] : [])
            {
                if (!JsonNodes.Same(item[name], old?[name]))
                {
                    Refuse(name, item[name], errors);
                }
            }
        }
    }

    private void Refuse(string field, JsonNode? value, FieldErrors errors)
    {
        string? message = rule.Text("message");
        switch (rule.Text("error"))
        {
            case "Required":
                errors.Required(field, message);
                break;
            case "Forbidden":
                errors.Forbidden(field, message!);
                break;
            case "NotSupported":
                errors.NotSupported(field, value, rule.Items("supported")!);
                break;
            default:
                errors.Invalid(field, value, message!);
                break;
        }
    }
}
