using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Secrets: <c>stringData</c> becomes <c>data</c>.</summary>
internal sealed class SecretRules(JsonObject kind) : KindRules(kind)
{
    public override void ApplyDefaults(JsonObject obj)
    {
        base.ApplyDefaults(obj);
        if (obj.Child("stringData") is { } plain)
        {
            JsonObject data = obj.EnsureChild("data");
            foreach ((string name, JsonNode? value) in plain)
            {
                data[name] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsText() ?? string.Empty));
            }

            obj.Remove("stringData");
        }
    }
}
