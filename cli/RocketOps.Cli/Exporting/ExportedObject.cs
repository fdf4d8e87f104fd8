using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Cli.Output;
using RocketOps.Operator.Entities;

namespace RocketOps.Cli.Exporting;

/// <summary>An object for a topic or group of a live cluster, with what is to be said of it.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name in Kubernetes.</param>
/// <param name="BrokerName">Its name on the brokers.</param>
/// <param name="Spec">What it asks for.</param>
/// <param name="Notes">What brokers have otherwise, or what the object cannot say; a line each.</param>
internal sealed record ExportedObject(string Kind, string Name, string BrokerName, JsonObject Spec, IReadOnlyList<string> Notes)
{
    /// <summary>Name of the object for people: <c>topic orders</c>.</summary>
    public string Subject => $"{(Kind == Topic.KindName ? "topic" : "consumer group")} {BrokerName}";

    /// <summary>Name of its file in a folder.</summary>
    public string FileName => $"{Kind.ToLowerInvariant()}-{Name}.yaml";

    /// <summary>The manifest, its notes as comments above it.</summary>
    /// <param name="ns">Namespace; null for that of whoever applies it.</param>
    public string ToYaml(string? ns)
    {
        JsonObject metadata = new() { ["name"] = Name };
        if (ns is not null)
        {
            metadata["namespace"] = ns;
        }

        StringBuilder text = new();
        foreach (string note in Notes)
        {
            text.Append("# ").Append(note).Append('\n');
        }

        JsonObject manifest = new() { ["apiVersion"] = $"{EntityGroup.Name}/{EntityGroup.Version}", ["kind"] = Kind, ["metadata"] = metadata, ["spec"] = Spec.DeepClone() };
        return text.Append(Yaml.Write(manifest)).ToString();
    }
}
