using RocketOps.Hosting.Properties;

namespace RocketOps.Broker.Configuration;

/// <summary>
/// Options of one feature: an immutable snapshot of its keys, in the form that the feature reads them. Its keys stand in the same class, with default, check
/// and description.
/// </summary>
/// <typeparam name="TSelf">The options.</typeparam>
internal interface IFeatureOptions<TSelf>
    where TSelf : class, IFeatureOptions<TSelf>
{
    /// <summary>Returns the options that these values make.</summary>
    static abstract TSelf From(PropertyValues values);
}
