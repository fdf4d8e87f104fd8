using System.Text.Json.Nodes;

namespace RocketOps.Cli.Exporting;

/// <summary>Makes the object of a topic or group out of what each broker has, and says where the two part.</summary>
/// <param name="kind">Kind of the object.</param>
/// <param name="nameField">The field for a name that is not the object's own.</param>
/// <param name="cluster">The cluster it refers to.</param>
/// <param name="masters">The masters that were asked.</param>
/// <param name="isObserved">Whether objects are to watch only.</param>
internal sealed class ObjectExporter(string kind, string nameField, ClusterRef cluster, IReadOnlyList<string> masters, bool isObserved)
{
    /// <param name="brokerName">Its name on the brokers.</param>
    /// <param name="objectName">Its name in Kubernetes.</param>
    /// <param name="found">What each broker that has it has; at least one.</param>
    public ExportedObject Write(string brokerName, string objectName, IReadOnlyList<(string Broker, BrokerFacts Facts)> found)
    {
        // What most have; of as many, what the first has. Brokers come in the order of names, and grouping keeps it.
        IGrouping<string, (string Broker, BrokerFacts Facts)>[] variants = [.. found.GroupBy(static broker => broker.Facts.Spec, StringComparer.Ordinal)];
        IGrouping<string, (string Broker, BrokerFacts Facts)> chosen = variants.MaxBy(static variant => variant.Count())!;
        List<string> notes = [];
        JsonObject settings = Parse(chosen.Key);
        foreach (IGrouping<string, (string Broker, BrokerFacts Facts)> other in variants.Where(variant => variant != chosen))
        {
            notes.Add($"on {Brokers(other)}: {Differences(settings, Parse(other.Key))}. Written as on {Brokers(chosen)}; the operator changes nothing where brokers differ and says Conflict.");
        }

        foreach (IGrouping<string, (string Broker, string Line)> line in found
            .SelectMany(static broker => broker.Facts.Beyond.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (broker.Broker, Line: line)))
            .GroupBy(static broker => broker.Line, StringComparer.Ordinal))
        {
            notes.Add($"{(line.Count() == masters.Count ? string.Empty : $"on {string.Join(", ", line.Select(static broker => broker.Broker))}: ")}{line.Key}.");
        }

        string[] lacking = [.. masters.Except(found.Select(static broker => broker.Broker), StringComparer.Ordinal)];
        if (lacking.Length > 0)
        {
            notes.Add($"not on {string.Join(", ", lacking)}: with managementPolicy Manage it would be made there.");
        }

        bool isWatched = isObserved || lacking.Length > 0 || found.Any(static broker => !broker.Facts.IsSaid);
        if (isWatched && !isObserved)
        {
            notes.Add("Therefore managementPolicy is Observe: the operator writes nothing.");
        }

        return new ExportedObject(kind, objectName, brokerName, Spec(brokerName, objectName, settings, isWatched), notes);
    }

    private JsonObject Spec(string brokerName, string objectName, JsonObject settings, bool isWatched)
    {
        JsonObject reference = new() { ["name"] = cluster.Name };
        if (cluster.Namespace is not null)
        {
            reference["namespace"] = cluster.Namespace;
        }

        JsonObject spec = new() { ["clusterRef"] = reference };
        if (brokerName != objectName)
        {
            spec[nameField] = brokerName;
        }

        foreach ((string name, JsonNode? value) in settings)
        {
            spec[name] = value?.DeepClone();
        }

        spec["managementPolicy"] = isWatched ? "Observe" : "Manage";
        spec["adoptionPolicy"] = "AdoptIfIdentical";
        return spec;
    }

    private static JsonObject Parse(string spec) => JsonNode.Parse(spec)!.AsObject();

    private static string Brokers(IEnumerable<(string Broker, BrokerFacts Facts)> brokers) => string.Join(", ", brokers.Select(static broker => broker.Broker));

    /// <summary><c>readQueues is 16, not 8</c> for each field.</summary>
    private static string Differences(JsonObject written, JsonObject found) => string.Join("; ", written.Select(static field => field.Key).Union(found.Select(static field => field.Key), StringComparer.Ordinal)
        .Where(name => !JsonNode.DeepEquals(written[name], found[name])).Select(name => $"{name} is {Text(found[name])}, not {Text(written[name])}"));

    private static string Text(JsonNode? value) => value is null ? "left out" : value.GetValueKind() == System.Text.Json.JsonValueKind.String ? value.GetValue<string>() : NoteText.Plain(value.ToJsonString());
}
