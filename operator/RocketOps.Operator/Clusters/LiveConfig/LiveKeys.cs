using RocketOps.Hosting.Properties;
using RocketOps.Operator.Clusters.Spec.Keys;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.LiveConfig;

/// <summary>Tells which keys of <c>brokers.config</c> a running broker takes, and which wait for its next start.</summary>
internal static class LiveKeys
{
    private const string BlackList = "configBlackList";

    /// <summary>Keys that mean something else when nobody sets them than their default does when it is set: brokers show both alike, so that only a start brings the one or the other.</summary>
    private static readonly string[] NotTheirDefaultWhenUnset = ["diskSpaceWarningLevelRatio", "diskSpaceCleanForciblyRatio", "haMaxGapNotInSync"];

    private static readonly PropertyValues Defaults = PropertyValues.Defaults(ProgramKeys.Broker);

    /// <summary>The part of a configuration that takes effect without a restart.</summary>
    public static Dictionary<string, string> In(IReadOnlyDictionary<string, string>? config) => Part(config, live: true);

    /// <summary>The part that takes effect with the next start.</summary>
    public static Dictionary<string, string> NotIn(IReadOnlyDictionary<string, string>? config) => Part(config, live: false);

    /// <summary>Returns true when brokers of this version take a key while they run, and nobody but the user sets it.</summary>
    public static bool IsLive(string key) =>
        ProgramKeys.Broker.Find(key) is { IsLive: true } && !BrokerConfigKeys.OwnedByBroker.Contains(key) && !BrokerConfigKeys.SyncKeys.Contains(key, StringComparer.Ordinal);

    /// <summary>A value as a broker shows it, so that two that mean the same are the same; what cannot be read stays as it is. An empty one means the default.</summary>
    public static string Normal(string key, string value) =>
        ProgramKeys.Broker.Find(key) is { } definition && PropertyLoader.Apply(Defaults, [new PropertyEntry(key, value, PropertyOrigin.Default)]) is { Errors.Count: 0 } read
            ? read.Values.TextOf(definition)
            : value.Trim();

    /// <summary>Returns the value that a broker shows of a key that nobody set.</summary>
    public static string DefaultOf(string key) => Normal(key, string.Empty);

    private static bool IsSetToADefaultThatCounts(string key, string value) =>
        NotTheirDefaultWhenUnset.Contains(key, StringComparer.Ordinal) && !string.IsNullOrWhiteSpace(value) && Normal(key, value) == DefaultOf(key);

    private static Dictionary<string, string> Part(IReadOnlyDictionary<string, string>? config, bool live)
    {
        // As a broker reads it: what it lists is refused over the network.
        HashSet<string> refused = (config?.GetValueOrDefault(BlackList) ?? string.Empty).Trim().Split(';').ToHashSet(StringComparer.Ordinal);
        return (config ?? new Dictionary<string, string>()).Where(pair => (IsLive(pair.Key) && !refused.Contains(pair.Key) && !IsSetToADefaultThatCounts(pair.Key, pair.Value)) == live).ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);
    }
}
