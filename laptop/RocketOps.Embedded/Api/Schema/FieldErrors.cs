using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>Collects validation errors in Kubernetes' words (reference: embedded-api.md §5, §10.2).</summary>
internal sealed class FieldErrors
{
    private readonly List<StatusCause> _causes = [];

    public IReadOnlyList<StatusCause> Causes => _causes;

    /// <summary>True when an error was found after which rules of the schema cannot be evaluated.</summary>
    public bool Blocking { get; private set; }

    public void Required(string field, string? text = null) =>
        Add(StatusCause.Required, text is null ? "Required value" : "Required value: " + text, field, blocks: true);

    public void Invalid(string field, JsonNode? value, string text) => Add(StatusCause.Invalid, $"Invalid value: {value.ToText()}: {text}", field);

    public void InvalidText(string field, string value, string text) => Add(StatusCause.Invalid, $"Invalid value: {Quote(value)}: {text}", field);

    public void TypeInvalid(string field, string value, string text) => Add(StatusCause.TypeInvalid, $"Invalid value: {Quote(value)}: {text}", field, blocks: true);

    public void NotSupported(string field, JsonNode? value, IEnumerable<JsonNode?> supported) => Add(
        StatusCause.NotSupported, $"Unsupported value: {value.ToText()}: supported values: {string.Join(", ", supported.Select(v => v.ToText()))}", field, blocks: true);

    public void NotSupported(string field, string value, params IEnumerable<string> supported) =>
        NotSupported(field, JsonValue.Create(value), supported.Select(text => (JsonNode?)JsonValue.Create(text)));

    public void TooLong(string field, long limit) => Add(StatusCause.TooLong, $"Too long: may not be more than {limit} bytes", field, blocks: true);

    public void TooMany(string field, long actual, long limit) => Add(StatusCause.TooMany, $"Too many: {actual}: must have at most {limit} items", field, blocks: true);

    public void Duplicate(string field, JsonNode? value) => Add(StatusCause.Duplicate, $"Duplicate value: {value.ToText()}", field);

    public void Forbidden(string field, string text) => Add(StatusCause.Forbidden, "Forbidden: " + text, field);

    public void RulesNotChecked() => Add(
        StatusCause.Invalid,
        "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
        "<nil>");

    public void Add(string reason, string message, string field, bool blocks = false)
    {
        Blocking |= blocks;
        _causes.Add(new StatusCause(reason, message, field));
    }

    private static string Quote(string value) => JsonValue.Create(value).ToText();
}

/// <summary>One entry of <c>details.causes</c>. <paramref name="Field"/> is a path such as <c>spec.listeners[0].name</c>, or <c>&lt;nil&gt;</c> at the root.</summary>
internal sealed record StatusCause(string Reason, string Message, string Field)
{
    public const string Required = "FieldValueRequired";
    public const string Invalid = "FieldValueInvalid";
    public const string NotSupported = "FieldValueNotSupported";
    public const string TypeInvalid = "FieldValueTypeInvalid";
    public const string TooLong = "FieldValueTooLong";
    public const string TooMany = "FieldValueTooMany";
    public const string Duplicate = "FieldValueDuplicate";
    public const string Forbidden = "FieldValueForbidden";
}
