using RocketOps.Hosting.Properties;

namespace RocketOps.Broker.Configuration;

/// <summary>Holds the options of the broker and of its features, and swaps them when an update over the network changes live keys. Thread-safe.</summary>
internal sealed class BrokerSettings(BrokerOptions options)
{
    private readonly Lock _updates = new();
    private readonly Dictionary<Type, ICurrentOptions> _features = [];
    private volatile BrokerOptions _current = options;

    public BrokerOptions Current => _current;

    /// <summary>Returns the options of a feature, the same object each time.</summary>
    public CurrentOptions<T> Of<T>()
        where T : class, IFeatureOptions<T>
    {
        lock (_updates)
        {
            if (_features.TryGetValue(typeof(T), out ICurrentOptions? known))
            {
                return (CurrentOptions<T>)known;
            }

            CurrentOptions<T> made = new(_current.Values);
            _features.Add(typeof(T), made);
            return made;
        }
    }

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
                Action[] swaps = [.. _features.Values.Select(feature => feature.Prepare(result.Values))];
                Applying?.Invoke(changed);
                Array.ForEach(swaps, static swap => swap());
                _current = changed;
            }

            return problems;
        }
    }
}
