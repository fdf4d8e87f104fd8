using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Rules;

/// <summary>One entry of <c>x-kubernetes-validations</c>, compiled. Immutable.</summary>
internal sealed class ValidationRule
{
    private readonly string _text;
    private readonly string? _message;
    private readonly CelTerm _term;

    private ValidationRule(string text, string? message)
    {
        _text = text.Trim();
        _message = message;
        _term = CelParser.Compile(_text);
        IsTransition = _text.Contains("oldSelf", StringComparison.Ordinal);
    }

    /// <summary>True when the rule compares with the value before; such a rule is asked only when there is one.</summary>
    public bool IsTransition { get; }

    /// <exception cref="FormatException">The rule uses what is not evaluated here.</exception>
    public static ValidationRule Read(JsonObject rule)
    {
        string text = rule.Text("rule") ?? string.Empty;
        return rule.All(p => p.Key is "rule" or "message")
            ? new ValidationRule(text, rule.Text("message")?.Trim())
            : throw new FormatException($"only a rule and a message are understood beside the rule {text}");
    }

    /// <summary>Null when the value keeps the rule, else the real server's words.</summary>
    public string? Failure(JsonNode value, JsonNode? old)
    {
        try
        {
            bool kept = CelValues.True(_term(new CelScope("self", CelValues.Of(value), new CelScope("oldSelf", CelValues.Of(old)))));
            return kept ? null : _message ?? $"failed rule: {_text}";
        }
        catch (CelException failure)
        {
            return $"{failure.Message} evaluating rule: {_message ?? _text}";
        }
    }
}
