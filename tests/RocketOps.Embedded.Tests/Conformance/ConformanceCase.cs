using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Yaml;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Conformance;

/// <summary>A named sequence of requests in a namespace of its own, from <c>Conformance/Cases/*.yaml</c>.</summary>
internal sealed record ConformanceCase(string File, string Name, IReadOnlyList<ConformanceStep> Steps)
{
    public static string Folder { get; } = Path.Combine(SharedKits.RepositoryRoot, "tests", "RocketOps.Embedded.Tests", "Conformance");

    public static IEnumerable<string> Files => Directory.EnumerateFiles(Path.Combine(Folder, "Cases"), "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)!).Order();

    /// <summary>The definitions the cases use: one made for them, and the operator's own.</summary>
    public static IEnumerable<string> Crds =>
        [Path.Combine(Folder, "widgets.crd.yaml"), .. Directory.EnumerateFiles(Path.Combine(SharedKits.RepositoryRoot, "deploy", "crds"), "*.yaml").Order()];

    /// <summary>It has steps that last for a time, as they say.</summary>
    public bool Watches => Steps.Any(static step => step.Do.Contains(ConformanceRunner.WatchedSecond, StringComparison.Ordinal));

    public static IReadOnlyList<ConformanceCase> Load(string file)
    {
        JsonNode root = YamlReading.ParseAll(System.IO.File.ReadAllText(Path.Combine(Folder, "Cases", file + ".yaml"))).Single();
        return [.. ((JsonArray)root).Select(c => Read(file, (JsonObject)c!))];
    }

    private static ConformanceCase Read(string file, JsonObject node)
    {
        JsonObject? template = node["template"] as JsonObject;
        return new ConformanceCase(file, (string)node["name"]!, [.. ((JsonArray)node["steps"]!).Select(s => ConformanceStep.Read((JsonObject)s!, template))]);
    }
}
