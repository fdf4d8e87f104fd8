using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.StaticTopics;

/// <summary>Options of questions to other brokers and to name servers.</summary>
internal sealed class PeerOptions(PropertyValues values) : IFeatureOptions<PeerOptions>
{
    /// <summary>Timeout of questions to other brokers about static topics, and to name servers about queues.</summary>
    public TimeSpan ForwardTimeout { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.ForwardTimeout));

    public static PeerOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> ForwardTimeout = Int32(
            "forwardTimeout", 3_000, 1, live: true,
            description: "Milliseconds another broker may take to answer what it is asked of a static topic, and a name server what " +
                "it is asked for a group that leaves to brokers who reads what.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            ForwardTimeout,
        ];
    }
}
