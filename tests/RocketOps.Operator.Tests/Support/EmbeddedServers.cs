using System.Text.Json.Nodes;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Operator.Tests.Support;

/// <summary>What tests do with every embedded API server: give it the definitions that are shipped, and come there as its administrator.</summary>
internal static class EmbeddedServers
{
    /// <summary>The definitions as JSON: hundreds of servers read them.</summary>
    private static readonly Lazy<string[]> Shipped = new(static () => [.. Definitions().Select(static definition => definition.ToJsonString())]);

    /// <summary>The same without the schema's rules and the descriptions, which nobody reads there.</summary>
    private static readonly Lazy<string[]> WithoutRules = new(static () => [.. Definitions().Select(static definition =>
    {
        RemoveRulesAndWords(definition);
        return definition.ToJsonString();
    })]);

    extension(EmbeddedApiServer server)
    {
        public KubernetesClientConfiguration Administrator => new() { Server = server.Address, Token = server.Token, CertificateAuthorityPem = server.CaCertificatePem };

        /// <param name="rules">Whether what the schema's rules forbid is refused by the API server.</param>
        public void DefineAll(bool rules = true)
        {
            foreach (string definition in (rules ? Shipped : WithoutRules).Value)
            {
                server.AddCrd(definition);
            }
        }
    }

    private static IEnumerable<JsonNode> Definitions() => Directory.GetFiles(Repository.Path("deploy", "crds"), "*.yaml").Select(static file => YamlReading.ParseAll(File.ReadAllText(file)).Single());

    private static void RemoveRulesAndWords(JsonNode? node)
    {
        if (node is JsonObject schema)
        {
            schema.Remove("x-kubernetes-validations");
            if (schema["description"] is JsonValue)
            {
                schema.Remove("description");
            }
        }

        foreach (JsonNode? child in node switch { JsonObject map => map.Select(static pair => pair.Value), JsonArray list => list, _ => Enumerable.Empty<JsonNode?>() })
        {
            RemoveRulesAndWords(child);
        }
    }
}
