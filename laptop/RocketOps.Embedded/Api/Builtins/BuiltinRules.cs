using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Which rules each built-in kind follows, and its field selectors (kinds.yaml; reference: embedded-api.md §7.4).</summary>
internal sealed class BuiltinRules
{
    private readonly JsonObject _kinds;

    public BuiltinRules()
    {
        using Stream stream = typeof(BuiltinRules).Assembly.GetManifestResourceStream("kinds.yaml") ?? throw new InvalidOperationException("kinds.yaml is not part of this build");
        using StreamReader reader = new(stream, Encoding.UTF8);
        _kinds = ((JsonObject)YamlReading.ParseAll(reader.ReadToEnd()).Single()).Child("kinds")!;
    }

    public ResourceRules For(string kind) => (kind, _kinds.Child(kind)) switch
    {
        (_, null) => ResourceRules.None,
        ("Pod", { } pod) => new PodRules(pod),
        ("Service", { } service) => new ServiceRules(service),
        ("Secret", { } secret) => new SecretRules(secret),
        ("StatefulSet" or "Deployment" or "ReplicaSet", { } workload) => new WorkloadRules(workload),
        ("CustomResourceDefinition", { } crd) => new CrdRules(crd),
        (_, { } other) => new KindRules(other),
    };

    /// <summary>Label → path in the stored object.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> SelectableFields(string kind) => (_kinds.Child(kind)?.Items("fields") ?? []).Select(field => field.AsText()!.Split('='))
        .ToDictionary(field => field[0], field => (IReadOnlyList<string>)field[^1].Split('.'), StringComparer.Ordinal);
}
