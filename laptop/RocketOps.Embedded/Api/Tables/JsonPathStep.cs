using System.Text.Json;

namespace RocketOps.Embedded.Api.Tables;

/// <summary>One step of a <see cref="JsonPath"/>.</summary>
internal sealed class JsonPathStep
{
    public static readonly JsonPathStep All = new(Children);

    private readonly Func<JsonElement, IEnumerable<JsonElement>> _select;

    private JsonPathStep(Func<JsonElement, IEnumerable<JsonElement>> select) => _select = select;

    public static JsonPathStep Of(string name) => new(e => e.ValueKind is JsonValueKind.Object && e.TryGetProperty(name, out JsonElement child) ? [child] : []);

    public static JsonPathStep At(int index) => new(e =>
    {
        int length = e.ValueKind is JsonValueKind.Array ? e.GetArrayLength() : 0;
        int position = index < 0 ? length + index : index;
        return position >= 0 && position < length ? [e[position]] : [];
    });

    public static JsonPathStep Where(JsonPath path, bool equal, string value) => new(e =>
        Children(e).Where(item => path.First(item) is { } found
            && ((found.ValueKind is JsonValueKind.String ? found.GetString() == value : found.GetRawText() == value) == equal)));

    public IEnumerable<JsonElement> Select(JsonElement element) => _select(element);

    private static IEnumerable<JsonElement> Children(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray(),
        JsonValueKind.Object => element.EnumerateObject().Select(p => p.Value),
        _ => [],
    };
}
