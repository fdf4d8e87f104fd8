using System.Reflection;
using RocketOps.Hosting.Properties;

namespace RocketOps.Operator.Clusters.Spec.Keys;

/// <summary>
/// The configuration keys of the brokers and name servers that this version of the operator comes with, so that a mistake is found before a pod is touched. Written by the
/// tests of those programs, from their own lists of keys; the operator holds none of their code.
/// </summary>
internal static class ProgramKeys
{
    private const int MaxProblems = 5;

    public static readonly PropertyCatalog Broker = Load("broker.keys");

    public static readonly PropertyCatalog NameServer = Load("nameserver.keys");

    /// <summary>Returns the refusal to start, in the program's own words; null when it would take everything.</summary>
    public static string? Refusal(PropertyCatalog catalog, IReadOnlyDictionary<string, string> config)
    {
        PropertyLoadResult result = PropertyLoader.Apply(
            PropertyValues.Defaults(catalog), config.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => new PropertyEntry(pair.Key, pair.Value, PropertyOrigin.Default)));
        return result.Errors.Count == 0
            ? null
            : string.Join("; ", result.Errors.Take(MaxProblems).Select(static problem => $"{problem.Key}: {problem.Message}")) + (result.Errors.Count > MaxProblems ? "; and more" : "");
    }

    private static PropertyCatalog Load(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The operator was built without {name}.");
        using StreamReader reader = new StreamReader(stream);
        return PropertyCatalogText.Read(reader.ReadToEnd());
    }
}
