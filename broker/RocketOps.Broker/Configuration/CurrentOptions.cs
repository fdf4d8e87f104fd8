using RocketOps.Hosting.Properties;

namespace RocketOps.Broker.Configuration;

/// <summary>Options of one feature as they are at the moment; an update of live keys swaps them. Thread-safe.</summary>
/// <typeparam name="T">The options.</typeparam>
internal sealed class CurrentOptions<T>(PropertyValues values) : ICurrentOptions
    where T : class, IFeatureOptions<T>
{
    private volatile T _value = T.From(values);

    public T Value => _value;

    public Action Prepare(PropertyValues changed)
    {
        T next = T.From(changed);
        return () => _value = next;
    }
}

/// <summary>Options that a change of the configuration is prepared for before it counts.</summary>
internal interface ICurrentOptions
{
    /// <summary>Makes the options of changed values, and returns what puts them into force.</summary>
    Action Prepare(PropertyValues changed);
}
