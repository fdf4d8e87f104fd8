using RocketOps.Hosting.Properties;

namespace RocketOps.Broker.Configuration;

/// <summary>Holds the current <see cref="BrokerOptions"/> and swaps it when an update over the network changes live keys.</summary>
internal sealed class BrokerSettings(BrokerOptions options)
{
    private readonly Lock _updates = new();
    private volatile BrokerOptions _current = options;

    public BrokerOptions Current => _current;

    /// <summary>Told of each change before it counts, one after the other: for what does not read <see cref="Current"/> itself. What it throws leaves the configuration as it was.</summary>
    public Action<BrokerOptions>? Applying { get; set; }

    /// <summary>
    /// Applies what all of <paramref name="entries"/> ask for, or nothing: the problems say what is not allowed. Keys that only take effect at a restart are refused
    /// unless the value is the one in force.
    /// </summary>
    public IReadOnlyList<PropertyProblem> TryUpdate(IReadOnlyList<PropertyEntry> entries)
    {
        lock (_updates)
        {
            PropertyValues old = _current.Values;
            PropertyLoadResult result = PropertyLoader.Apply(old, entries);
            List<PropertyProblem> problems = [.. result.Errors];
            foreach (PropertyEntry entry in entries)
            {
                PropertyDefinition? definition = old.Catalog.Find(entry.Key);
                if (definition is { Support: PropertySupport.Honoured, IsLive: false } && result.Values.TextOf(definition) != old.TextOf(definition))
                {
                    problems.Add(new PropertyProblem(entry.Origin, entry.Key, $"takes effect only at a start; the value in force is \"{old.TextOf(definition)}\". Set it in the broker's file, or in brokers.config of its BrokerCluster, and start it again"));
                }
                else if (definition is { Support: PropertySupport.Unsupported })
                {
                    problems.Add(new PropertyProblem(entry.Origin, entry.Key, $"not supported; {definition.Advice}"));
                }
            }

            if (problems.Count == 0)
            {
                BrokerOptions changed = BrokerOptions.From(result.Values);
                Applying?.Invoke(changed);
                _current = changed;
            }

            return problems;
        }
    }
}
