using RocketOps.Hosting.Properties;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.LiveConfig;

/// <summary>Values that the ConfigMap of live keys asks of every broker of a cluster.</summary>
/// <param name="Wanted">Keys that have these values.</param>
/// <param name="Resets">Keys that were wanted and are not any more: brokers that run go back to their defaults.</param>
internal sealed record LiveValues(IReadOnlyDictionary<string, string> Wanted, IReadOnlyList<string> Resets)
{
    public const string FileName = "live.conf";

    /// <summary>Keys, separated by commas, that brokers are still to go back to the defaults of.</summary>
    public const string ResetsAnnotation = "rocketops.io/reset-keys";

    public static readonly LiveValues None = new(new Dictionary<string, string>(), []);

    public bool IsEmpty => Wanted.Count == 0 && Resets.Count == 0;

    /// <summary>Reads the values of the map; nothing for a map that is not there.</summary>
    public static LiveValues Of(ConfigMap? map)
    {
        if (map is null)
        {
            return None;
        }

        Dictionary<string, string> wanted = new(StringComparer.Ordinal);
        foreach (PropertyEntry entry in JavaPropertiesParser.Parse(map.Data?.GetValueOrDefault(FileName) ?? string.Empty, FileName, []))
        {
            wanted[entry.Key] = entry.Value;
        }

        return new LiveValues(wanted, (map.Annotation(ResetsAnnotation) ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    /// <summary>
    /// Returns the keys that brokers are to set back to their defaults once <paramref name="config"/> is asked for: those that were wanted
    /// until now, and those that had not been set back yet. A key that somebody still asks for, as one that waits for a restart perhaps, is
    /// not among them.
    /// </summary>
    public IReadOnlyList<string> ResetsFor(IReadOnlyDictionary<string, string>? config) =>
        [.. Wanted.Keys.Concat(Resets).Distinct(StringComparer.Ordinal).Where(key => LiveKeys.IsLive(key) && config?.ContainsKey(key) != true).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Returns the values that a broker has to be sent, with empty values for defaults; keys that it does not show are not among them.
    /// </summary>
    /// <param name="shown">Its configuration, as it says.</param>
    /// <param name="except">A key that is not looked at; null for none.</param>
    public IReadOnlyDictionary<string, string> Differing(IReadOnlyDictionary<string, string> shown, string? except) =>
        Wanted.Where(pair => shown.TryGetValue(pair.Key, out string? value) && LiveKeys.Normal(pair.Key, value) != LiveKeys.Normal(pair.Key, pair.Value))
            .Concat(Resets.Where(key => !HasReset(key, shown)).Select(static key => KeyValuePair.Create(key, string.Empty)))
            .Where(pair => pair.Key != except)
            .OrderBy(static pair => pair.Key, StringComparer.Ordinal)
            .ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);

    /// <summary>Wanted keys that a broker does not know: it is of another version.</summary>
    public IEnumerable<string> Unknown(IReadOnlyDictionary<string, string> shown) => Wanted.Keys.Where(key => !shown.ContainsKey(key)).Order(StringComparer.Ordinal);

    /// <summary>Returns true when a broker has gone back to a key's default.</summary>
    public static bool HasReset(string key, IReadOnlyDictionary<string, string> shown) => !shown.TryGetValue(key, out string? value) || LiveKeys.Normal(key, value) == LiveKeys.DefaultOf(key);
}
